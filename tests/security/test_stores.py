"""Embedding stores and utterance tables from somebody else: shards that lie, paths that lead out of the corpus."""

from __future__ import annotations

import io
import json
import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

from core.corpora import Corpus, build_table, load_corpus, save_corpus
from core.encoders import Embeddings
from core.encoders.shards import write_shard
from core.errors import BadInputError
from core.workspace import Workspace

from .conftest import Refused

WIDTH = 4


@pytest.fixture
def store(tmp_path: Path) -> Path:
    folder = tmp_path / "m@3-mean"
    folder.mkdir()
    write_shard(folder / "shard-00000.arrow", ["a", "b"], np.ones((2, WIDTH), np.float32), [b"12345678"] * 2)
    describe(folder)
    assert len(Embeddings.open(folder)) == 2
    return folder


def describe(folder: Path, **changes: Any) -> None:
    meta = {
        "modality": "audio",
        "encoder": "x/y",
        "dimension": WIDTH,
        "dtype": "float32",
        "format": 1,
        "complete": True,
    }
    (folder / "meta.json").write_text(json.dumps({**meta, **changes}))


def shard(ids: pa.Array, vectors: pa.Array, count: int, compression: str | None = None, **more: bytes) -> bytes:
    metadata = {b"mirage.sources": b"00" * 8 * count, b"mirage.crc32": b"0"}
    metadata |= {f"mirage.{key}".encode(): value for key, value in more.items()}
    schema = pa.schema([("utterance_id", ids.type), ("vector", vectors.type)], metadata=metadata)
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_batch(pa.record_batch([ids, vectors], schema=schema))
    return sink.getvalue()


def vectors(count: int, kind: pa.DataType | None = None) -> pa.Array:
    values = pa.array(np.zeros(count * WIDTH, np.float32))
    return pa.FixedSizeListArray.from_arrays(values, WIDTH) if kind is None else pa.array([None] * count, kind)


@pytest.mark.parametrize("compression", ["zstd", "lz4"])
def test_a_shard_that_unpacks_to_much(store: Path, refused: Refused, compression: str) -> None:
    count = 2_000_000
    ids = pa.array(np.full(count, "a"))
    content = shard(ids, vectors(count), 1, compression)
    del ids
    assert len(content) < 10_000_000
    (store / "shard-00000.arrow").write_bytes(content)
    del content
    refused(lambda: Embeddings.open(store), "is not as MIRAGE writes it")


ODD: dict[str, Any] = {
    "other types": lambda: shard(pa.array([1, 2]), vectors(2), 2),
    "wider": lambda: shard(pa.array(["a", "b"]), vectors(2, pa.list_(pa.float32(), 7)), 2),
    "variable lists": lambda: shard(pa.array(["a", "b"]), vectors(2, pa.list_(pa.float32())), 2),
    "a dictionary": lambda: shard(pa.array(["a", "b"]).dictionary_encode(), vectors(2), 2),
    "ids missing": lambda: shard(pa.array(["a", None]), vectors(2), 2),
    "vectors missing": lambda: shard(pa.array(["a", "b"]), pa.array([None, None], pa.list_(pa.float32(), WIDTH)), 2),
    "sources too few": lambda: shard(pa.array(["a", "b"]), vectors(2), 1),
    "sources no digits": lambda: shard(pa.array(["a", "b"]), vectors(2), 2, sources=b"zz" * 16),
    "no sum": lambda: shard(pa.array(["a", "b"]), vectors(2), 2, crc32=b"\xff"),
    "a sum of 10**5000": lambda: shard(pa.array(["a", "b"]), vectors(2), 2, crc32=b"9" * 5000),
    "replaces no text": lambda: shard(pa.array(["a", "b"]), vectors(2), 2, replaces=b"\xff"),
    "no rows": lambda: shard(pa.array([], pa.string()), vectors(0), 0),
    "nothing": lambda: b"",
    "magic alone": lambda: b"ARROW1\0\0ARROW1",
    "a footer of 2**31": lambda: b"ARROW1\0\0" + bytes(64) + b"\xff\xff\xff\x7fARROW1",
    "an altered vector": lambda: shard(pa.array(["a", "b"]), vectors(2), 2),
}


