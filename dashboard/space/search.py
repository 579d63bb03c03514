"""Filters and the search in transcripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dashboard.space.colouring import PART_COLOURS
from dashboard.space.points import MapPoints

FILTERS: dict[str, str] = {"emotion": "Emotion", "speaker": "Speaker", "part": "Part"}
"""The columns that can be filtered and their labels."""


def values_of(points: MapPoints, column: str) -> list[str]:
    """The values of a column in a fixed order: emotions as in the run, parts as in training, the rest by name."""
    found = {str(value) for value in points.table[column].dropna().unique()}
    first = {"emotion": points.classes, "part": tuple(PART_COLOURS)}.get(column, ())
    return [name for name in first if name in found] + sorted(found - set(first))


def visible(points: MapPoints, wanted: Mapping[str, Sequence[str]]) -> np.ndarray:
    """Mask (n,) of the utterances that pass every filter; an empty filter lets everything pass."""
    mask = np.ones(len(points), dtype=bool)
    for column, values in wanted.items():
        if values:
            mask &= points.table[column].isin(list(values)).to_numpy()
    return mask


def matches(points: MapPoints, words: str) -> tuple[int, ...]:
    """Rows whose transcript contains ``words`` exactly as typed, upper and lower case being the same."""
    wanted = words.strip().casefold()
    if not wanted:
        return ()
    texts = points.table["text"]
    return tuple(row for row, text in enumerate(texts) if isinstance(text, str) and wanted in text.casefold())
