"""MINE: the Donsker-Varadhan bound, trained with the bias correction by a moving average."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from core.information.bounds import off_diagonal
from core.information.estimate import BoundKind
from core.information.ratio import RatioEstimator, log_margin

_RATE = 0.2
_MOST_AHEAD = 0.5


class MINE(RatioEstimator):
    """I(x; y) >= mean_p f - log mean_q exp f (Donsker and Varadhan; Belghazi et al. 2018, eq. 10).

    The gradient of the logarithm over one batch, mean_q(f' exp f) / mean_q exp f, is biased (eq. 12); as in their
    section 3.2 the denominator is replaced by a moving average over the batches. Read on samples other than those of
    the fit, it is a lower bound up to the sampling error of the mean within the logarithm.
    """

    name: ClassVar[str] = "MINE"
    kind: ClassVar[BoundKind] = "lower bound"

    def begin(self) -> None:
        """Forgets the moving average."""
        self.average: Tensor | None = None  # log of the average of mean_q exp f

    def objective(self, scores: Tensor) -> Tensor:
        """A scalar whose gradient is the corrected one; its value is the bound with the average in place of the mean.

        log a + mean_q exp(f) / a - 1 touches log mean_q exp(f) at a, the average, from above.
        """
        outside = off_diagonal(scores)
        log_mean = outside.logsumexp(dim=0) - math.log(len(outside))
        if self.average is None:
            self.average = log_mean.detach()
        else:
            present = log_mean.detach()
            mixed = torch.logaddexp(self.average + math.log(1.0 - _RATE), present + math.log(_RATE))
            # One batch with an enormous ratio would otherwise silence the margin for many steps, and the critic runs
            # away: f grows on the pairs with nothing against it.
            self.average = torch.minimum(mixed, present + _MOST_AHEAD)
        return scores.diagonal().mean() - self.average - (log_mean - self.average).exp() + 1.0

    def reduce(self, means: Tensor) -> Tensor:
        """mean_p f - log mean_q exp f."""
        return means[..., 0] - log_margin(means)
