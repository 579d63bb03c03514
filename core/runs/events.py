"""``events.jsonl``: one measured value a line, append only."""

from __future__ import annotations

import json
import math
import os
import threading
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
_BEGINNING = 100
"""Bytes by which a reader knows the file again."""


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
    return EventReader(folder).table()


class EventReader:
    """The values of a run that goes on: each look reads only the lines that were written since the last one.

    Threads may share it.
    """

    def __init__(self, folder: str | Path) -> None:
        self._path = Path(folder) / "events.jsonl"
        self._lock = threading.Lock()
        self._begins, self._end, self._again = b"", 0, False
        self._last: dict[tuple[int, int], int] = {}
        self._words: dict[str, int] = {}
        self._table = _Rows().table({})

    def table(self) -> pd.DataFrame:
        """As ``read_events``; the same object as long as nothing was written. Not to be changed."""
        with self._lock:
            if self._path.exists():
                with open_plain(self._path) as file:
                    self._read_on(file)
            else:
                self._forget()
            return self._table

    def _read_on(self, file: IO[bytes]) -> None:
        size = os.fstat(file.fileno()).st_size
        # Another run of that name, or a file that was cut: what was read is not in it. Lines begin with their time.
        if size < self._end or file.read(len(self._begins)) != self._begins:
            self._forget()
        if not self._end:
            file.seek(0)
            self._begins = file.read(_BEGINNING)
        if size - self._end > MOST_BYTES:
            begins = self._begins
            self._forget()
            self._begins = begins
            file.seek(size - MOST_BYTES)
            _rest_of_line(file)
            self._end = file.tell()
        file.seek(self._end)
        rows = _Rows()
        while line := file.readline(_LONGEST_LINE):
            if not line.endswith(b"\n"):
                if len(line) < _LONGEST_LINE:
                    break
                _rest_of_line(file)
            elif (row := _row(line)) is not None:
                self._take(row, rows)
            self._end = file.tell()
        if len(rows.times):
            self._add(rows.table(self._words))

    def _take(self, row: tuple[float, str, int, str, float], rows: _Rows) -> None:
        when, stage, step, name, value = row
        if len(self._words) > _MOST_WORDS and not {stage, name} <= self._words.keys():
            return
        stage_word, name_word = (self._words.setdefault(word, len(self._words)) for word in (stage, name))
        rows.add(when, stage_word, step, name_word, value)
        self._again |= step <= self._last.get((stage_word, name_word), -1)
        self._last[stage_word, name_word] = step

    def _add(self, table: pd.DataFrame) -> None:
        if len(self._table):
            table = pd.concat([self._table, table], ignore_index=True)
        if self._again:
            table = table.drop_duplicates(["stage", "step", "name"], keep="last").reset_index(drop=True)
            self._again = False
        self._table = table

    def _forget(self) -> None:
        self._begins, self._end, self._again = b"", 0, False
        self._last, self._words, self._table = {}, {}, _Rows().table({})


class _Rows:
    """Lines as columns, and each word once: a row of Python's own objects takes ten times the memory of its line."""

    def __init__(self) -> None:
        self.times, self.steps, self.values = array("d"), array("q"), array("d")
        self.stages, self.names = array("q"), array("q")

    def add(self, when: float, stage: int, step: int, name: int, value: float) -> None:
        self.times.append(when)
        self.stages.append(stage)
        self.steps.append(step)
        self.names.append(name)
        self.values.append(value)

    def table(self, words: Mapping[str, int]) -> pd.DataFrame:
        said = np.asarray(list(words), dtype=object)
        return pd.DataFrame(
            {
                "time": np.array(self.times, dtype=np.float64),
                "stage": pd.Series(said[np.array(self.stages, dtype=np.int64)] if words else [], dtype="str"),
                "step": np.array(self.steps, dtype=np.int64),
                "name": pd.Series(said[np.array(self.names, dtype=np.int64)] if words else [], dtype="str"),
                "value": np.array(self.values, dtype=np.float64),
            }
        )


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
