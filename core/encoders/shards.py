"""One shard of an embedding store: an Arrow IPC file with ``utterance_id`` and ``vector``, checked when it is read."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from core.files import atomic_path

SOURCE_BYTES = 8
"""Length of the digest of what a vector was made from (audio path and segment, or the transcript)."""

_CHECK, _SOURCES = b"mirage.crc32", b"mirage.sources"


class DamagedShardError(Exception):
    """The file is truncated, altered or not a shard of this store; the message says which."""


@dataclass(frozen=True)
class Shard:
    """The rows of one file; ``vectors`` (n, d) is a view of the memory-mapped file."""

    ids: list[str]
    vectors: np.ndarray
    sources: list[bytes]


def write_shard(path: Path, ids: Sequence[str], vectors: np.ndarray, sources: Sequence[bytes]) -> None:
    """Writes a shard atomically.

    Args:
        path: the file.
        ids: utterance ids (n).
        vectors: (n, d) float16 or float32.
        sources: digests of ``SOURCE_BYTES`` bytes (n), kept in the schema's metadata: the columns are the contract's.

    Raises:
        FailureError: the disk is full or the folder cannot be written.
    """
    vectors = np.ascontiguousarray(vectors)
    kind = pa.list_(pa.from_numpy_dtype(vectors.dtype), vectors.shape[1])
    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), type=kind)
    joined = b"".join(sources)
    schema = pa.schema(
        [pa.field("utterance_id", pa.string(), nullable=False), pa.field("vector", kind, nullable=False)],
        metadata={_SOURCES: joined.hex().encode(), _CHECK: str(_checksum(ids, vectors, joined)).encode()},
    )
    batch = pa.record_batch([pa.array(list(ids), pa.string()), column], schema=schema)
    with (
        atomic_path(path) as temporary,
        pa.OSFile(str(temporary), "wb") as sink,
        pa.ipc.new_file(sink, schema) as writer,
    ):
        writer.write_batch(batch)


def read_shard(path: Path, dimension: int, dtype: str) -> Shard:
    """Reads a shard, memory-mapped.

    Raises:
        DamagedShardError: truncated, altered, or of another dimension or dtype.
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
        ids = table.column("utterance_id").to_pylist()
        chunk = table.column("vector").chunk(0)
        vectors = chunk.flatten().to_numpy(zero_copy_only=True).reshape(-1, dimension)
        metadata = table.schema.metadata or {}
        joined = bytes.fromhex(metadata[_SOURCES].decode())
        if len(joined) != SOURCE_BYTES * len(ids) or len(vectors) != len(ids):
            raise DamagedShardError("is incomplete")
        if int(metadata[_CHECK]) != _checksum(ids, vectors, joined):
            raise DamagedShardError("was altered")
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, UnicodeError) as error:
        raise DamagedShardError(f"cannot be read ({type(error).__name__})") from None
    return Shard(ids, vectors, [joined[start : start + SOURCE_BYTES] for start in range(0, len(joined), SOURCE_BYTES)])


def _checksum(ids: Sequence[str], vectors: np.ndarray, sources: bytes) -> int:
    value = zlib.crc32("\n".join(ids).encode("utf-8"))
    value = zlib.crc32(sources, value)
    return zlib.crc32(vectors.reshape(-1).view(np.uint8).data, value)
