"""``events.jsonl``: one measured value a line, append only."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import pandas as pd

COLUMNS = ("time", "stage", "step", "name", "value")


class EventLog:
    """Appends values; whole lines at once, so that a reader never sees half of one that matters."""

    def __init__(self, folder: Path) -> None:
        path = folder / "events.jsonl"
        torn = path.is_file() and path.stat().st_size > 0 and not _ends_line(path)
        self._file: IO[bytes] = path.open("ab")
        if torn:
            # The process before was killed inside a line: close it, the reader leaves it out.
            self._file.write(b"\n")

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
            self._file.write(("\n".join(lines) + "\n").encode())
            self._file.flush()

    def close(self) -> None:
        """Flushes to the disk and closes."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()


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
                try:
                    row = json.loads(line)
                    rows.append([row[column] for column in COLUMNS])
                except (ValueError, KeyError, TypeError):
                    continue
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table = table.astype({"time": "float64", "stage": "str", "step": "int64", "name": "str", "value": "float64"})
    return table.drop_duplicates(["stage", "step", "name"], keep="last").reset_index(drop=True)


def _ends_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
