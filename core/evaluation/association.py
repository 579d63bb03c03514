"""Do two measures rise together? Rank correlation over configurations, with an interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import stats

from core.errors import BadInputError

FEWEST = 5
"""With fewer pairs a rank correlation says nothing: four pairs in perfect order still come about by chance once in
twelve."""


@dataclass(frozen=True)
class Spearman:
    """A rank correlation.

    Attributes:
        value: Spearman's rho, -1 to 1; None where it is not defined (fewer than two pairs, or one side constant).
        low, high: 95 % bootstrap interval over the pairs; None with fewer than ``FEWEST`` pairs or without a value.
        n: how many pairs it is of.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int

    def to_dict(self) -> dict[str, Any]:
        """All fields, ready for JSON."""
        return asdict(self)


def spearman(
    x: np.ndarray | Sequence[float | None],
    y: np.ndarray | Sequence[float | None],
    *,
    seed: int = 0,
    repetitions: int = 10_000,
) -> Spearman:
    """Spearman's rank correlation of paired values (Spearman, 1904; ties get their mean rank), with an interval.

    The interval is of a percentile bootstrap that draws the pairs anew with replacement; draws in which one side is
    constant have no correlation and are left out. It is wide for few pairs, and should be.

    Args:
        x, y: (n,) paired values. A pair of which one is missing (None, NaN) is left out.
        seed: of the bootstrap.
        repetitions: of the bootstrap, at least 100.

    Raises:
        BadInputError: lengths that differ, an infinite value, too few repetitions.
    """
    first, second = _numbers(x), _numbers(y)
    if first.shape != second.shape or first.ndim != 1:
        raise BadInputError(f"a rank correlation needs pairs: {first.shape} and {second.shape} values were given")
    if np.isinf(first).any() or np.isinf(second).any():
        raise BadInputError("a rank correlation needs finite values: one is infinite")
    if repetitions < 100:
        raise BadInputError(f"repetitions {repetitions}: an interval needs at least 100")
    both = ~(np.isnan(first) | np.isnan(second))
    first, second = first[both], second[both]
    count = len(first)
    value = _rho(first[None], second[None])[0] if count > 1 else math.nan
    if math.isnan(value):
        return Spearman(None, None, None, count)
    if count < FEWEST:
        return Spearman(float(value), None, None, count)
    draws = np.random.default_rng(seed).integers(count, size=(repetitions, count))
    again = _rho(first[draws], second[draws])
    low, high = np.nanquantile(again, [0.025, 0.975])
    return Spearman(float(value), float(low), float(high), count)


def _numbers(values: np.ndarray | Sequence[float | None]) -> np.ndarray:
    return np.asarray([math.nan if value is None else value for value in values], dtype=float)


def _rho(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Correlation of the ranks in each row of (r, n), (r,); NaN where a side is constant."""
    a, b = stats.rankdata(x, axis=1), stats.rankdata(y, axis=1)
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    spread = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(spread > 0, np.clip((a * b).sum(axis=1) / spread, -1.0, 1.0), np.nan)
