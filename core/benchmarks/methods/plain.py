"""Methods that change weights or rows without a network: nothing, class weights, noise, mixup."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.augmentation.policy import added_rows
from core.benchmarks.methods.base import (
    PAIR_SETTINGS,
    Method,
    Setting,
    TrainingSet,
    amounts,
    counts_of,
    crossed,
    drawn_by_class,
)
from core.benchmarks.problems import Features
from core.benchmarks.recogniser import FINE, balanced

_DOUBLED = 1.0


def nothing(features: Features, made: Any, setting: Setting, with_text: bool, rng: np.random.Generator) -> TrainingSet:
    """The real rows, every class of the same weight."""
    X, Y = features.real(with_text)
    return TrainingSet(X, Y, balanced(Y))


def class_weights(
    features: Features, made: Any, setting: Setting, with_text: bool, rng: np.random.Generator
) -> TrainingSet:
    """Weights 1 / size^power. ``none`` has power 1 already: here less and more are tried."""
    X, Y = features.real(with_text)
    return TrainingSet(X, Y, balanced(Y, setting.value))


def noise(features: Features, made: Any, setting: Setting, with_text: bool, rng: np.random.Generator) -> TrainingSet:
    """As many rows again, moved by Gaussian noise in units of the deviation within a class."""
    X, Y = features.real(with_text)
    rows = drawn_by_class(Y, added_rows(counts_of(Y), _DOUBLED), rng)
    means = (Y.T @ X) / np.maximum(Y.sum(axis=0), 1.0)[:, None]
    deviation = (X - Y @ means).std(axis=0)
    return TrainingSet.joined(
        X, Y, X[rows] + setting.value * deviation * rng.standard_normal((len(rows), X.shape[1])), Y[rows]
    )


def mixup(features: Features, made: Any, setting: Setting, with_text: bool, rng: np.random.Generator) -> TrainingSet:
    """As many rows again, each a mixture of two and of their labels (Zhang et al. 2018), shares from Beta(a, a)."""
    X, Y = features.real(with_text)
    first = drawn_by_class(Y, added_rows(counts_of(Y), _DOUBLED), rng)
    second = rng.permutation(first)
    share = rng.beta(setting.value, setting.value, size=(len(first), 1))
    return TrainingSet.joined(
        X, Y, share * X[first] + (1.0 - share) * X[second], share * Y[first] + (1.0 - share) * Y[second]
    )


def crossing(features: Features, made: Any, setting: Setting, with_text: bool, rng: np.random.Generator) -> TrainingSet:
    """Real rows again, audio of one utterance with the text of another; of audio alone, real rows again."""
    X, Y = features.real(with_text)
    rows = drawn_by_class(Y, added_rows(counts_of(Y), setting.value), rng)
    return TrainingSet.joined(X, Y, *crossed(X[rows], Y[rows], setting, rng))


NONE = Method("none", "nothing added", (Setting(0.0, "-"),), nothing, strengths=FINE)
CLASS_WEIGHTS = Method(
    "class-weights",
    "class weights",
    tuple(Setting(power, f"1 / size^{power:g}") for power in (0.75, 0.5, 0.0, 1.5)),
    class_weights,
)
NOISE = Method(
    "noise", "noise", tuple(Setting(share, f"{share:g} deviations") for share in (0.25, 0.5, 1.0, 2.0)), noise
)
MIXUP = Method("mixup", "mixup", tuple(Setting(a, f"Beta({a:g}, {a:g})") for a in (0.1, 0.2, 0.4, 1.0)), mixup)
CROSSED = Method(
    "crossed",
    "crossed real pairs",
    amounts(0.25, 0.5, 1.0, 2.0),
    crossing,
    pair_settings=PAIR_SETTINGS,
    teacher="gaussians",
)
"""What generation must do better than where audio and text are put together."""
