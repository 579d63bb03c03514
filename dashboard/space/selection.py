"""Which utterances are selected, and which one is picked: from the map's events, the table and the address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dashboard.space.points import MapPoints

MOST_PAIRS = 300
"""Pairs joined by lines; more would hide the points."""


@dataclass(frozen=True)
class Selection:
    """Selected rows (sorted, without repeats) and the picked row, the one that is shown in full and heard."""

    rows: tuple[int, ...] = ()
    picked: int | None = None

    def within(self, visible: np.ndarray) -> Selection:
        """Without what the filters hide: ``visible`` is a mask (n,). A selection takes visible points only."""
        rows = tuple(row for row in self.rows if row < len(visible) and visible[row])
        picked = self.picked if self.picked is not None and self.picked < len(visible) else None
        return Selection(rows, picked)


def selected_by(event: Mapping[str, Any] | None, series: str, row_of: np.ndarray) -> tuple[int, ...]:
    """The rows in a chart's selection event, sorted, without repeats.

    ``row_of`` (points,) gives the row of each point of the chart's series ``series``. An event is what a browser sent:
    indices that the chart does not have are dropped.
    """
    groups = ((event or {}).get("selection") or {}).get("selected") or []
    found: set[int] = set()
    for group in groups:
        if group.get("series_id") == series:
            indices = [i for i in group.get("data_indices", []) if isinstance(i, int) and 0 <= i < len(row_of)]
            found.update(int(row) for row in row_of[indices])
    return tuple(sorted(found))


def after_map(before: Selection, rows: tuple[int, ...]) -> Selection:
    """The selection after the map reported ``rows``: one that is new and alone was clicked, so it is picked.

    >>> after_map(Selection((1, 2), None), (1, 2, 7)).picked
    7
    >>> after_map(Selection((), 3), (4, 5)).picked is None
    True
    """
    added = set(rows) - set(before.rows)
    if len(added) == 1:
        return Selection(rows, next(iter(added)))
    if len(rows) == 1:
        return Selection(rows, rows[0])
    return Selection(rows, before.picked if before.picked in rows else None)


def pair_lines(points: MapPoints, rows: Iterable[int]) -> tuple[list[list[list[float]]], int]:
    """Lines from the audio to the text place of each of ``rows`` that has both, and how many were left out."""
    both = [row for row in rows if np.isfinite(points.audio[row]).all() and np.isfinite(points.text[row]).all()]
    lines = [[_place(points.audio[row]), _place(points.text[row])] for row in both[:MOST_PAIRS]]
    return lines, max(0, len(both) - MOST_PAIRS)


def row_of_id(points: MapPoints, utterance_id: str | None) -> int | None:
    """The row of an utterance id (from the address), or None where the run has no such utterance."""
    if not utterance_id:
        return None
    found = np.flatnonzero(points.table["utterance_id"].to_numpy() == utterance_id)
    return int(found[0]) if len(found) else None


def _place(point: np.ndarray) -> list[float]:
    return [round(float(point[0]), 4), round(float(point[1]), 4)]
