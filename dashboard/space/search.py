"""Filters and the search in transcripts, by words and by meaning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dashboard.space.colouring import PART_COLOURS
from dashboard.space.points import MapPoints

if TYPE_CHECKING:
    from core import LoadedRun

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


MEANING_MOST = 20
"""Transcripts that a search by meaning selects."""


def alike(run: LoadedRun, words: str, count: int = MEANING_MOST) -> tuple[int, ...]:
    """Rows whose text features point most nearly the same way as that of ``words``: what means alike in this space.

    Raises:
        BadInputError, FailureError: as ``LoadedRun.encode_text``.
    """
    if not words.strip():
        return ()
    wanted = run.encode_text([words])[0]
    assert run.t is not None
    rows = np.flatnonzero(run.has_text)
    features = run.t[rows]
    # By the angle: features lie on a sphere.
    closeness = features @ wanted / np.linalg.norm(features, axis=1).clip(1e-9)
    return tuple(sorted(rows[np.argsort(-closeness, kind="stable")[:count]].tolist()))


def matches(points: MapPoints, words: str) -> tuple[int, ...]:
    """Rows whose transcript contains ``words`` exactly as typed, upper and lower case being the same."""
    wanted = words.strip().casefold()
    if not wanted:
        return ()
    texts = points.table["text"]
    return tuple(row for row, text in enumerate(texts) if isinstance(text, str) and wanted in text.casefold())
