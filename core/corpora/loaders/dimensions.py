"""Arousal, valence and dominance of a table, on whatever scale it has them, become numbers from 0 to 1."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from core.corpora.drafts import Row
from core.corpora.table import DIMENSIONS
from core.errors import BadInputError

# A few values outside are mistakes; more of them, and the whole column is on another scale.
_FEW = 0.05
_HIGHEST = (1, 5, 7, 9, 10, 100)


def check_scale(name: str, scale: tuple[float, float]) -> tuple[float, float]:
    """The lowest and highest value of a dimension as floats.

    Raises:
        BadInputError: no such dimension, or not two different numbers.
    """
    low, high = scale
    if name not in DIMENSIONS:
        raise BadInputError(f"--scale {name}: choose {', '.join(DIMENSIONS)}")
    if not abs(low) < 1e9 or not abs(high) < 1e9 or low == high:
        raise BadInputError(f"--scale {name}={low:g}:{high:g}: give two different numbers")
    return float(low), float(high)


def rescale(rows: Sequence[Row], scales: Mapping[str, tuple[float, float]]) -> list[str]:
    """Replaces the cells of the dimensions, texts as they were written, by numbers from 0 to 1 or None.

    A value outside its scale is left empty, its row stays. Where no scale was told and more than one value in twenty
    lies outside 0 to 1, the column is on another scale: then all of it is left empty, for a 1 would be the highest
    value of one scale and the lowest of the other.

    Returns:
        At most one remark, on everything that was left empty.
    """
    told: list[str] = []
    wanted: list[str] = []
    for name in DIMENSIONS:
        cells = [(row, row.values[name]) for row in rows if row.values.get(name) is not None]
        numbers = [_number(cell) for _, cell in cells]
        low, high = scales.get(name, (0.0, 1.0))
        shares = [(number - low) / (high - low) for number in numbers]
        inside = [-1e-9 <= share <= 1 + 1e-9 for share in shares]
        known = [number for number in numbers if number == number]
        outside = len(known) - sum(inside)
        foreign = name not in scales and outside > _FEW * len(known)
        for (row, _), share, good in zip(cells, shares, inside, strict=True):
            row.values[name] = min(1.0, max(0.0, share)) if good and not foreign else None
        if outside:
            all_of_it = ", all left empty" if foreign else ""
            span = f"from {min(known):g} to {max(known):g}"
            told.append(f"{name} ({outside:,} of {len(known):,} outside {low:g} to {high:g}, {span}{all_of_it})")
            wanted.append(f"{name}={_guess(known)}")
        if len(known) < len(numbers):
            told.append(f"{name} ({len(numbers) - len(known):,} are no numbers)")
    if not told:
        return []
    say = f"; say the scale: --scale {','.join(wanted)}" if wanted else ""
    return [f"values were left empty: {', '.join(told)}{say}"]


def _number(cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        return math.nan
    return value if abs(value) < 1e9 else math.nan


def _guess(values: Sequence[float]) -> str:
    """The usual scale that these lie on, or else from the lowest to the highest of them.

    >>> _guess([1.5, 4.8]), _guess([1, 7]), _guess([-0.5, 0.9]), _guess([0, 900])
    ('1:5', '1:7', '-1:1', '0:900')
    """
    lowest, highest = min(values), max(values)
    low = 1 if lowest >= 1 else 0 if lowest >= 0 else math.floor(lowest)
    high = next((top for top in _HIGHEST if highest <= top and top > low), math.ceil(highest))
    return f"{low}:{high}"