@pytest.mark.parametrize("kind", ODD)
def test_shards(store: Path, refused: Refused, kind: str) -> None:
    (store / "shard-00000.arrow").unlink()
    (store / "shard-00000.arrow").write_bytes(ODD[kind]())
    refused(lambda: Embeddings.open(store).vectors, "shard")


def test_ids_of_a_shard(store: Path) -> None:
    ids = ["../../etc/passwd", "a\0b\x1b[2J\u202e"]
    write_shard(store / "shard-00000.arrow", ids, np.ones((2, WIDTH), np.float32), [b"12345678"] * 2)
    # An id is a key, never a way.
    assert Embeddings.open(store).ids == ids


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "gone"])
def test_a_shard_that_is_no_file(store: Path, refused: Refused, kind: str) -> None:
    file = store / "shard-00000.arrow"
    file.unlink()
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "folder":
        file.mkdir()
    else:
        file.symlink_to("/dev/zero" if kind == "device" else "gone")
    refused(lambda: Embeddings.open(store), "shard")


@pytest.mark.parametrize(
    "change",
    [{"dimension": size} for size in (0, -1, 10**12, 10**30, 1.5, True, "4", None)]
    + [{"dtype": kind} for kind in ("object", "O", "float64", "<f4,<f4", 3)]
    + [{"problems": value} for value in (3, ["x"], [{"reason": 3}], {"a": 1})]
    + [{"changes": value} for value in ([1], {"new": "x"}, 3)]
    + [{"complete": "yes"}, {"rows": []}, {"encoder": None}, {"modality": []}, {"format": 99}],
    ids=str,
)
def test_what_a_store_says_of_itself(store: Path, refused: Refused, change: dict[str, Any]) -> None:
    describe(store, **change)
    refused(lambda: Embeddings.open(store), "meta.json")


@pytest.fixture
def corpus(tmp_path: Path, workspace: Workspace) -> Path:
    """A corpus of one clip, and a secret recording beside its folder."""
    root = tmp_path / "corpus"
    root.mkdir()
    for path in (root / "a.wav", tmp_path / "secret.wav"):
        soundfile.write(path, np.sin(np.arange(4000) / 9), 16_000)
    save_corpus(Corpus("c", root, build_table([{"utterance_id": "a", "audio": "a.wav"}]), {}), workspace)
    assert len(load_corpus("c", workspace).waveform(0)) == 4000
    return root


WAYS = [
    "../secret.wav",
    "/etc/passwd",
    "{}/secret.wav",
    "x/../../secret.wav",
    "..\\secret.wav",
    "C:\\secret.wav",
    "a\0.wav",
    "",
]


@pytest.mark.parametrize("audio", WAYS)
def test_paths_of_clips(corpus: Path, workspace: Workspace, tmp_path: Path, refused: Refused, audio: str) -> None:
    file = workspace.corpus_file("c")
    table = pq.read_table(file)
    table = table.set_column(1, "audio", pa.array([audio.format(tmp_path)]))
    pq.write_table(table, file)
    refused(lambda: load_corpus("c", workspace).waveform(0), "path")


@pytest.mark.parametrize("deep", [False, True])
def test_links_out_of_a_corpus(
    corpus: Path, workspace: Workspace, tmp_path: Path, deep: bool, refused: Refused
) -> None:
    if deep:
        (corpus / "d").symlink_to(tmp_path)
    else:
        (corpus / "d").mkdir()
        (corpus / "d" / "secret.wav").symlink_to(tmp_path / "secret.wav")
    table = build_table([{"utterance_id": "a", "audio": "d/secret.wav"}])
    save_corpus(Corpus("c", corpus, table, {}), workspace)
    refused(lambda: load_corpus("c", workspace).waveform(0), "a link leads out of the folder")


