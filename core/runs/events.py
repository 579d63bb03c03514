"""``events.jsonl``: one measured value a line, append only."""

from __future__ import annotations

import json
import math
import os
import time
from array import array
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd

from core.reading import open_plain

COLUMNS = ("time", "stage", "step", "name", "value")
MOST_BYTES = 64 << 20
"""Of a longer ``events.jsonl``, so many bytes from its end are read: some 600,000 values."""

_LONGEST_LINE, _LONGEST_NAME, _MOST_WORDS = 4096, 200, 10_000


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
    that cannot be read (the end of a killed write) are left out, and of a file of more than 64 MiB the beginning. No
    file gives an empty table.

    Raises:
        BadInputError: it is no plain file, or must not be read.
    """
    path = Path(folder) / "events.jsonl"
    # Column by column, and each word once: a row of Python's own objects takes ten times the memory of its line.
    times, steps, values = array("d"), array("q"), array("d")
    words: dict[str, int] = {}
    stages, names = array("q"), array("q")
    if path.exists():
        with open_plain(path) as lines:
            size = os.fstat(lines.fileno()).st_size
            if size > MOST_BYTES:
                lines.seek(size - MOST_BYTES)
                _rest_of_line(lines)
            while line := lines.readline(_LONGEST_LINE):
                if not line.endswith(b"\n"):
                    if len(line) < _LONGEST_LINE:
                        break
                    _rest_of_line(lines)
                    continue
                row = _row(line)
                if row is None or (len(words) > _MOST_WORDS and not {row[1], row[3]} <= words.keys()):
                    continue
                times.append(row[0])
                stages.append(words.setdefault(row[1], len(words)))
                steps.append(row[2])
                names.append(words.setdefault(row[3], len(words)))
                values.append(row[4])
    said = np.asarray(list(words), dtype=object)
    table = pd.DataFrame(
        {
            "time": np.array(times, dtype=np.float64),
            "stage": pd.Series(said[np.array(stages, dtype=np.int64)] if words else [], dtype="str"),
            "step": np.array(steps, dtype=np.int64),
            "name": pd.Series(said[np.array(names, dtype=np.int64)] if words else [], dtype="str"),
            "value": np.array(values, dtype=np.float64),
        }
    )
    return table.drop_duplicates(["stage", "step", "name"], keep="last").reset_index(drop=True)


def _rest_of_line(lines: IO[bytes]) -> None:
    """Goes to the next line, however long this one is."""
    while (piece := lines.readline(_LONGEST_LINE)) and not piece.endswith(b"\n"):
        pass


def _row(line: bytes) -> tuple[float, str, int, str, float] | None:
    """The values of one line in the order of ``COLUMNS``, None where it is damaged."""
    try:
        content = json.loads(line)
        when, stage, step, name, value = (content[column] for column in COLUMNS)
        good = isinstance(when, int | float) and isinstance(value, int | float | None)
        good = good and isinstance(step, int) and abs(step) < 2**63
        good = good and all(isinstance(word, str) and len(word) <= _LONGEST_NAME for word in (stage, name))
        if not good:
            return None
        # Half surrogates are no text.
        (stage + name).encode("utf-8")
        number = math.nan if value is None else float(value)
        return float(when), stage, step, name, number if math.isfinite(number) else math.nan
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return None


def _ends_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
