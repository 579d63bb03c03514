"""One figure of mutual information, with everything that is needed to read it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from core.errors import BadInputError, FailureError

BoundKind = Literal["lower bound", "upper bound", "biased"]
Status = Literal["measured", "diverged", "unsuited"]

SATURATION = 0.9
"""Share of the ceiling from which on a figure is called saturated."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Mutual information in nats.

    Attributes:
        quantity: what is measured, such as ``I(c; h_hat)``.
        value: the figure. A lower bound may come out slightly below zero; it is kept as it is, since clipping would
            make the mean over repetitions wrong.
        low, high: 95 % bootstrap interval over the samples that were evaluated. It says how well this critic's bound
            is known (for CLUB also how it varies with the fitting samples), not how far the bound lies from the truth.
        kind: whether the figure bounds the truth from below, from above, or neither.
        ceiling: the greatest value that the estimator can return, None where there is none.
        estimator: its name.
        samples: how many samples the figure was evaluated on.
        saturates_from: the figure in nats from which on it is called saturated; None for 90 % of the ceiling.
        status: ``measured``; or ``diverged`` (the critic gave no finite or no sensible figure) or ``unsuited`` (the
            estimator is not for such variables): value and interval are then NaN, never something to draw.
        reason: why there is no value.

    Raises:
        FailureError: the value or the interval of a measured figure is not finite.
    """

    quantity: str
    value: float
    low: float
    high: float
    kind: BoundKind = "lower bound"
    ceiling: float | None = None
    estimator: str = "variational"
    samples: int = 0
    saturates_from: float | None = None
    status: Status = "measured"
    reason: str = ""

    def __post_init__(self) -> None:
        if self.status == "measured" and not all(map(math.isfinite, (self.value, self.low, self.high))):
            raise FailureError(
                f"{self.quantity}: the {self.estimator} estimator diverged (value {self.value}, interval "
                f"{self.low} to {self.high}); use fewer steps or another estimator"
            )

    @classmethod
    def missing(
        cls, *, quantity: str, estimator: str, kind: BoundKind, status: Status, reason: str, samples: int = 0
    ) -> Estimate:
        """A figure that could not be had: value and interval NaN."""
        nan = math.nan
        return cls(
            quantity=quantity,
            value=nan,
            low=nan,
            high=nan,
            kind=kind,
            estimator=estimator,
            samples=samples,
            status=status,
            reason=reason,
        )

    @property
    def diverged(self) -> bool:
        """True where the critic gave no figure."""
        return self.status == "diverged"

    @property
    def saturated(self) -> bool:
        """True at 90 % of the ceiling and above, for InfoNCE from 75 % of log batch.

        For InfoNCE the truth may then be far greater: take a greater batch or another estimator.
        For the variational bound (ceiling H(c)) the code is nearly fully there, and no more can be told.
        """
        if self.kind == "upper bound" or not self.ceiling:
            return False
        return self.value >= (SATURATION * self.ceiling if self.saturates_from is None else self.saturates_from)

    def to_dict(self) -> dict[str, Any]:
        """All fields, ``saturated`` and ``diverged``, ready for JSON: None where there is no value."""
        content = {**asdict(self), "saturated": self.saturated, "diverged": self.diverged}
        return content if self.status == "measured" else {**content, "value": None, "low": None, "high": None}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Estimate:
        """The inverse of ``to_dict``; keys it does not know are left aside.

        Raises:
            BadInputError: a field is missing.
        """
        try:
            known = {field.name: content[field.name] for field in fields(cls) if field.name in content}
            for name in ("value", "low", "high"):
                if name in known and known[name] is None:
                    known[name] = math.nan
            return cls(**known)
        except TypeError:
            raise BadInputError(f"not an estimate of mutual information: keys {sorted(content)}") from None
