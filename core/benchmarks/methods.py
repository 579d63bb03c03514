"""The methods a benchmark compares: each learns from the training part of one fold and predicts its test part."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from core.alignment import AlignmentStage
from core.benchmarks.parts import Part
from core.config import Config
from core.errors import BadInputError
from core.stages import pick_device


@dataclass(frozen=True, eq=False)
class Prediction:
    """Class indices of the n test rows.

    Attributes:
        audio: (n,) from the audio feature alone.
        audio_and_text: (n,) from audio and text, meaningful where a row has text; None without text embeddings.
    """

    audio: np.ndarray
    audio_and_text: np.ndarray | None


class Predict(Protocol):
    """What a method does in one fold with one seed; it sees of the test rows only their embeddings."""

    def __call__(self, part: Part, config: Config, seed: int, step: Callable[[], None]) -> Prediction: ...


@dataclass(frozen=True)
class Method:
    """One way of training the recogniser. ``title`` is what a table shows."""

    name: str
    title: str
    predict: Predict


def aligned(part: Part, config: Config, seed: int, step: Callable[[], None]) -> Prediction:
    """The aligned network on real utterances only (its batches are drawn equally from all classes).

    Args:
        step: called after every step of training; what it raises ends the work.
    """
    torch.manual_seed(seed)
    device = pick_device(config.training.device)
    stage = AlignmentStage(part.training(), None, part.classes, config.alignment, seed=seed, device=device)
    while stage.state.done < stage.total:
        stage.step()
        step()
    network = stage.finished()
    with torch.no_grad():
        h = network.audio(torch.from_numpy(part.audio[part.test]))
        audio = network.head_audio(h).argmax(dim=1).numpy()
        if part.text is None:
            return Prediction(audio, None)
        t = network.text(torch.from_numpy(part.text[part.test]))
        return Prediction(audio, network.classify_both(h, t).argmax(dim=1).numpy())


METHODS: dict[str, Method] = {
    method.name: method for method in (Method("none", "aligned network, nothing generated", aligned),)
}
"""The methods by name, in the order of the tables."""

NOT_YET = ("class-weights", "noise", "mixup", "smote", "cgan", "adan", "mirage")
"""Methods that are planned and refused by name meanwhile."""


def find_methods(names: Iterable[str]) -> list[Method]:
    """The methods of these names, each once, in the order of ``METHODS``.

    Raises:
        BadInputError: a name that is not there yet, or not at all.
    """
    wanted = [name.strip() for name in names if name.strip()]
    there = ", ".join(METHODS)
    later = [name for name in wanted if name in NOT_YET]
    if later:
        raise BadInputError(f"methods {', '.join(later)}: not in this version of MIRAGE; there are: {there}")
    unknown = [name for name in wanted if name not in METHODS]
    if unknown:
        raise BadInputError(f"methods {', '.join(unknown)}: unknown; there are: {there}")
    if not wanted:
        raise BadInputError(f"no method is named; there are: {there}")
    return [method for name, method in METHODS.items() if name in wanted]
