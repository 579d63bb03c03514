"""SMOTE (Chawla et al. 2002), by imbalanced-learn."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from core.augmentation.policy import added_rows
from core.benchmarks.methods.base import Method, Setting, TrainingSet, amounts, counts_of
from core.benchmarks.problems import Features
from core.benchmarks.recogniser import balanced

_NEIGHBOURS = 5


def smote(features: Features, made: Any, setting: Setting, with_text: bool, rng: np.random.Generator) -> TrainingSet:
    """Rows between a row and one of its five closest of the same class.

    A class with fewer rows takes the neighbours it has; one row alone has none and stays alone.
    """
    from imblearn.over_sampling import SMOTE

    X, Y = features.real(with_text)
    counts = counts_of(Y)
    wanted = np.where(counts > 1, added_rows(counts, setting.value), 0)
    asked = {index: int(counts[index] + more) for index, more in enumerate(wanted) if more}
    if not asked:
        return TrainingSet(X, Y, balanced(Y))
    neighbours = int(min(_NEIGHBOURS, min(counts[index] for index in asked) - 1))
    sampler = SMOTE(sampling_strategy=asked, k_neighbors=neighbours, random_state=int(rng.integers(2**31)))
    with warnings.catch_warnings():
        # That a class grows beyond the greatest one is what was asked for.
        warnings.simplefilter("ignore", UserWarning)
        rows, labels = sampler.fit_resample(X, Y.argmax(axis=1))
    return TrainingSet.joined(X, Y, rows[len(X) :], np.eye(Y.shape[1])[labels[len(X) :]])


SMOTED = Method("smote", "SMOTE", amounts(0.25, 0.5, 1.0, 2.0), smote)
