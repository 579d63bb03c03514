"""Labels for speech whose emotion nobody has told, so that methods can learn from it."""

from __future__ import annotations

from typing import Literal

import numpy as np

from core.benchmarks.problems import Features, Problem
from core.benchmarks.recogniser import COARSE, balanced, fit_path, penalties
from core.generation import Aligned, tell_apart

Teacher = Literal["gaussians", "last layer"]
"""Who guesses: the Gaussians at which a generator begins (``tell_apart``), or the last layer that was trained on the
labelled rows."""


def guessed_problem(problem: Problem, features: Features, teacher: Teacher) -> Problem:
    """The problem with the unlabelled rows among those that are learnt from; itself where there are none.

    Args:
        features: of an aligner that has seen the labelled rows alone.
    """
    if features.more is None:
        return problem
    if teacher == "gaussians":
        own = Aligned(features.h, features.t, features.has_text, features.groups)
        shares = tell_apart(own, features.labels, features.classes, features.more, features.seed)
        return problem.with_guesses(shares.argmax(axis=1))
    return problem.with_guesses(_by_last_layer(features, features.more))


def _by_last_layer(features: Features, more: Aligned) -> np.ndarray:
    """(m,) class indices by a last layer with the penalty in the middle; by audio and text where there is text."""
    found = _fitted(features, with_text=False).predict(more.h)
    complete = set(features.labels[features.has_text]) == set(range(features.classes))
    if more.t is not None and more.has_text.any() and complete:
        both = np.concatenate([more.h, more.t], axis=1)[more.has_text]
        found[more.has_text] = _fitted(features, with_text=True).predict(both)
    return found


def _fitted(features: Features, *, with_text: bool):
    X, Y = features.real(with_text)
    (recogniser,) = fit_path(X, Y, balanced(Y), [penalties(COARSE, with_text)[COARSE // 2]])
    return recogniser
