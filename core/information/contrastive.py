"""InfoNCE with a critic fitted afresh, for y of any distribution."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from core.information.bounds import infonce
from core.information.critics import SeparableCritic, fit
from core.information.estimate import BoundKind
from core.information.estimators import Estimator, MeanEstimator, as_columns, class_count, row_entropy

_REFERENCE = 1024
_SATURATION = 0.75


class InfoNCECritic(MeanEstimator):
    """I(x; y) >= InfoNCE (van den Oord et al. 2018, eq. 4 and 5), evaluated in batches of ``batch``. Ceiling log batch.

    The batches of the evaluation are drawn anew several times and averaged per sample: the same bound with less of the
    chance of which negatives a sample met. Repeated rows of y (few transcripts) stay in, as the margin has them too;
    the ceiling is then the lower of log batch and their entropy.
    """

    name: ClassVar[str] = "InfoNCE"
    kind: ClassVar[BoundKind] = "lower bound"

    def __init__(
        self, *, steps: int = 400, batch: int = 256, hidden: int = 128, width: int = 32, repeats: int = 4
    ) -> None:
        self.steps, self.batch, self.hidden, self.width, self.repeats = steps, batch, hidden, width, repeats
        self.classes = 0
        self.critic: SeparableCritic
        self.reference: Tensor

    def fit(self, x: Tensor, y: Tensor, generator: torch.Generator) -> Estimator:
        """x (n, d); y (n, m), or (n,) class indices."""
        self.classes = class_count(y)
        y = as_columns(y, self.classes)
        self.critic = SeparableCritic(
            x.shape[1], y.shape[1], width=self.width, hidden=self.hidden, generator=generator
        ).to(x.device)
        rows = torch.randperm(len(y), generator=generator)[:_REFERENCE].to(y.device)
        self.reference = y[rows]

        def objective(x: Tensor, y: Tensor) -> Tensor:
            return infonce(self.critic(x, y))

        def validate(x: Tensor, y: Tensor) -> Tensor:
            # Always the same batches, so that two checks differ by the weights alone.
            return self._terms(x, y, torch.Generator().manual_seed(0)).mean()

        fit(self.critic, objective, validate, x, y, steps=self.steps, batch=self.batch, generator=generator)
        return self

    def statistics(self, x: Tensor, y: Tensor, generator: torch.Generator) -> Tensor:
        """(n, 1) the term of each sample in the symmetric bound."""
        return self._terms(x, as_columns(y, self.classes), generator).double()[:, None]

    @torch.no_grad()
    def pointwise(self, x: Tensor, y: Tensor) -> Tensor:
        """(n,) f(x, y) - log mean_j exp f(x, y_j), y_j from up to 1,024 samples of ``fit``."""
        y = as_columns(y, self.classes)
        of_x = self.critic.scale * self.critic.of_x(x)
        joint = (of_x * self.critic.of_y(y)).sum(dim=1)
        margin = (of_x @ self.critic.of_y(self.reference).T).logsumexp(dim=1) - math.log(len(self.reference))
        return (joint - margin).double()

    def ceiling(self, y: Tensor) -> float | None:
        """log of the batch that the evaluation uses, or the entropy of y where its rows repeat."""
        return min(math.log(min(self.batch, len(y))), row_entropy(y))

    def saturates_from(self, y: Tensor) -> float | None:
        """75 % of log batch, where that is what limits: 4 nats read as 2.7 in batches of 32, whose log is 3.5."""
        limit = math.log(min(self.batch, len(y)))
        return _SATURATION * limit if limit <= row_entropy(y) + 1e-6 else None

    @torch.no_grad()
    def _terms(self, x: Tensor, y: Tensor, generator: torch.Generator) -> Tensor:
        size = min(self.batch, len(x))
        of_x, of_y = self.critic.scale * self.critic.of_x(x), self.critic.of_y(y)
        total, met = torch.zeros(len(x), device=x.device), torch.zeros(len(x), device=x.device)
        used = len(x) // size * size
        left = torch.empty(0, dtype=torch.long)
        for _ in range(max(2, self.repeats)):
            order = torch.randperm(len(x), generator=generator)
            # Who was left over last time goes first, so that two rounds meet every sample.
            order = torch.cat([left, order[~torch.isin(order, left)]])
            left = order[used:]
            rows = order[:used].view(-1, size).to(x.device)
            scores = of_x[rows] @ of_y[rows].transpose(1, 2)
            own = scores.diagonal(dim1=1, dim2=2)
            terms = math.log(size) + own - 0.5 * (scores.logsumexp(dim=2) + scores.logsumexp(dim=1))
            total[rows.flatten()] += terms.flatten()
            met[rows.flatten()] += 1.0
        return total / met
