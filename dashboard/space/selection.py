"""Which utterances are selected, and which one is picked: from the map's events, the table and the address."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dashboard.space.points import MapPoints


@dataclass(frozen=True)
class Selection:
    """Selected rows (sorted, without repeats) and the picked row, the one that is shown in full and heard."""

    rows: tuple[int, ...] = ()
    picked: int | None = None

    def within(self, visible: np.ndarray) -> Selection:
        """Without what the filters hide: ``visible`` is a mask (n,). A selection takes visible points only."""
        rows = self.rows
        if rows and (max(rows) >= len(visible) or not visible.all()):
            shown = set(np.flatnonzero(visible).tolist())
            rows = tuple(row for row in rows if row in shown)
        picked = self.picked if self.picked is not None and self.picked < len(visible) else None
        return Selection(rows, picked)


def row_of_id(points: MapPoints, utterance_id: str | None) -> int | None:
    """The row of an utterance id (from the address), or None where the run has no such utterance."""
    if not utterance_id:
        return None
    found = np.flatnonzero(points.table["utterance_id"].to_numpy() == utterance_id)
    return int(found[0]) if len(found) else None
