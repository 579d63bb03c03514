"""Methods that learn from unlabelled utterances without generating anything: what a generator must do better than."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.benchmarks.methods.base import Method, Setting, TrainingSet
from core.benchmarks.problems import Features
from core.benchmarks.recogniser import balanced


def guessed(features: Features, made: Any, setting: Setting, with_text: bool, rng: np.random.Generator) -> TrainingSet:
    """Labelled rows and those with a guessed label, one of which weighs ``setting.value`` labelled ones."""
    X, Y = features.real(with_text)
    share = np.where(features.guesses(with_text), setting.value, 1.0)
    # Every class of the same weight, whatever the guesses made of it.
    return TrainingSet(X, Y, balanced(Y * share[:, None]))


_SETTINGS = tuple(Setting(weight, f"weight {weight:g}") for weight in (0.25, 0.5, 1.0, 2.0))

SELF_TRAINING = Method("self-training", "self-training", _SETTINGS, guessed, teacher="last layer", unlabelled_only=True)
"""The last layer labels the unlabelled rows, alignment and last layer are trained anew on all (Yarowsky 1995; Lee
2013)."""

NO_GENERATOR = Method(
    "mirage-no-generator", "MIRAGE, no generator", _SETTINGS, guessed, teacher="gaussians", unlabelled_only=True
)
"""The Gaussians label the unlabelled rows, and nothing is generated."""
