"""How many rows a class is given, and how they are made up when a filter refuses some."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_PATIENCE = 8


def added_rows(counts: np.ndarray, share: float) -> np.ndarray:
    """(k,) rows to add to each class: ``share`` of its own, and more for a class that is short of utterances.

    A class below the mean is first filled up to it; ``share`` = 1 then doubles the training set.

    Args:
        counts: (k,) real rows of each class. share: at least 0.

    >>> added_rows(np.array([100, 100, 10]), 0.5).tolist()
    [50, 50, 95]
    """
    counts = np.asarray(counts, dtype=np.int64)
    level = np.rint((1.0 + share) * counts.mean()).astype(np.int64)
    return np.where(counts > 0, np.maximum(level - counts, np.rint(share * counts).astype(np.int64)), 0)


def keep_drawing(
    count: int, draw: Callable[[int], np.ndarray], keep: Callable[[np.ndarray], np.ndarray]
) -> tuple[np.ndarray, float]:
    """``count`` rows that pass a filter, drawn again in place of those refused, and the share that passed.

    After eight times the rows asked for the rest is taken as it comes: a class whose rows a filter refuses is short
    of good rows, not of rows.

    Args:
        draw: from a number to rows (number, d). keep: from rows (number, d) to a mask (number,).
    """
    kept: list[np.ndarray] = []
    refused: list[np.ndarray] = []
    passed = tried = 0
    while passed < count and tried < _PATIENCE * count:
        rows = draw(count)
        mask = np.asarray(keep(rows), dtype=bool)
        kept.append(rows[mask])
        refused.append(rows[~mask])
        passed, tried = passed + int(mask.sum()), tried + count
    if not tried:
        return draw(0), 1.0
    return np.concatenate([*kept, *refused])[:count], passed / tried
