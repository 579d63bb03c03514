"""Writes an embedding store: one process at a time, shard by shard, going on where the last one ended."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from core.encoders.joining import join_shards
from core.encoders.shards import DamagedShardError, read_shard, write_shard
from core.encoders.store import FORMAT, META, read_meta, shard_files
from core.errors import BadInputError, FailureError
from core.files import write_json

ROWS, SECONDS = 512, 15.0
"""A shard is written after so many rows or so many seconds: that much work is lost at most."""

_IDENTITY = (
    "modality",
    "model_type",
    "weights_sha256",
    "layer",
    "pooling",
    "precision",
    "dimension",
    "dtype",
    "sampling_rate",
)
_USUAL = {"precision": "float32"}  # of stores that do not say


class StoreWriter:
    """Appends rows to a store; a context manager that holds the store's lock.

    On entry, leftovers of an interrupted write are removed and damaged shards dropped: their rows count as not done.

    Attributes:
        done: utterance id -> digest of what its vector was made from.
        before: meta.json as it was found; empty for a new store.
        dropped: names of the damaged shards that were removed.
    """

    def __init__(self, folder: Path, meta: dict[str, Any]) -> None:
        self.folder = folder
        self.meta = {"format": FORMAT, **meta}
        self.done: dict[str, bytes] = {}
        self.dropped: list[str] = []
        self.before: dict[str, Any] = {}
        self._rows: list[tuple[str, bytes, np.ndarray]] = []
        self._next = 0
        self._changes: dict[str, int] | None = None
        self._written = time.monotonic()

    def __enter__(self) -> StoreWriter:
        """Takes the lock and reads what is there.

        Raises:
            BadInputError: the folder holds vectors of other weights, layer, pooling or dtype.
            FailureError: another process writes this store, or the folder cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(str(self.folder / ".lock"))
            self._lock.acquire(timeout=0)
        except Timeout:
            raise FailureError(
                f"{self.folder}: another process is embedding into this store; wait for it or stop it"
            ) from None
        except OSError as error:
            raise FailureError(f"{self.folder}: cannot be written ({error.strerror})") from None
        try:
            self._take_over()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            # What is computed is kept, however the work ended; a second disk fault would hide the first.
            if not isinstance(error, FailureError):
                self.flush()
        finally:
            self._lock.release()

    def expect(self, names: Iterable[str]) -> None:
        """Says which utterances the corpus has now, to count how it changed since the store was finished."""
        if self.before.get("complete"):
            wanted = set(names)
            known = self.done.keys() | {problem["utterance_id"] for problem in self.before.get("problems") or []}
            self._changes = {"new": len(wanted - known), "changed": 0, "gone": len(self.done.keys() - wanted)}

    def append(self, utterance: str, source: bytes, vector: np.ndarray) -> None:
        """Adds one row, (d,)."""
        if self._changes is not None and utterance in self.done:
            self._changes["changed"] += 1
        self._rows.append((utterance, source, vector))
        self.done[utterance] = source

    def flush_if_due(self) -> None:
        """Writes a shard where enough rows or seconds have come together."""
        if len(self._rows) >= ROWS or time.monotonic() - self._written > SECONDS:
            self.flush()

    def flush(self) -> None:
        """Writes the rows that are waiting.

        Raises:
            FailureError: the disk is full.
        """
        if self._rows:
            path = self.folder / f"shard-{self._next:05d}.arrow"
            ids, sources, vectors = zip(*self._rows, strict=True)
            write_shard(path, ids, np.stack(vectors), sources)
            self._next += 1
            self._rows = []
        self._written = time.monotonic()

    def finish(self, *, complete: bool, problems: list[dict[str, str]]) -> None:
        """Writes the last shard and how the work ended; a finished store of many small shards is joined."""
        self.flush()
        if complete:
            try:
                self._next = join_shards(self.folder, self.meta["dimension"], self.meta["dtype"], self._next)
            except DamagedShardError as error:
                raise FailureError(
                    f"{self.folder}: a shard {error} while it was in use; run the same command again"
                ) from None
        self.meta |= {"complete": complete, "rows": len(self.done), "problems": problems}
        if self._changes is not None and any(self._changes.values()):
            self.meta["changes"] = self._changes
        write_json(self.folder / META, self.meta)

    def _take_over(self) -> None:
        for leftover in self.folder.glob(".*.tmp"):
            leftover.unlink(missing_ok=True)
        shards = shard_files(self.folder)
        self._next = 1 + max((int(path.stem.split("-")[1]) for path in shards), default=-1)
        if not (self.folder / META).exists():
            if shards:
                raise BadInputError(
                    f"{self.folder}: shards without {META}; remove the folder and run the command again"
                )
        else:
            before = read_meta(self.folder)
            refuse_other(self.folder, before, self.meta)
            self.before = before
        sources: dict[str, dict[str, bytes]] = {}
        replaced: set[str] = set()
        for path in shards:
            try:
                shard = read_shard(path, self.meta["dimension"], self.meta["dtype"])
            except DamagedShardError:
                path.unlink()
                self.dropped.append(path.name)
                continue
            replaced.update(shard.replaces)
            sources[path.name] = dict(zip(shard.ids, shard.sources, strict=True))
        for name, rows in sources.items():
            if name in replaced:  # killed between the joined shard and the removal of its parts
                (self.folder / name).unlink()
            else:
                self.done.update(rows)
        self.meta |= {"complete": False, "rows": len(self.done), "problems": []}
        write_json(self.folder / META, self.meta)


def refuse_other(folder: Path, before: dict[str, Any], meta: dict[str, Any]) -> None:
    """Refuses to mix vectors of two kinds in one store.

    Raises:
        BadInputError: ``before``, what is there, and ``meta``, what is to come, differ in what makes a vector.
    """
    for key in _IDENTITY:
        old, new = (said.get(key, _USUAL.get(key)) for said in (before, meta))
        if old != new:
            remedy = f"give --{key} {old} to go on with it, or " if key in ("precision", "dtype") else ""
            raise BadInputError(
                f"{folder}: holds vectors with {key} {_short(old)}, not {_short(new)}; {remedy}remove the folder to "
                "make them anew"
            )


def _short(value: Any) -> str:
    text = str(value)
    return text[:12] + "..." if len(text) > 40 else text
