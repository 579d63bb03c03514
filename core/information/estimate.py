"""One figure of mutual information, with everything that is needed to read it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from core.errors import BadInputError, FailureError

BoundKind = Literal["lower bound", "upper bound", "biased"]

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
            is known, not how far the bound lies from the truth.
        kind: whether the figure bounds the truth from below, from above, or neither.
        ceiling: the greatest value that the estimator can return, None where there is none.
        estimator: its name.
        samples: how many samples the figure was evaluated on.

    Raises:
        FailureError: the value or the interval is not finite: a diverged critic is never drawn as a figure.
    """

    quantity: str
    value: float
    low: float
    high: float
    kind: BoundKind = "lower bound"
    ceiling: float | None = None
    estimator: str = "variational"
    samples: int = 0

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.value, self.low, self.high))):
            raise FailureError(
                f"{self.quantity}: the {self.estimator} estimator diverged (value {self.value}, interval "
                f"{self.low} to {self.high}); use fewer steps or another estimator"
            )

    @property
    def saturated(self) -> bool:
        """True at 90 % of the ceiling and above.

        For InfoNCE (ceiling log batch) the truth may then be far greater: take a greater batch or another estimator.
        For the variational bound (ceiling H(c)) the code is nearly fully there, and no more can be told.
        """
        return bool(self.ceiling) and self.value >= SATURATION * (self.ceiling or 0.0)

    def to_dict(self) -> dict[str, Any]:
        """All fields and ``saturated``, ready for JSON."""
        return {**asdict(self), "saturated": self.saturated}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Estimate:
        """The inverse of ``to_dict``; keys it does not know are left aside.

        Raises:
            BadInputError: a field is missing.
        """
        try:
            return cls(**{field.name: content[field.name] for field in fields(cls) if field.name in content})
        except TypeError:
            raise BadInputError(f"not an estimate of mutual information: keys {sorted(content)}") from None
