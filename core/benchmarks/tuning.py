"""Which setting of a method and which penalty of the last layer: chosen on validation speakers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.benchmarks.methods import Method
from core.benchmarks.problems import Features
from core.benchmarks.recogniser import fit_path

KINDS = ("audio", "audio_and_text")


@dataclass(frozen=True, eq=False)
class Validation:
    """A validation problem that was learnt: its features, what the method's networks made of them, and the truth.

    Attributes:
        truth: (m,) class indices of the unseen rows. said: (m,) bool, which of them have text.
    """

    features: Features
    made: Any
    truth: np.ndarray
    said: np.ndarray


@dataclass(frozen=True)
class Choice:
    """A setting and a penalty.

    Attributes:
        setting: number of the setting. strength: of the penalty.
        ua: its mean UA over the validation groups; None where no group could be formed.
    """

    setting: int
    strength: float
    ua: float | None

    def to_dict(self) -> dict[str, Any]:
        """All fields, ready for JSON."""
        return {"setting": self.setting, "strength": self.strength, "ua": self.ua}


def choose(method: Method, groups: Sequence[Validation], kind: str) -> Choice:
    """The candidate with the best UA, averaged over the groups; of those that tie the weakest one.

    Weakest: the first setting, and of its penalties the strongest. Without a group to validate on it is the first
    setting with the penalty in the middle.
    """
    with_text = kind == "audio_and_text"
    settings, strengths = method.settings_for(with_text), method.strengths_for(with_text)
    tables = []
    for group in groups:
        rows = group.said if with_text else np.ones(len(group.truth), dtype=bool)
        if not rows.any() or (with_text and not group.features.has_text.any()):
            continue
        unseen, truth = group.features.unseen(with_text)[rows], group.truth[rows]
        table = np.empty((len(settings), len(strengths)))
        for index, setting in enumerate(settings):
            part = method.training_set(group.features, group.made, setting, with_text)
            path = fit_path(part.X, part.Y, part.weights, strengths)
            table[index] = [unweighted(truth, recogniser.predict(unseen)) for recogniser in path]
        tables.append(table)
    if not tables:
        return Choice(0, strengths[len(strengths) // 2], None)
    mean = np.mean(tables, axis=0)
    # Rounded, so that a tie is one whatever the order in which the groups were added up.
    best = int(np.argmax(mean.round(9)))
    place, strength = divmod(best, len(strengths))
    return Choice(place, strengths[strength], float(mean.flat[best]))


def unweighted(truth: np.ndarray, predicted: np.ndarray) -> float:
    """UA of class indices (m,)."""
    sizes = np.bincount(truth)
    right = np.bincount(truth[truth == predicted], minlength=len(sizes))
    return float((right[sizes > 0] / sizes[sizes > 0]).mean())
