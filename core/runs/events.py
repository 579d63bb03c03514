"""``events.jsonl``: one measured value a line, append only."""

from __future__ import annotations

import json
import math
import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd

COLUMNS = ("time", "stage", "step", "name", "value")
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
    that cannot be read (the end of a killed write) are left out. No file gives an empty table.
    """
    return EventReader(folder).table()


class EventReader:
    """The values of a run that goes on: each look reads only the lines that were written since the last one.

    Threads may share it.
    """

    def __init__(self, folder: str | Path) -> None:
        self._path = Path(folder) / "events.jsonl"
        self._lock = threading.Lock()
        self._begins, self._end = b"", 0
        self._last: dict[tuple[str, str], int] = {}
        self._table = _frame([])

    def table(self) -> pd.DataFrame:
        """As ``read_events``; the same object as long as nothing was written. Not to be changed."""
        with self._lock:
            try:
                with self._path.open("rb") as file:
                    self._read_on(file)
            except FileNotFoundError:
                self._forget()
            return self._table

    def _read_on(self, file: BinaryIO) -> None:
        # Another run of that name, or a file that was cut: what was read is not in it. Lines begin with their time.
        if file.read(len(self._begins)) != self._begins or os.fstat(file.fileno()).st_size < self._end:
            self._forget()
        file.seek(self._end)
        rows = []
        for line in file:
            if not line.endswith(b"\n"):
                break
            if not self._end:
                self._begins = line[:_BEGINNING]
            self._end += len(line)
            row = _row(line)
            if row is not None:
                rows.append(row)
        if rows:
            self._add(rows)

    def _add(self, rows: list[list[Any]]) -> None:
        again = False
        for _, stage, step, name, _ in rows:
            again |= step <= self._last.get((stage, name), -1)
            self._last[stage, name] = step
        table = _frame(rows)
        if len(self._table):
            table = pd.concat([self._table, table], ignore_index=True)
        if again:
            table = table.drop_duplicates(["stage", "step", "name"], keep="last").reset_index(drop=True)
        self._table = table

    def _forget(self) -> None:
        self._begins, self._end, self._last, self._table = b"", 0, {}, _frame([])


def _frame(rows: list[list[Any]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype({"time": "float64", "stage": "str", "step": "int64", "name": "str", "value": "float64"})


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
