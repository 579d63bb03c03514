"""A curve as it is drawn: smoothed, thinned without losing an extreme, with the stretches where it is not a number."""

from __future__ import annotations

import numpy as np


def smooth(values: np.ndarray, weight: float) -> np.ndarray:
    """Exponential moving average, corrected for its start: ``weight`` 0 changes nothing, 0.9 averages about 10 values.

    What is not a number stays so and is passed over by the average.

    >>> smooth(np.array([1.0, 1.0, 1.0]), 0.9).tolist()
    [1.0, 1.0, 1.0]
    """
    if weight <= 0 or len(values) == 0:
        return np.asarray(values, dtype=float)
    out = np.full(len(values), np.nan)
    total = mass = 0.0
    for i, value in enumerate(np.asarray(values, dtype=float)):
        if value == value:
            total = weight * total + (1 - weight) * value
            mass = weight * mass + (1 - weight)
            out[i] = total / mass
    return out


def thin(values: np.ndarray, most: int = 1200) -> np.ndarray:
    """Indices, sorted, of at most about ``most`` of the ``values`` (n,) to draw.

    Of each of ``most`` / 3 stretches the lowest and the highest value are kept, and one that is not a number if there
    is any, and so are the first and the last of all: a spike of a single step is still seen. Smooth first, then thin.
    """
    count = len(values)
    if count <= most:
        return np.arange(count)
    keep = {0, count - 1}
    for part in np.array_split(np.arange(count), max(1, most // 3)):
        inside = values[part]
        fine = np.isfinite(inside)
        if fine.any():
            keep.add(int(part[np.argmin(np.where(fine, inside, np.inf))]))
            keep.add(int(part[np.argmax(np.where(fine, inside, -np.inf))]))
        if not fine.all():
            keep.add(int(part[np.argmin(fine)]))
    return np.array(sorted(keep), dtype=int)


def broken(x: np.ndarray, values: np.ndarray) -> list[tuple[float, float]]:
    """The stretches of ``x`` (n,) in which ``values`` (n,) are not a number: first and last place of each.

    >>> broken(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.5, np.nan, np.nan, 0.5]))
    [(2.0, 3.0)]
    """
    bad = ~np.isfinite(values) & np.isfinite(x)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], bad, [False]]).astype(int)))
    return [(float(x[a]), float(x[b - 1])) for a, b in zip(edges[::2], edges[1::2], strict=True)]
