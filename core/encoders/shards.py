"""One shard of an embedding store: an Arrow IPC file with ``utterance_id`` and ``vector``, checked when it is read."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa

from core.files import atomic_path

SOURCE_BYTES = 8
"""Length of the digest of what a vector was made from (audio path and segment, or the transcript)."""

_CHECK, _SOURCES, _REPLACES = b"mirage.crc32", b"mirage.sources", b"mirage.replaces"


class DamagedShardError(Exception):
    """The file is truncated, altered or not a shard of this store; the message says which."""


class Shard:
    """The rows of one file, memory-mapped: what is not asked for is not read.

    Attributes:
        rows: how many there are.
        replaces: names of files whose rows this one holds as well; where it is there, they do not count.
    """

    def __init__(self, ids: pa.Array, vectors: np.ndarray, metadata: dict[bytes, bytes]) -> None:
        self.rows = len(ids)
        self.replaces = tuple(name for name in metadata.get(_REPLACES, b"").decode().split("\n") if name)
        self._ids = ids
        self._vectors = vectors
        self._metadata = metadata

    @cached_property
    def ids(self) -> list[str]:
        """The utterance ids (n)."""
        return self._ids.to_pylist()

    @cached_property
    def sources(self) -> list[bytes]:
        """What each vector was made from (n)."""
        joined = bytes.fromhex(self._metadata[_SOURCES].decode())
        return [joined[start : start + SOURCE_BYTES] for start in range(0, len(joined), SOURCE_BYTES)]

    @cached_property
    def vectors(self) -> np.ndarray:
        """(n, d), a view of the file; compared with its check sum before it is first given.

        Raises:
            DamagedShardError: the file was altered.
        """
        joined = bytes.fromhex(self._metadata[_SOURCES].decode())
        if int(self._metadata[_CHECK]) != _checksum(self.ids, self._vectors, joined):
            raise DamagedShardError("was altered")
        return self._vectors


def write_shard(
    path: Path, ids: Sequence[str], vectors: np.ndarray, sources: Sequence[bytes], replaces: Sequence[str] = ()
) -> None:
    """Writes a shard atomically.

    Args:
        path: the file.
        ids: utterance ids (n).
        vectors: (n, d) float16 or float32.
        sources: digests of ``SOURCE_BYTES`` bytes (n), kept in the schema's metadata: the columns are the contract's.
        replaces: names of the files that it stands for from now on.

    Raises:
        FailureError: the disk is full or the folder cannot be written.
    """
    vectors = np.ascontiguousarray(vectors)
    kind = pa.list_(pa.from_numpy_dtype(vectors.dtype), vectors.shape[1])
    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), type=kind)
    joined = b"".join(sources)
    metadata = {_SOURCES: joined.hex().encode(), _CHECK: str(_checksum(ids, vectors, joined)).encode()}
    if replaces:
        metadata[_REPLACES] = "\n".join(replaces).encode()
    schema = pa.schema(
        [pa.field("utterance_id", pa.string(), nullable=False), pa.field("vector", kind, nullable=False)],
        metadata=metadata,
    )
    batch = pa.record_batch([pa.array(list(ids), pa.string()), column], schema=schema)
    with (
        atomic_path(path) as temporary,
        pa.OSFile(str(temporary), "wb") as sink,
        pa.ipc.new_file(sink, schema) as writer,
    ):
        writer.write_batch(batch)


def read_shard(path: Path, dimension: int, dtype: str) -> Shard:
    """Opens a shard and compares all of it with its check sum.

    Raises:
        DamagedShardError: truncated, altered, or of another dimension or dtype.
    """
    shard = open_shard(path, dimension, dtype)
    _ = shard.vectors
    return shard


def open_shard(path: Path, dimension: int, dtype: str) -> Shard:
    """Opens a shard, memory-mapped, without reading its vectors.

    Raises:
        DamagedShardError: truncated, or of another dimension or dtype.
    """
    try:
        with pa.memory_map(str(path)) as source:
            reader = pa.ipc.open_file(source)
            table = reader.read_all()
        # Damaged offsets would be followed out of the file.
        table.validate(full=True)
        names = table.schema.names
        kind = pa.list_(pa.from_numpy_dtype(np.dtype(dtype)), dimension)
        if names != ["utterance_id", "vector"] or table.schema.field("vector").type != kind:
            raise DamagedShardError(f"does not hold {dimension} x {dtype} vectors")
        if table.num_rows == 0 or table.column("vector").num_chunks != 1:
            raise DamagedShardError("holds no rows")
        chunk = table.column("vector").chunk(0)
        vectors = chunk.flatten().to_numpy(zero_copy_only=True).reshape(-1, dimension)
        metadata = table.schema.metadata or {}
        if len(metadata[_SOURCES]) != 2 * SOURCE_BYTES * len(vectors) or table.num_rows != len(vectors):
            raise DamagedShardError("is incomplete")
        int(metadata[_CHECK])
        bytes.fromhex(metadata[_SOURCES].decode())
        return Shard(table.column("utterance_id").chunk(0), vectors, metadata)
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, UnicodeError) as error:
        raise DamagedShardError(f"cannot be read ({type(error).__name__})") from None


def _checksum(ids: Sequence[str], vectors: np.ndarray, sources: bytes) -> int:
    value = zlib.crc32("\n".join(ids).encode("utf-8"))
    value = zlib.crc32(sources, value)
    return zlib.crc32(vectors.reshape(-1).view(np.uint8).data, value)
