"""What is written is what is read; what is damaged is found."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core import BadInputError, FailureError
from core.encoders import Embeddings, joining
from core.encoders.shards import DamagedShardError, read_shard, write_shard
from core.encoders.store import shard_files
from core.encoders.writer import StoreWriter
from core.workspace import Workspace

META: dict[str, Any] = {
    "modality": "audio",
    "encoder": "openai/whisper-tiny",
    "revision": None,
    "weights_sha256": "0" * 64,
    "model_type": "whisper",
    "layer": 3,
    "pooling": "mean",
    "dimension": 4,
    "sampling_rate": 16_000,
    "dtype": "float32",
}
SOURCE = b"12345678"


def fill(folder: Path, rows: dict[str, np.ndarray], shard: int = 3, **changes: Any) -> None:
    with StoreWriter(folder, META | changes) as writer:
        for position, (name, vector) in enumerate(rows.items()):
            writer.append(name, SOURCE, vector)
            if position % shard == shard - 1:
                writer.flush()
        writer.finish(complete=True, problems=[])


def rows_of(n: int, seed: int = 0, dtype: str = "float32") -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    return {f"u{index}": generator.standard_normal(4).astype(dtype) for index in range(n)}


@settings(max_examples=25, deadline=None)
@given(
    ids=st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12), min_size=1, max_size=9, unique=True),
    dtype=st.sampled_from(["float16", "float32"]),
    shard=st.integers(1, 10),
    data=st.data(),
)
def test_round_trip(ids: list[str], dtype: str, shard: int, data: st.DataObject) -> None:
    elements = st.floats(-1000, 1000, width=16 if dtype == "float16" else 32)
    vectors = data.draw(arrays.arrays(dtype, (len(ids), 4), elements=elements))
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "store"
        fill(folder, dict(zip(ids, vectors, strict=True)), shard=shard, dtype=dtype)
        store = Embeddings.open(folder)
        assert store.ids == ids
        assert store.vectors.dtype == np.float32
        np.testing.assert_array_equal(store.vectors, vectors.astype(np.float32))
        wanted = data.draw(st.permutations([*ids, ids[0]]))
        got, found = store.for_ids([*wanted, "\0 not there"])
        assert found.tolist() == [True] * len(wanted) + [False]
        np.testing.assert_array_equal(got[:-1], np.stack([vectors[ids.index(name)] for name in wanted]))
        assert not got[-1].any()
        assert store.complete
        assert len(list(folder.glob("shard-*.arrow"))) == -(-len(ids) // shard)


def test_columns_are_those_of_the_contract(tmp_path: Path) -> None:
    fill(tmp_path / "s", rows_of(2))
    with pa.memory_map(str(tmp_path / "s" / "shard-00000.arrow")) as source:
        schema = pa.ipc.open_file(source).schema
    assert schema.names == ["utterance_id", "vector"]
    assert schema.field("vector").type == pa.list_(pa.float32(), 4)


def test_fingerprint_is_of_the_content(tmp_path: Path) -> None:
    rows = rows_of(7)
    fill(tmp_path / "a", rows, shard=3)
    fill(tmp_path / "b", dict(reversed(rows.items())), shard=2)
    assert Embeddings.open(tmp_path / "a").fingerprint() == Embeddings.open(tmp_path / "b").fingerprint()
    rows["u3"] = rows["u3"] + 1e-6
    fill(tmp_path / "c", rows)
    assert Embeddings.open(tmp_path / "c").fingerprint() != Embeddings.open(tmp_path / "a").fingerprint()


def test_altered_vector_is_told_when_it_is_asked_for(tmp_path: Path) -> None:
    rows = rows_of(4)
    fill(tmp_path / "s", rows, shard=2)
    path = tmp_path / "s" / "shard-00001.arrow"
    content = path.read_bytes()
    place = content.index(rows["u3"].tobytes())
    path.write_bytes(content[:place] + b"\x7f" + content[place + 1 :])
    store = Embeddings.open(tmp_path / "s")
    np.testing.assert_array_equal(store.for_ids(["u1"])[0][0], rows["u1"])
    for read in (lambda: store.for_ids(["u2"]), lambda: store.vectors, store.fingerprint):
        with pytest.raises(BadInputError, match="was altered; run the same `mirage embed` command again"):
            read()


def many_shards(folder: Path, n: int = 40) -> dict[str, np.ndarray]:
    rows = rows_of(n)
    with StoreWriter(folder, META) as writer:
        for name, vector in [*rows.items(), ("u3", np.zeros(4, np.float32)), ("u3", rows["u3"])]:
            writer.append(name, SOURCE, vector)
            writer.flush()
        writer.finish(complete=True, problems=[])
    return rows


def same(store: Embeddings, rows: dict[str, np.ndarray]) -> bool:
    vectors, found = store.for_ids(rows)
    return bool(found.all()) and len(store) == len(rows) and (vectors == np.stack(list(rows.values()))).all()


def test_many_small_shards_are_joined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "SHARD_BYTES", 16 * 16)
    rows = many_shards(tmp_path / "s")
    files = shard_files(tmp_path / "s")
    assert len(files) == 3
    ids = [name for path in files for name in read_shard(path, 4, "float32").ids]
    assert sorted(ids) == sorted(rows)
    assert same(Embeddings.open(tmp_path / "s"), rows)
    with StoreWriter(tmp_path / "s", META) as writer:
        assert writer.done == dict.fromkeys(rows, SOURCE)
        writer.append("u3", SOURCE, np.ones(4, np.float32))
        writer.finish(complete=True, problems=[])
    assert same(Embeddings.open(tmp_path / "s"), rows | {"u3": np.ones(4, np.float32)})


@pytest.mark.parametrize("after", range(0, 45, 4))
def test_broken_off_while_joining(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    steps = iter(range(after))
    unlink = Path.unlink

    def step() -> None:
        if next(steps, None) is None:
            raise KeyboardInterrupt

    def write(*args: Any, **options: Any) -> None:
        step()
        write_shard(*args, **options)

    def remove(path: Path, missing_ok: bool = False) -> None:
        if path.name.startswith("shard-"):
            step()
        unlink(path, missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(joining, "SHARD_BYTES", 16 * 16)
        patch.setattr(joining, "write_shard", write)
        patch.setattr(Path, "unlink", remove)
        with pytest.raises(KeyboardInterrupt):
            many_shards(tmp_path / "s")
    rows = rows_of(40)
    assert same(Embeddings.open(tmp_path / "s"), rows)
    with StoreWriter(tmp_path / "s", META) as writer:
        assert len(writer.done) == 40
        writer.finish(complete=True, problems=[])
    assert same(Embeddings.open(tmp_path / "s"), rows)


def test_large_store_opens_at_once(tmp_path: Path) -> None:
    # A smaller one than `python -m benchmarks.store` makes, in a process whose memory is its own.
    rows, wide = 40_000, 256
    with StoreWriter(tmp_path / "s", META | {"dimension": wide}) as writer:
        for start in range(0, rows, 4000):
            for row in range(start, start + 4000):
                writer.append(f"utterance-{row}", SOURCE, np.full(wide, row, np.float32))
            writer.flush()
        writer.finish(complete=True, problems=[])
    code = (
        "import sys, time, psutil, pandas; from core.encoders import Embeddings; me = psutil.Process();"
        "before = me.memory_info().rss; start = time.perf_counter(); store = Embeddings.open(sys.argv[1]);"
        "row = store.for_ids(['utterance-39999'])[0][0]; seconds = time.perf_counter() - start;"
        "print(row[0], row[-1], seconds, (me.memory_info().rss - before) / 2**20)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "s")], capture_output=True, text=True, check=True)
    first, last, seconds, mib = (float(word) for word in done.stdout.split())
    assert first == last == 39_999
    assert seconds < 0.5
    assert mib < 40  # the vectors alone are 39 MiB


def test_later_row_holds(tmp_path: Path) -> None:
    fill(tmp_path / "s", rows_of(4, seed=0))
    newer = {"u1": np.full(4, 9.0, dtype=np.float32)}
    fill(tmp_path / "s", newer)
    store = Embeddings.open(tmp_path / "s")
    assert len(store) == 4
    np.testing.assert_array_equal(store.for_ids(["u1"])[0][0], newer["u1"])


def test_vectors_of_one_shard_are_not_copied(tmp_path: Path) -> None:
    fill(tmp_path / "s", rows_of(3))
    vectors = Embeddings.open(tmp_path / "s").vectors
    assert not vectors.flags.owndata
    assert not vectors.flags.writeable


@settings(max_examples=40, deadline=None)
@given(cut=st.floats(0, 1, exclude_max=True))
def test_truncated_shard_is_found(cut: float) -> None:
    with tempfile.TemporaryDirectory() as parent:
        path = Path(parent) / "shard-00000.arrow"
        write_shard(path, ["a", "b"], np.ones((2, 4), np.float32), [SOURCE, SOURCE])
        content = path.read_bytes()
        path.write_bytes(content[: int(cut * len(content))])
        with pytest.raises(DamagedShardError):
            read_shard(path, 4, "float32")


@settings(max_examples=80, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), change=st.integers(1, 255))
def test_altered_byte_never_alters_a_vector(place: float, change: int) -> None:
    ids, vectors = ["a", "b"], np.arange(8, dtype=np.float32).reshape(2, 4)
    with tempfile.TemporaryDirectory() as parent:
        path = Path(parent) / "shard-00000.arrow"
        write_shard(path, ids, vectors, [SOURCE, SOURCE])
        content = bytearray(path.read_bytes())
        content[int(place * len(content))] ^= change
        path.write_bytes(content)
        try:
            shard = read_shard(path, 4, "float32")
        except DamagedShardError:
            return
        # The byte was padding, or a part of the header that nobody reads.
        assert shard.ids == ids
        np.testing.assert_array_equal(shard.vectors, vectors)


def test_damaged_shard_is_told_and_made_again(tmp_path: Path) -> None:
    folder, rows = tmp_path / "s", rows_of(6)
    fill(folder, rows)
    damaged = folder / "shard-00001.arrow"
    damaged.write_bytes(damaged.read_bytes()[:-40])
    with pytest.raises(BadInputError, match=r"shard-00001\.arrow: the shard .*run the same") as caught:
        Embeddings.open(folder)
    assert "\n" not in str(caught.value)
    (folder / ".shard-00002.arrow.xyz.tmp").write_bytes(b"left over")
    with StoreWriter(folder, META) as writer:
        assert writer.dropped == ["shard-00001.arrow"]
        assert sorted(writer.done) == ["u0", "u1", "u2"]
    assert not list(folder.glob(".*.tmp"))
    assert not Embeddings.open(folder).complete


@pytest.mark.parametrize(
    ("key", "value"), [("layer", 2), ("weights_sha256", "1" * 64), ("dtype", "float16"), ("dimension", 5)]
)
def test_other_vectors_in_the_same_folder(tmp_path: Path, key: str, value: Any) -> None:
    fill(tmp_path / "s", rows_of(2))
    with (
        pytest.raises(BadInputError, match=f"holds vectors with {key}"),
        StoreWriter(tmp_path / "s", META | {key: value}),
    ):
        pass
    assert len(Embeddings.open(tmp_path / "s")) == 2


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "s", META) as first:
        with pytest.raises(FailureError, match="another process"), StoreWriter(tmp_path / "s", META):
            pass
        first.append("a", SOURCE, np.ones(4, np.float32))
        first.finish(complete=True, problems=[])
    with StoreWriter(tmp_path / "s", META) as second:
        assert list(second.done) == ["a"]


def test_what_is_computed_is_kept_when_the_work_fails(tmp_path: Path) -> None:
    def work() -> None:
        with StoreWriter(tmp_path / "s", META) as writer:
            writer.append("a", SOURCE, np.ones(4, np.float32))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert Embeddings.open(tmp_path / "s").ids == ["a"]


def test_find(workspace: Workspace) -> None:
    def make(name: str, **changes: Any) -> None:
        fill(workspace.embeddings_folder("toy", name), rows_of(2), **changes)

    with pytest.raises(BadInputError, match="there are: none"):
        Embeddings.find("toy", "auto", workspace)
    make("whisper-tiny@3-mean")
    make("all-MiniLM-L6-v2@mean", modality="text", encoder="sentence-transformers/all-MiniLM-L6-v2")
    assert Embeddings.find("toy", "auto", workspace, modality="audio").name == "whisper-tiny@3-mean"
    assert Embeddings.find("toy", "all-MiniLM-L6-v2@mean").modality == "text"
    assert Embeddings.find("toy", "openai/whisper-tiny", workspace).name == "whisper-tiny@3-mean"
    with pytest.raises(BadInputError, match="several"):
        Embeddings.find("toy", "auto", workspace)
    with pytest.raises(BadInputError, match="no text embeddings by 'whisper-tiny@3-mean'"):
        Embeddings.find("toy", "whisper-tiny@3-mean", workspace, modality="text")


def test_find_passes_over_empty_stores(workspace: Workspace) -> None:
    # As an earlier version left them: finished, without a row.
    fill(workspace.embeddings_folder("toy", "empty@3-mean"), {})
    with pytest.raises(BadInputError, match=r"no embeddings \(there are: empty@3-mean \(empty\)\); make them"):
        Embeddings.find("toy", "auto", workspace)
    fill(workspace.embeddings_folder("toy", "whisper-tiny@3-mean"), rows_of(2))
    assert Embeddings.find("toy", "auto", workspace).name == "whisper-tiny@3-mean"
    assert len(Embeddings.find("toy", "empty@3-mean", workspace)) == 0
    # Killed before the first meta.json after the rows: those are there.
    fill(workspace.embeddings_folder("toy", "killed@3-mean"), rows_of(2), encoder="killed")
    path = workspace.embeddings_folder("toy", "killed@3-mean") / "meta.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"rows": 0, "complete": False}))
    with pytest.raises(BadInputError, match="several"):
        Embeddings.find("toy", "auto", workspace)


def test_find_with_a_damaged_store_beside(workspace: Workspace) -> None:
    bad = workspace.embeddings_folder("toy", "bad@3-mean")
    bad.mkdir(parents=True)
    (bad / "meta.json").write_text("{")
    with pytest.raises(BadInputError, match=r"no audio embeddings .*bad@3-mean cannot be read: .*meta\.json") as caught:
        Embeddings.find("toy", "auto", workspace, modality="audio")
    assert "\n" not in str(caught.value)
    fill(workspace.embeddings_folder("toy", "whisper-tiny@3-mean"), rows_of(2))
    for name in ("whisper-tiny@3-mean", "auto", "openai/whisper-tiny"):
        assert Embeddings.find("toy", name, workspace, modality="audio").name == "whisper-tiny@3-mean"
    with pytest.raises(BadInputError, match=r"^[^ ]*bad@3-mean/meta\.json: not readable"):
        Embeddings.find("toy", "bad@3-mean", workspace)
    fill(workspace.embeddings_folder("toy", "whisper-tiny@2-mean"), rows_of(2), layer=2)
    with pytest.raises(BadInputError, match=r"several .*bad@3-mean cannot be read: "):
        Embeddings.find("toy", "auto", workspace)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"dimension": "4"}', json.dumps(META | {"dtype": "float64"}), '{"format": 99}']
)
def test_damaged_meta(tmp_path: Path, content: str) -> None:
    fill(tmp_path, rows_of(2))
    (tmp_path / "meta.json").write_text(content)
    with pytest.raises(BadInputError, match=r"meta\.json"):
        Embeddings.open(tmp_path)


def test_no_store(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no embedding store"):
        Embeddings.open(tmp_path)
