"""The networks of a run as other programs want them: each with named inputs and outputs, rows in, rows out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from core.alignment import Aligner
from core.generation import Discriminator, Generator

if TYPE_CHECKING:
    from core.runs.loaded import LoadedRun


@dataclass(frozen=True, eq=False)
class Exported:
    """One network as it is handed out.

    Attributes:
        name: of its file, without the ending. says: one sentence.
        module: takes ``inputs`` in their order, each (n, width) float32; gives ``outputs`` in theirs.
        inputs, outputs: name to width.
    """

    name: str
    says: str
    module: nn.Module
    inputs: dict[str, int]
    outputs: dict[str, int]


def exported_networks(run: LoadedRun) -> list[Exported]:
    """What a run has, by its mode: aligner, classifiers, generator, Q heads and projector."""
    networks = run.networks()
    aligner, generator, discriminator = networks["aligner"], networks["generator"], networks["discriminator"]
    assert isinstance(aligner, Aligner)
    assert isinstance(generator, Generator)
    assert isinstance(discriminator, Discriminator)
    d, k, m = run.dim, len(run.classes), len(run.code_names)
    paired = run.mode == "paired"
    judged = {"logits": k, "posterior": k}
    found = [
        Exported(
            "aligner_audio",
            "Pooled audio embedding of the run's speech encoder to the aligned feature h.",
            aligner.audio,
            {"embedding": aligner.config["audio"]},
            {"h": d},
        ),
        Exported(
            "classifier_audio",
            "Emotion from an aligned audio feature, real or generated.",
            _Judged(aligner.head_audio),
            {"h": d},
            judged,
        ),
    ]
    if aligner.has_text:
        found += [
            Exported(
                "aligner_text",
                "Pooled text embedding of the run's text encoder to the aligned feature t.",
                aligner.text,
                {"embedding": aligner.config["text"]},
                {"t": d},
            ),
            Exported(
                "classifier_text",
                "Emotion from an aligned text feature.",
                _Judged(aligner.head_text),
                {"t": d},
                judged,
            ),
            Exported(
                "classifier_both",
                "Emotion from audio and text features together.",
                _Judged(aligner.head_both),
                {"h": d, "t": d},
                judged,
            ),
        ]
    return [
        *found,
        Exported(
            "generator",
            "Noise z, shares c of the emotions (their sum 1) and codes u, both standard normal when drawn, "
            + ("and an aligned text feature t, " if run.mode == "text" else "")
            + ("to generated features h and t." if paired else "to a generated feature h."),
            _Called(generator, lambda z, c, u, *t: generator(z, c, u, *t) if paired else generator(z, c, u, *t)[0]),
            {"z": run.noise_size, "c": k, "u": m} | ({"t": d} if run.mode == "text" else {}),
            {"h": d} | ({"t": d} if paired else {}),
        ),
        Exported(
            "q_heads",
            "What a feature was made from, as the Q heads read it: emotion, and mean and log variance of the codes.",
            _Called(discriminator, lambda *features: _read(discriminator, *features)),
            {"h": d} | ({"t": d} if paired else {}),
            {**judged, "code_mean": m, "code_log_variance": m},
        ),
        Exported("projector", "Place on the run's map.", networks["projector"], {"h": d}, {"place": 2}),
    ]


def _read(discriminator: Discriminator, *features: Tensor) -> tuple[Tensor, ...]:
    phi = discriminator.features(*features)
    logits = discriminator.class_logits(phi)
    return (logits, logits.softmax(dim=-1), *discriminator.code_moments(phi))


class _Judged(nn.Module):
    """A head on its inputs side by side: logits and their softmax."""

    def __init__(self, head: nn.Module) -> None:
        super().__init__()
        self.head = head

    def forward(self, *features: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.head(torch.cat(features, dim=-1))
        return logits, logits.softmax(dim=-1)


class _Called(nn.Module):
    """A function of a network's own methods, as a module."""

    def __init__(self, network: nn.Module, call: Callable[..., Tensor | tuple[Tensor, ...]]) -> None:
        super().__init__()
        self.network = network
        self.call = call

    def forward(self, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        return self.call(*inputs)
