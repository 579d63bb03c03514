"""The two branches of stage 1, h = f_a(a) and t = f_t(s), and the emotion classifiers on them."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from core.networks import Network, Sphere


class Standardise(nn.Module):
    """(x - mean) / deviation with the mean and deviation of the training part, (..., n) to (..., n)."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, features: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("deviation", torch.ones(features))

    def fit(self, x: Tensor) -> None:
        """Takes mean and deviation from ``x`` (n, features); a constant feature keeps deviation 1."""
        deviation = x.std(dim=0, correction=0)
        self.mean.copy_(x.mean(dim=0))
        self.deviation.copy_(torch.where(deviation > 1e-6, deviation, torch.ones_like(deviation)))

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.deviation


class Branch(nn.Module):
    """A linear map plus a two-layer correction, ending on the sphere: (..., inputs) to (..., dim).

    The linear part alone already separates emotions well (a regression on the embeddings is a strong reference);
    the correction adds what it cannot say.
    """

    def __init__(self, inputs: int, dim: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.standardise = Standardise(inputs)
        self.linear = nn.Linear(inputs, dim)
        self.correction = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(inputs, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, dim)
        )
        self.sphere = Sphere()

    def forward(self, x: Tensor, noise: Tensor | None = None) -> Tensor:
        x = self.standardise(x)
        if noise is not None:
            x = x + noise
        return self.sphere(self.linear(x) + self.correction(x))


class Aligner(Network):
    """Stage 1: audio and text in one space of ``dim`` dimensions, and the classifiers on it.

    Args:
        audio: dimension of the pooled audio embeddings a.
        text: dimension of the pooled text embeddings s; 0 where the corpus has no text.
        classes: names of the emotions, in the order of the logits.
        dim, hidden, dropout: see ``AlignmentConfig``.
    """

    kind: ClassVar[str] = "mirage-aligner"

    def __init__(
        self, *, audio: int, text: int, classes: list[str], dim: int, hidden: int, dropout: float, temperature: float
    ) -> None:
        super().__init__()
        self.config = {
            "audio": audio,
            "text": text,
            "classes": list(classes),
            "dim": dim,
            "hidden": hidden,
            "dropout": dropout,
            "temperature": temperature,
        }
        self.audio = Branch(audio, dim, hidden, dropout)
        self.head_audio = nn.Linear(dim, len(classes))
        self.log_temperature = nn.Parameter(torch.full((), float(temperature)).log())
        if text:
            self.text = Branch(text, dim, hidden, dropout)
            self.head_text = nn.Linear(dim, len(classes))
            self.head_both = nn.Linear(2 * dim, len(classes))
            # The critic of I(h; t) is separable and shares no weight with the contrastive similarity.
            self.critic_audio = nn.Sequential(nn.Linear(dim, dim), nn.GELU(), nn.Linear(dim, dim))
            self.critic_text = nn.Sequential(nn.Linear(dim, dim), nn.GELU(), nn.Linear(dim, dim))

    @property
    def has_text(self) -> bool:
        """Whether there is a text branch."""
        return bool(self.config["text"])

    def temperature(self) -> Tensor:
        """The learnt temperature of InfoNCE, clipped to [0.01, 1] as CLIP does against collapse."""
        return self.log_temperature.exp().clamp(0.01, 1.0)

    def similarity(self, h: Tensor, t: Tensor) -> Tensor:
        """(b, d) and (b, d) to (b, b): cosine over temperature."""
        h, t = nn.functional.normalize(h, dim=-1), nn.functional.normalize(t, dim=-1)
        return h @ t.T / self.temperature()

    def critic(self, h: Tensor, t: Tensor) -> Tensor:
        """(b, d) and (b, d) to (b, b): the critic of the mutual information I(h; t)."""
        return self.critic_audio(h) @ self.critic_text(t).T / h.shape[-1] ** 0.5

    def classify_both(self, h: Tensor, t: Tensor) -> Tensor:
        """Logits of the fusion of h and t: (n, d), (n, d) to (n, k)."""
        return self.head_both(torch.cat([h, t], dim=-1))
