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


class Whiten(nn.Module):
    """x @ matrix: (..., n) to (..., n), so that what varies within an emotion varies alike in every direction.

    Within-class covariance normalisation (Hatch, Kajarekar and Stolcke 2006), with the covariance shrunk towards equal
    variances as in regularised discriminant analysis (Friedman 1989): directions in which speakers and sentences
    differ most, whatever the emotion, no longer drown those in which emotions do.
    """

    matrix: Tensor

    def __init__(self, features: int) -> None:
        super().__init__()
        self.register_buffer("matrix", torch.eye(features))

    def fit(self, x: Tensor, labels: Tensor, shrinkage: float) -> None:
        """Takes the matrix from ``x`` (n, features), centred, and ``labels`` (n,).

        The outputs' variance is 1 on average. matrix is proportional to
        ((1 - shrinkage) S + shrinkage tr(S) / features I)^(-1/2), S the pooled covariance within the classes.
        """
        x = x.double()
        within = x.clone()
        for label in labels.unique():
            rows = labels == label
            within[rows] -= x[rows].mean(dim=0)
        covariance = within.T @ within / len(x)
        size = covariance.diagonal().mean()
        if size <= 1e-12:
            # One utterance for each class: nothing varies within, nothing is to be whitened.
            return
        values, vectors = torch.linalg.eigh(covariance)
        values = (1.0 - shrinkage) * values.clamp_min(0.0) + shrinkage * size
        matrix = (vectors * values.rsqrt()) @ vectors.T
        self.matrix.copy_(matrix / (x @ matrix).square().mean().sqrt())

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.matrix


class Branch(nn.Module):
    """A linear map, with ``hidden`` a two-layer correction too, ending on the sphere: (..., inputs) to (..., dim).

    The linear part alone already separates emotions well (a regression on the embeddings is a strong reference);
    the correction adds what it cannot say, which takes more utterances than the small corpora have.
    """

    def __init__(self, inputs: int, dim: int, hidden: int, dropout: float, whitened: bool = False) -> None:
        super().__init__()
        self.standardise = Standardise(inputs)
        self.whiten = Whiten(inputs) if whitened else nn.Identity()
        self.linear = nn.Linear(inputs, dim)
        self.correction: nn.Module | None = None
        if hidden:
            self.correction = nn.Sequential(
                nn.Dropout(dropout), nn.Linear(inputs, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, dim)
            )
        self.sphere = Sphere()

    def fit_inputs(self, x: Tensor, labels: Tensor, shrinkage: float) -> None:
        """Fits what is done to the inputs to training rows: x (n, inputs), labels (n,) class indices."""
        self.standardise.fit(x)
        if isinstance(self.whiten, Whiten):
            self.whiten.fit(self.standardise(x), labels, shrinkage)

    def prepare(self, x: Tensor) -> Tensor:
        """What no training changes: (..., inputs) to (..., inputs), standardised and whitened."""
        return self.whiten(self.standardise(x))

    def project(self, prepared: Tensor) -> Tensor:
        """The learnt part: prepared inputs (..., inputs) to (..., dim)."""
        y = self.linear(prepared)
        return self.sphere(y if self.correction is None else y + self.correction(prepared))

    def forward(self, x: Tensor) -> Tensor:
        return self.project(self.prepare(x))


class Aligner(Network):
    """Stage 1: audio and text in one space of ``dim`` dimensions, and the classifiers on it.

    Args:
        audio: dimension of the pooled audio embeddings a.
        text: dimension of the pooled text embeddings s; 0 where the corpus has no text.
        classes: names of the emotions, in the order of the logits.
        dim, hidden, dropout, shrinkage: see ``AlignmentConfig``; shrinkage 1 leaves the whitening out.
    """

    kind: ClassVar[str] = "mirage-aligner"

    def __init__(
        self,
        *,
        audio: int,
        text: int,
        classes: list[str],
        dim: int,
        hidden: int,
        dropout: float,
        temperature: float,
        shrinkage: float = 1.0,
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
            "shrinkage": shrinkage,
        }
        self.audio = Branch(audio, dim, hidden, dropout, whitened=shrinkage < 1.0)
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
