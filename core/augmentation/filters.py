"""Which generated features are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from core.errors import BadInputError
from core.evaluation.manifolds import reach

Filter = Callable[[Any, Any, str], np.ndarray]
"""From a run, a batch of generated features and the emotion that was asked for, to a mask (n,) of those to keep."""


def keep_all(run: Any, batch: Any, emotion: str) -> np.ndarray:
    """Every feature."""
    return np.ones(len(batch.audio), dtype=bool)


def keep_recovered(run: Any, batch: Any, emotion: str) -> np.ndarray:
    """Those from which the generator's own Q head reads the emotion that was asked for."""
    # In paired mode the Q heads read audio and text features together.
    pair = () if getattr(batch, "text", None) is None else (batch.text,)
    shares = np.asarray(run.recovered(batch.audio, *pair)[0])
    return shares.argmax(axis=1) == list(run.classes).index(emotion)


def keep_informative(run: Any, batch: Any, emotion: str) -> np.ndarray:
    """Those whose pointwise mutual information with the emotion is above zero: they speak for it, not against it."""
    return np.asarray(run.pointwise_mi(batch.audio, emotion)) > 0.0


def keep_dense(run: Any, batch: Any, emotion: str) -> np.ndarray:
    """Those that lie among real features of the emotion: within reach of one (see ``core.evaluation.manifolds``)."""
    real = np.asarray(run.training_features(emotion))
    return reach(real, np.asarray(batch.audio)) > 0


FILTERS: dict[str, Filter] = {
    "none": keep_all,
    "recovered": keep_recovered,
    "pointwise": keep_informative,
    "density": keep_dense,
}


def find_filter(choice: str | Filter | None) -> Filter:
    """The filter of that name; a function is itself; None keeps everything.

    Raises:
        BadInputError: there is no filter of that name.
    """
    if callable(choice):
        return choice
    name = "none" if choice is None else choice
    if name not in FILTERS:
        raise BadInputError(f"there is no filter {name!r}; there are: {', '.join(FILTERS)}")
    return FILTERS[name]