def test_a_clip_that_is_a_pipe_or_gone(corpus: Path, workspace: Workspace, refused: Refused) -> None:
    (corpus / "a.wav").unlink()
    os.mkfifo(corpus / "a.wav")
    refused(lambda: load_corpus("c", workspace).waveform(0), "the audio file is missing")


ROOTS: list[Any] = ["\0", "x" * 5000, 3, None, ["/"], "~", ""]


@pytest.mark.parametrize("root", ROOTS, ids=lambda root: str(root)[:9].encode("unicode_escape").decode())
def test_what_a_table_says_of_itself(corpus: Path, workspace: Workspace, refused: Refused, root: Any) -> None:
    file = workspace.corpus_file("c")
    table = pq.read_table(file)
    said = json.loads(table.schema.metadata[b"mirage"])
    pq.write_table(table.replace_schema_metadata({b"mirage": json.dumps({**said, "root": root}).encode()}), file)
    refused(lambda: load_corpus("c", workspace).waveform(0))
    for wrong in ({"problems": 3}, {"scales": []}, {"seconds": "x"}, {"audio_allowed": "no"}, {"title": {}}):
        pq.write_table(table.replace_schema_metadata({b"mirage": json.dumps({**said, **wrong}).encode()}), file)
        refused(lambda: load_corpus("c", workspace), "in its metadata")
    for text in (b"[" * 5000, b"\xff", b"{}", b"NaN", b'{"root": "/", "root": "/etc"}'):
        pq.write_table(table.replace_schema_metadata({b"mirage": text}), file)
        refused(lambda: load_corpus("c", workspace))


def test_many_rows_in_few_bytes(corpus: Path, workspace: Workspace, refused: Refused) -> None:
    file = workspace.corpus_file("c")
    schema = pq.read_schema(file)
    rows = 1_000_000
    columns = [pa.nulls(rows) if pa.types.is_nested(field.type) else pa.nulls(rows, field.type) for field in schema]
    table = pa.Table.from_arrays(columns, names=schema.names).replace_schema_metadata(schema.metadata)
    del columns
    pq.write_table(table, file, compression="zstd")
    del table
    assert file.stat().st_size < 100_000
    refused(lambda: load_corpus("c", workspace), "1,000,000 utterances have no id")


def test_votes_without_end(corpus: Path, workspace: Workspace, refused: Refused) -> None:
    file = workspace.corpus_file("c")
    table = pq.read_table(file)
    votes = pa.MapArray.from_arrays([0, 100_000], ["x"] * 100_000, np.zeros(100_000))
    at = table.schema.names.index("emotion_votes")
    pq.write_table(table.set_column(at, "emotion_votes", votes), file, compression="zstd")
    refused(lambda: load_corpus("c", workspace), "claims 100,000 values")


def test_the_checksum_is_what_write_shard_says(store: Path) -> None:
    # Otherwise the shards above would be refused for that alone.
    sums = zlib.crc32(np.zeros(2 * WIDTH, np.float32).tobytes(), zlib.crc32(bytes(16), zlib.crc32(b"a\nb")))
    content = shard(pa.array(["a", "b"]), vectors(2), 2, crc32=str(sums).encode())
    (store / "shard-00000.arrow").write_bytes(content)
    assert Embeddings.open(store).vectors.shape == (2, WIDTH)


def test_a_name_that_leads_out_of_the_workspace(workspace: Workspace) -> None:
    for name in ("../c", "a/b", "..", ".", "", "a\0", "\u202ea", "x" * 300, "a\nb", "c.tmp", "<b>"):
        for ask in (workspace.corpus_file, workspace.run_folder, workspace.embeddings_folder):
            with pytest.raises(BadInputError, match="cannot name a") as caught:
                ask(name)
            assert str(caught.value).isprintable()
