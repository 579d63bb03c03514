"""SMILE: the Donsker-Varadhan figure with a clipped density ratio."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from core.information.bounds import jensen_shannon
from core.information.estimate import BoundKind
from core.information.ratio import RatioEstimator, log_margin

CLIP = 5.0
"""tau of the paper: the density ratio is clipped to exp(-5) .. exp(5) in the mean over the margins."""


class SMILE(RatioEstimator):
    """mean_p f - log mean_q clip(exp f, e^-tau, e^tau) (Song and Ermon 2020, eq. 15).

    As in the authors' experiments the critic is trained by the Jensen-Shannon bound (Nowozin et al. 2016), whose best
    critic is the log density ratio, and only read by SMILE. Clipping bounds the variance and gives up the bound:
    the figure may err to either side.
    """

    name: ClassVar[str] = "SMILE"
    kind: ClassVar[BoundKind] = "biased"

    def objective(self, scores: Tensor) -> Tensor:
        """The Jensen-Shannon bound of a batch."""
        return jensen_shannon(scores)

    def margin(self, scores: Tensor) -> Tensor:
        """Clipped to -tau .. tau."""
        return scores.clamp(-CLIP, CLIP)

    def reduce(self, means: Tensor) -> Tensor:
        """mean_p f - log mean_q of the clipped exp f."""
        return means[..., 0] - log_margin(means)
