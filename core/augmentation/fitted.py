"""Both stages fitted on the rows of a training set alone: what ``MirageSampler`` generates from without a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression

from core.alignment import Aligner, AlignmentData, AlignmentStage
from core.augmentation.marking import checked_speakers
from core.config import Config
from core.errors import BadInputError
from core.generation import Aligned, Discriminator, GenerationData, GenerationStage, Generator, tell_apart
from core.information import posterior_pointwise_mi
from core.runs.guards import isolated
from core.stages import pick_device

_LEAST_DIM = 8
_ON_SPHERE = 1e-2


@dataclass(frozen=True, eq=False)
class FittedBatch:
    """Generated aligned features (n, d), float32; ``text`` is None as there is none."""

    audio: np.ndarray
    text: None = None


class FittedMirage:
    """Aligner and generator of some rows, without text; it answers the filters as a loaded run does.

    Attributes:
        classes: names of the emotions. dim: d. h: (n + m, d) aligned features of the rows, labelled ones first.
        labels: (n + m,) indices, those of the m unlabelled rows guessed.
    """

    mode = "free"

    def __init__(
        self, aligner: Aligner | None, generator: Generator, judge: Discriminator, h: np.ndarray, labels: np.ndarray
    ) -> None:
        self.aligner, self.h, self.labels, self.dim = aligner, h, labels, h.shape[1]
        self.classes = [str(index) for index in range(int(labels.max()) + 1)]
        self._generator, self._judge = generator, judge
        self._classifier = LogisticRegression(max_iter=1000).fit(h, labels)
        self._prior = np.bincount(labels) / len(labels)

    @classmethod
    def fit(
        cls,
        X: np.ndarray,
        labels: np.ndarray,
        speakers: Sequence | None,
        config: Config,
        *,
        aligned: bool,
        seed: int,
        more: np.ndarray | None = None,
    ) -> FittedMirage:
        """Trains both stages, or the generator alone where the rows are aligned features already.

        With unlabelled rows it aligns twice: on the labelled ones, and, once their Gaussians have told the others
        apart (``tell_apart``), on all.

        Args:
            X: (n, d_x). labels: (n,) indices from 0, every one there. more: (m, d_x) unlabelled rows, None or m = 0
                where there are none. speakers: (n + m,) names or None, for the alignment.

        Raises:
            BadInputError: rows that are no aligned features where they should be.
            FailureError: training diverged.
        """
        count = len(X)
        rows = np.ascontiguousarray(X if more is None else np.concatenate([X, more]), dtype=np.float32)
        classes, device = int(labels.max()) + 1, pick_device(config.training.device)
        names = _names(speakers, len(rows))
        if aligned:
            _refuse_off_sphere(rows)

        def align(learnt: int) -> tuple[Aligner | None, torch.Tensor]:
            """The aligner of the first rows, and the aligned features of all."""
            torch.manual_seed(seed)
            if aligned:
                return None, torch.from_numpy(rows)
            aligner = _aligned(rows[:learnt], labels, names[:learnt], config, classes, seed, device)
            with torch.no_grad():
                return aligner, aligner.audio(torch.from_numpy(rows))

        with isolated(config):
            aligner, h = align(count)
            if len(rows) > count:
                labels = np.concatenate([labels, _guesses(h.numpy(), labels, classes, seed)])
                aligner, h = align(len(rows))
            data = GenerationData(
                h=h, labels=torch.from_numpy(labels), t=None, groups=torch.full((len(h),), -1, dtype=torch.int64)
            )
            stage = GenerationStage(
                data, classes, "free", config.generation, config.information, seed=seed, device=device
            )
            for _ in range(stage.total):
                stage.step()
        return cls(aligner, *stage.finished(), h.numpy(), labels)

    @torch.no_grad()
    def generate(
        self, emotion: str, n: int = 1, *, truncation: float = 1.0, seed: int = 0, paired: bool = False
    ) -> FittedBatch:
        """``n`` aligned features of an emotion, one of ``classes``."""
        noise = torch.Generator().manual_seed(seed)
        shape = self._generator.config
        z = truncation * torch.randn((n, shape["noise"]), generator=noise)
        u = truncation * torch.randn((n, shape["codes"]), generator=noise)
        c = torch.eye(len(self.classes))[self.classes.index(emotion)].expand(n, -1)
        return FittedBatch(self._generator(z, c, u)[0].numpy())

    @torch.no_grad()
    def recovered(self, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What the Q heads read: emotion probabilities (n, k) and code means (n, m)."""
        phi = self._judge.features(torch.from_numpy(h))
        return self._judge.class_logits(phi).softmax(dim=1).numpy(), self._judge.code_moments(phi)[0].numpy()

    def posterior(self, h: np.ndarray) -> np.ndarray:
        """(n, k) probabilities by a logistic regression on the rows that were fitted on."""
        return self._classifier.predict_proba(h)

    def pointwise_mi(self, h: np.ndarray, emotion: str) -> np.ndarray:
        """log p(c | h) - log p(c) in nats, (n,)."""
        labels = np.full(len(h), self.classes.index(emotion))
        return posterior_pointwise_mi(self.posterior(h), labels, self._prior)

    def training_features(self, emotion: str) -> np.ndarray:
        """(n, d) aligned features of the rows of an emotion that it was fitted on."""
        return self.h[self.labels == self.classes.index(emotion)]


def _aligned(
    rows: np.ndarray,
    labels: np.ndarray,
    speakers: np.ndarray,
    config: Config,
    classes: int,
    seed: int,
    device: torch.device,
) -> Aligner:
    count = len(rows)
    data = AlignmentData.of(
        np.ones(count, dtype=bool),
        audio=rows,
        labels=labels,
        text=None,
        has_text=np.zeros(count, dtype=bool),
        groups=np.full(count, -1, dtype=np.int64),
        speakers=speakers,
    )
    # No wider than it takes: a plane in 64 dimensions would leave a generator most of the space to get lost in.
    width = min(config.alignment.dim, max(_LEAST_DIM, rows.shape[1]))
    settings = config.alignment.model_copy(update={"dim": width})
    names = [str(index) for index in range(classes)]
    stage = AlignmentStage(data, None, names, settings, seed=seed, device=device)
    for _ in range(stage.total):
        stage.step()
    return stage.finished()


def _guesses(h: np.ndarray, labels: np.ndarray, classes: int, seed: int) -> np.ndarray:
    """(m,) indices for the rows of h (n + m, d) after the n labelled ones."""

    def without_text(rows: np.ndarray) -> Aligned:
        count = len(rows)
        return Aligned(rows, None, np.zeros(count, dtype=bool), np.full(count, -1, dtype=np.int64))

    count = len(labels)
    return tell_apart(without_text(h[:count]), labels, classes, without_text(h[count:]), seed).argmax(axis=1)


def _names(speakers: Sequence | None, count: int) -> np.ndarray:
    import pandas as pd

    if speakers is None:
        return np.full(count, None, dtype=object)
    values = checked_speakers(speakers, count)
    return np.array([None if pd.isna(name) else str(name) for name in values], dtype=object)


def _refuse_off_sphere(rows: np.ndarray) -> None:
    off = np.abs(rows.mean(axis=1)).max() > _ON_SPHERE or np.abs(rows.var(axis=1) - 1.0).max() > _ON_SPHERE
    if rows.shape[1] < 2 or off:
        raise BadInputError(
            "layer='aligned' takes aligned features (each row of mean 0 and variance 1); for embeddings use "
            "layer='input'"
        )
