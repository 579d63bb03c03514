"""One shard of an embedding store: an Arrow IPC file with ``utterance_id`` and ``vector``, checked when it is read."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa

from core.files import atomic_path
from core.reading import open_plain

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
        # Never waits for a pipe.
        open_plain(path).close()
        with pa.memory_map(str(path)) as source:
            batch, metadata = _only_batch(source, dimension, dtype)
        # Damaged offsets would be followed out of the file.
        batch.validate(full=True)
        if not len(batch):
            raise DamagedShardError("holds no rows")
        vectors = batch.column(1).flatten().to_numpy(zero_copy_only=True).reshape(-1, dimension)
        if len(metadata[_SOURCES]) != 2 * SOURCE_BYTES * len(vectors) or len(batch) != len(vectors):
            raise DamagedShardError("is incomplete")
        if batch.column(0).null_count:
            raise DamagedShardError("has rows without an id")
        int(metadata[_CHECK])
        bytes.fromhex(metadata[_SOURCES].decode())
        return Shard(batch.column(0), vectors, metadata)
    except DamagedShardError:
        raise
    except Exception as error:
        # What a parser written in another language says of hostile bytes is no closed list.
        raise DamagedShardError(f"cannot be read ({type(error).__name__})") from None


def _only_batch(source: pa.NativeFile, dimension: int, dtype: str) -> tuple[pa.RecordBatch, dict[bytes, bytes]]:
    """The rows, as the file maps them, and the schema's metadata; types and packing are looked at before any value."""
    with pa.ipc.open_file(source) as reader:
        parts, schema = reader.num_record_batches, reader.schema
    kind = pa.list_(pa.from_numpy_dtype(np.dtype(dtype)), dimension)
    if schema.names != ["utterance_id", "vector"] or schema.types != [pa.string(), kind]:
        raise DamagedShardError(f"does not hold {dimension} x {dtype} vectors")
    if parts != 1:
        raise DamagedShardError("holds no rows")
    # The footer can point anywhere: what is read are the two messages at the beginning, as they were written.
    source.seek(8)
    first, second = pa.ipc.read_message(source), pa.ipc.read_message(source)
    if pa.ipc.read_schema(first) != schema or second.type != "record batch" or _packed(second.metadata.to_pybytes()):
        raise DamagedShardError("is not as MIRAGE writes it")
    return pa.ipc.read_record_batch(second, schema), schema.metadata or {}


def _packed(message: bytes) -> bool:
    """Whether a record batch names a compression: it could unpack to more than any memory holds."""
    # Flatbuffers: Message.header is field 2, RecordBatch.compression is field 3.
    header = _field(message, _number(message, 0, "<I"), 2)
    if header is None:
        raise DamagedShardError("is not as MIRAGE writes it")
    return _field(message, header + _number(message, header, "<I"), 3) is not None


def _field(message: bytes, table: int, index: int) -> int | None:
    """Where a table of a flatbuffer keeps a field, None where it leaves it out."""
    places = table - _number(message, table, "<i")
    slot = 4 + 2 * index
    if slot >= _number(message, places, "<H"):
        return None
    offset = _number(message, places + slot, "<H")
    return table + offset if offset else None


def _number(message: bytes, place: int, kind: str) -> int:
    return int(struct.unpack_from(kind, message, place)[0])


def _checksum(ids: Sequence[str], vectors: np.ndarray, sources: bytes) -> int:
    value = zlib.crc32("\n".join(ids).encode("utf-8"))
    value = zlib.crc32(sources, value)
    return zlib.crc32(vectors.reshape(-1).view(np.uint8).data, value)
