"""Which rows have no label, and who speaks: what is said of rows beside their features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.errors import BadInputError


def marked(y: Any, value: Any) -> np.ndarray:
    """(n,) bool: the rows of y (n,) or (n, 1) that hold ``value``, so that their class is not known.

    >>> marked([0, 1, -1], -1).tolist()
    [False, False, True]
    >>> marked([0.0, 1.0, float("nan")], float("nan")).tolist()
    [False, False, True]

    Raises:
        BadInputError: y has several columns, is words and the value is none (or the reverse), or is that value alone.
    """
    values = np.asarray(y)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise BadInputError(f"unlabelled={value!r}: y must be one label for each row, it has shape {values.shape}")
    words = values.dtype.kind in "US" or any(isinstance(item, str) for item in values)
    if words != isinstance(value, str):
        kind = "words" if words else "no words"
        raise BadInputError(f"unlabelled={value!r} cannot be a label here: those of y are {kind}")
    # NaN is not even itself.
    nan = isinstance(value, float) and np.isnan(value)
    found = np.array([item != item if nan else bool(item == value) for item in values], dtype=bool)
    if found.all():
        raise BadInputError(f"unlabelled={value!r}: no row of y has a class")
    return found


def checked_speakers(speakers: Sequence, count: int) -> np.ndarray:
    """(count,) names as they were given.

    Raises:
        BadInputError: another number of them.
    """
    values = np.asarray(speakers, dtype=object)
    if values.shape != (count,):
        raise BadInputError(f"speakers must be one name for each of the {count} rows: {values.shape}")
    return values
