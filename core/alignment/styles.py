"""How a speaker differs from the others whatever the emotion, and the swapping of it."""

from __future__ import annotations

import torch
from torch import Tensor


class SpeakerStyles:
    """The offset of each speaker's embeddings, estimated on training rows.

    A speaker's offset is the mean, over the speaker's utterances, of x minus the mean of its emotion, drawn towards
    zero by n / (n + k) where the speaker has n utterances: k is the variance within speakers over that between them
    (James and Stein 1961; the best linear predictor of a random effect), so that somebody heard twice has little style.

    Attributes:
        offsets: (speakers, features).
    """

    def __init__(self, x: Tensor, labels: Tensor, speakers: Tensor) -> None:
        """From x (n, features), labels (n,) and speakers (n,), numbered from 0, -1 unknown."""
        known = speakers >= 0
        count = int(speakers.max()) + 1 if known.any() else 0
        residual = x - _means(x, labels, int(labels.max()) + 1)[labels]
        sizes = torch.bincount(speakers[known], minlength=count).to(x.dtype)
        means = _means(residual[known], speakers[known], count)
        within = (residual[known] - means[speakers[known]]).square().mean()
        between = means.square().mean() - (within / sizes.clamp_min(1.0)).mean()
        k = within / between.clamp_min(1e-12)
        self.offsets = means * (sizes / (sizes + k))[:, None]

    @classmethod
    def fit(cls, x: Tensor, labels: Tensor, speakers: Tensor | None) -> SpeakerStyles | None:
        """The styles, or None where fewer than two speakers are known: there is nothing to swap."""
        if speakers is None or len(speakers[speakers >= 0].unique()) < 2:
            return None
        return cls(x, labels, speakers)

    def swap(self, x: Tensor, speakers: Tensor, share: float, generator: torch.Generator) -> Tensor:
        """x + r (offset of another speaker - offset of one's own), r uniform in [0, share] for each row.

        Rows of unknown speakers stay as they are.

        Args:
            x: (b, features). speakers: (b,) numbers.
        """
        other = torch.randint(len(self.offsets), (len(x),), generator=generator)
        amount = share * torch.rand((len(x), 1), generator=generator)
        amount[speakers < 0] = 0.0
        return x + amount * (self.offsets[other] - self.offsets[speakers])


def _means(x: Tensor, groups: Tensor, count: int) -> Tensor:
    """(count, features) mean of each group; zero where a group is empty."""
    sums = torch.zeros((count, x.shape[1]), dtype=x.dtype).index_add_(0, groups, x)
    return sums / torch.bincount(groups, minlength=count).clamp_min(1)[:, None]
