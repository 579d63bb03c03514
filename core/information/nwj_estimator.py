"""NWJ: the lower bound of Nguyen, Wainwright and Jordan, without a ceiling."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from core.information.bounds import nwj
from core.information.estimate import BoundKind
from core.information.ratio import RatioEstimator, log_margin


class NWJ(RatioEstimator):
    """I(x; y) >= 1 + mean_p f - mean_q exp f.

    Nguyen, Wainwright and Jordan 2010 (section III: the KL divergence by its convex dual); f-MINE in Belghazi et al.
    2018, eq. 8; I_NWJ in Poole et al. 2019, section 2.1: mean_p g - e^-1 mean_q exp g, of which g = f + 1 is what is
    computed here. Tight where f is the log density ratio. A lower bound also with few samples, at a variance that
    grows like exp(I) (Song and Ermon 2020, theorem 2).
    """

    name: ClassVar[str] = "NWJ"
    kind: ClassVar[BoundKind] = "lower bound"

    def objective(self, scores: Tensor) -> Tensor:
        """The bound of a batch."""
        return nwj(1.0 + scores)

    def reduce(self, means: Tensor) -> Tensor:
        """1 + mean_p f - mean_q exp f."""
        return 1.0 + means[..., 0] - log_margin(means).exp()
