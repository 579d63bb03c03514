"""``events.jsonl``: one measured value a line, append only."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

COLUMNS = ("time", "stage", "step", "name", "value")


class EventLog:
    """Appends values; whole lines at once, so that a reader never sees half of one that matters."""

    def __init__(self, folder: Path) -> None:
        path = folder / "events.jsonl"
        torn = path.is_file() and path.stat().st_size > 0 and not _ends_line(path)
        # Unbuffered: what a full disk refuses is told at once, and not once more when the file is given back.
        self._file = path.open("ab", buffering=0)
        if torn:
            # The process before was killed inside a line: close it, the reader leaves it out.
            self._append(b"\n")

    def write(self, stage: str, step: int, values: Mapping[str, float]) -> None:
        """One line for each value. NaN and infinity are written as null: reported, never drawn."""
        now = time.time()
        lines = [
            json.dumps(
                {
                    "time": now,
                    "stage": stage,
                    "step": step,
                    "name": name,
                    "value": value if math.isfinite(value) else None,
                }
            )
            for name, value in values.items()
        ]
        if lines:
            self._append(("\n".join(lines) + "\n").encode())

    def close(self) -> None:
        """Sees that all is on the disk, and closes."""
        with self._file:
            os.fsync(self._file.fileno())

    def _append(self, content: bytes) -> None:
        rest = memoryview(content)
        while rest:
            rest = rest[self._file.write(rest) :]


def read_events(folder: str | Path) -> pd.DataFrame:
    """The values of a run, in order: columns time (s since the epoch), stage, step, name, value.

    A run that was killed and resumed repeats some steps: for each stage, step and name the last value counts. Lines
    that cannot be read (the end of a killed write) are left out. No file gives an empty table.
    """
    path = Path(folder) / "events.jsonl"
    rows = []
    if path.is_file():
        with path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                row = _row(line)
                if row is not None:
                    rows.append(row)
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table = table.astype({"time": "float64", "stage": "str", "step": "int64", "name": "str", "value": "float64"})
    return table.drop_duplicates(["stage", "step", "name"], keep="last").reset_index(drop=True)


def _row(line: bytes) -> list[Any] | None:
    """The values of one line in the order of ``COLUMNS``, None where it is damaged."""
    try:
        content = json.loads(line)
        row = [content[column] for column in COLUMNS]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    when, stage, step, name, value = row
    good = isinstance(when, int | float) and isinstance(stage, str) and isinstance(name, str)
    good = good and isinstance(step, int) and abs(step) < 2**63 and isinstance(value, int | float | None)
    return row if good else None


def _ends_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
