"""Joins the many small shards of a long run: a store of a quarter of a million rows opens at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.encoders.shards import Shard, read_shard, write_shard
from core.encoders.store import shard_files

MANY = 32
"""Fewer shards than that are left as they are."""

SHARD_BYTES = 16 << 20
"""Vectors of one joined shard: small enough to be compared with its check sum within milliseconds."""


def join_shards(folder: Path, dimension: int, dtype: str, free: int) -> int:
    """Joins neighbouring small shards; rows that a later one supersedes are left out. Gives the next free number.

    Killed at any point, nothing is lost and nothing counts twice: a joined shard names those it replaces, and readers
    and writers pass over these until they are removed.

    Args:
        folder: of the store, whose lock the caller holds.
        dimension, dtype: of the vectors.
        free: the lowest number that no shard of this store has had.

    Raises:
        DamagedShardError: a shard was altered since it was written.
        FailureError: the disk is full.
    """
    files = shard_files(folder)
    if len(files) < MANY:
        return free
    capacity = max(1, SHARD_BYTES // (dimension * np.dtype(dtype).itemsize))
    latest: dict[str, int] = {}
    sizes: list[int] = []
    for number, path in enumerate(files):
        shard = read_shard(path, dimension, dtype)
        sizes.append(shard.rows)
        latest.update(dict.fromkeys(shard.ids, number))
    for group in _groups(sizes, capacity):
        free += _join(folder, [(files[number], number) for number in group], latest, dimension, dtype, free)
    return free


def _groups(sizes: list[int], capacity: int) -> list[list[int]]:
    """Neighbours that fit into one shard together."""
    groups: list[list[int]] = []
    room = 0
    for number, size in enumerate(sizes):
        if not groups or size > room:
            groups.append([])
            room = capacity
        groups[-1].append(number)
        room -= size
    return [group for group in groups if len(group) > 1]


def _join(
    folder: Path, group: list[tuple[Path, int]], latest: dict[str, int], dimension: int, dtype: str, free: int
) -> int:
    """Writes one joined shard and removes its parts; gives how many numbers it took."""
    ids: list[str] = []
    sources: list[bytes] = []
    vectors: list[np.ndarray] = []
    for path, number in group:
        shard: Shard = read_shard(path, dimension, dtype)
        kept = [row for row, name in enumerate(shard.ids) if latest[name] == number]
        ids += [shard.ids[row] for row in kept]
        sources += [shard.sources[row] for row in kept]
        vectors.append(shard.vectors[kept])
    if ids:
        target = folder / f"shard-{free:05d}.arrow"
        write_shard(target, ids, np.concatenate(vectors), sources, replaces=[path.name for path, _ in group])
    for path, _ in group:
        path.unlink()
    return 1 if ids else 0
