"""Estimators that read a figure off the log density ratio: what NWJ, MINE and SMILE share.

A critic f(x, y) is compared on the pairs (p: drawn together) and on the product of the margins (q: every x with every
other y). They differ in what they train the critic with, ``objective``, and in how the two means make a figure,
``margin`` and ``reduce``.
"""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from core.errors import BadInputError, FailureError
from core.information.critics import CRITICS, PairCritic, fit
from core.information.estimate import BoundKind
from core.information.estimators import Estimator, as_columns, class_count

_REFERENCE = 1024
_JOINT_BATCH = 64
_PATIENCE = 0.6
_MOST_SHARE = 0.25

DECAYS = (1.0, 10.0)
"""Weight decays that are tried; validation rows choose. Near Gaussians want the greater one, spirals the smaller."""


class RatioEstimator:
    """The shared part. The critic starts at f = 0 everywhere, which is zero nats for all three.

    Args:
        steps, batch: of the fit.
        critic: ``separable`` (one network for x and one for y) or ``joint`` (one of both, with batches of 64 at most,
            as it looks at every pair).
        hidden, width: sizes of the critic.
    """

    name: ClassVar[str]
    kind: ClassVar[BoundKind]
    trained: ClassVar[bool] = True
    short_tails: ClassVar[bool] = True

    def __init__(
        self, *, steps: int = 400, batch: int = 256, critic: str = "separable", hidden: int = 128, width: int = 32
    ) -> None:
        if critic not in CRITICS:
            raise BadInputError(f"there is no critic {critic!r}; there are: {', '.join(CRITICS)}")
        self.steps, self.batch, self.form, self.hidden, self.width = steps, batch, critic, hidden, width
        self.classes = 0
        self.critic: PairCritic
        self.reference: Tensor

    def objective(self, scores: Tensor) -> Tensor:
        """What a (b, b) table of scores is worth in training; a scalar to be maximised."""
        raise NotImplementedError

    def margin(self, scores: Tensor) -> Tensor:
        """The scores of q as they enter the mean of exp f; SMILE clips them."""
        return scores

    def reduce(self, means: Tensor) -> Tensor:
        """(..., 4) means of ``statistics`` to (...) nats."""
        raise NotImplementedError

    def fit(self, x: Tensor, y: Tensor, generator: torch.Generator) -> Estimator:
        """x (n, d); y (n, m), or (n,) class indices."""
        self.classes = class_count(y)
        y = as_columns(y, self.classes)
        rows = torch.randperm(len(y), generator=generator)[:_REFERENCE].to(y.device)
        self.reference = y[rows]
        # Both fits see the same rows, batches and first weights, and differ by the decay alone.
        seed = int(torch.randint(2**31, (1,), generator=generator))
        fitted, fault = [], None
        for decay in DECAYS:
            try:
                fitted.append(self._candidate(x, y, decay, seed))
            except FailureError as error:
                fault = error
        if not fitted and fault is not None:
            raise fault
        self.critic = max(fitted, key=lambda pair: pair[0])[1]
        return self

    def _candidate(self, x: Tensor, y: Tensor, decay: float, seed: int) -> tuple[float, PairCritic]:
        generator = torch.Generator().manual_seed(seed)
        critic = CRITICS[self.form](
            x.shape[1], y.shape[1], width=self.width, hidden=self.hidden, generator=generator
        ).to(x.device)
        self.begin()

        def objective(x: Tensor, y: Tensor) -> Tensor:
            return self.objective(critic(x, y))

        def validate(x: Tensor, y: Tensor) -> Tensor:
            return self.reduce(self._table(critic, x, y, torch.Generator().manual_seed(0)).mean(dim=0))

        value = fit(
            critic,
            objective,
            validate,
            x,
            y,
            steps=self.steps,
            batch=min(self.batch, _JOINT_BATCH) if self.form == "joint" else self.batch,
            generator=generator,
            weight_decay=decay,
            patience=_PATIENCE,
        )
        return value, critic

    def begin(self) -> None:
        """Called before training, for what an objective remembers from step to step."""

    @torch.no_grad()
    def statistics(self, x: Tensor, y: Tensor, generator: torch.Generator) -> Tensor:
        """(n, 4): f of the pair, mean of exp f over the row and over the column relative to M, and log M.

        M is the mean of exp f over all pairs of different samples. The mean of exp f depends on both partners of a
        pair; that of a resampled set is, to first order, M times its mean row times its mean column, which counts
        the chance of both and is never negative.

        Raises:
            FailureError: one sample makes up a quarter of M, which is then no mean but that sample.
        """
        table = self._table(self.critic, x, as_columns(y, self.classes), generator)
        share = float(table[:, 1:3].max()) / len(table)
        if share > _MOST_SHARE:
            raise FailureError(
                f"the {self.name} critic diverged: one sample of {len(table)} makes up {100 * share:.0f} % of the "
                "mean of exp f over the margins; use SMILE or InfoNCE"
            )
        return table

    @torch.no_grad()
    def pointwise(self, x: Tensor, y: Tensor) -> Tensor:
        """(n,) f(x, y) - log mean_j exp f(x, y_j), y_j from up to 1,024 samples of ``fit``."""
        y, size = as_columns(y, self.classes), min(self.critic.block, _REFERENCE)
        parts = []
        for start in range(0, len(x), size):
            rows = x[start : start + size]
            own = self.critic(rows, y[start : start + size]).diagonal()
            margin = self.critic(rows, self.reference).logsumexp(dim=1) - math.log(len(self.reference))
            parts.append((own - margin).double())
        return torch.cat(parts)

    def ceiling(self, y: Tensor) -> float | None:
        """None: nothing in the formula stops it."""
        return None

    def saturates_from(self, y: Tensor) -> float | None:
        """None: 90 % of the ceiling, where there is one."""
        return None

    def fit_error(self, means: Tensor) -> float:
        """0: the interval takes the critic as given."""
        return 0.0

    def _table(self, critic: PairCritic, x: Tensor, y: Tensor, generator: torch.Generator) -> Tensor:
        count = len(x)
        order = torch.randperm(count, generator=generator).to(x.device)
        own = torch.empty(count, dtype=torch.float64, device=x.device)
        row, column = torch.empty_like(own), torch.empty_like(own)
        for part in torch.tensor_split(order, max(1, -(-count // critic.block))):
            scores = critic(x[part], y[part])
            own[part] = scores.diagonal().double()
            margin = self.margin(scores).fill_diagonal_(-math.inf)
            row[part] = margin.logsumexp(dim=1).double() - math.log(len(part) - 1)
            column[part] = margin.logsumexp(dim=0).double() - math.log(len(part) - 1)
        total = row.logsumexp(dim=0) - math.log(count)
        # Blocks may differ by one row: each mean is then relative to its own.
        total_column = column.logsumexp(dim=0) - math.log(count)
        return torch.stack([own, (row - total).exp(), (column - total_column).exp(), total.expand(count)], dim=1)


def log_margin(means: Tensor) -> Tensor:
    """log of the mean of exp f over the margins, from (..., 4) means of ``RatioEstimator.statistics``."""
    return means[..., 3] + means[..., 1].log() + means[..., 2].log()
