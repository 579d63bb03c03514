"""What an extraction would take: counted exactly, timed by a probe, nothing written."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from core import BadInputError
from core.encoders import AudioEncoder, embed_corpus
from core.encoders.embedding import plan_jobs
from core.encoders.estimate import Estimate, estimate_job
from core.workspace import Workspace
from tests.core.cli.test_embed import mirage


@pytest.fixture
def encoder(tiny_whisper: Path) -> AudioEncoder:
    return AudioEncoder.load(str(tiny_whisper), device="cpu")


def estimate(corpus, encoder: AudioEncoder, workspace: Workspace, dtype: str = "float32") -> Estimate:
    before = sorted(workspace.root.rglob("*"))
    (job,) = plan_jobs(corpus, audio_encoder=encoder, workspace=workspace, dtype=dtype)
    found = estimate_job(job, batch=4, dtype=dtype)
    assert sorted(workspace.root.rglob("*")) == before
    return found


def test_counts_and_time(workspace: Workspace, make_corpus, encoder: AudioEncoder) -> None:
    corpus = make_corpus(workspace, 40)
    seconds = sum(0.3 + 0.1 * (index * 7 % 11) for index in range(40))
    found = estimate(corpus, encoder, workspace)
    assert (found.rows, found.done, found.left) == (40, 0, 40)
    assert found.hours == pytest.approx(seconds / 3600)
    assert 0 < found.low <= found.seconds <= found.high
    assert 0 < found.probed < 40
    start = time.perf_counter()
    (store,) = embed_corpus(corpus, audio_encoder=encoder, workspace=workspace, batch=4)
    took = time.perf_counter() - start
    assert found.low / 5 < took < found.high * 5 + 1
    size = sum(path.stat().st_size for path in store.folder.glob("shard-*"))
    assert found.bytes_total == pytest.approx(size, abs=4096)


def test_what_is_done_is_not_counted_again(workspace: Workspace, make_corpus, encoder: AudioEncoder) -> None:
    corpus = make_corpus(workspace, 12)
    asked = iter([False, False, True])
    embed_corpus(corpus, audio_encoder=encoder, workspace=workspace, batch=4, stop=lambda: next(asked))
    half = estimate(corpus, encoder, workspace)
    assert (half.done, half.left) == (8, 4)
    assert half.left_hours < half.hours
    embed_corpus(corpus, audio_encoder=encoder, workspace=workspace, batch=4)
    done = estimate(corpus, encoder, workspace)
    assert (done.left, done.seconds, done.low, done.high, done.bytes_left, done.probed) == (0, 0, 0, 0, 0, 0)
    (corpus.root / "003.wav").write_bytes((corpus.root / "004.wav").read_bytes())
    assert estimate(corpus, encoder, workspace).left == 1
    with pytest.raises(BadInputError, match="holds vectors with dtype float32, not float16"):
        estimate(corpus, encoder, workspace, dtype="float16")


def test_nothing_can_be_probed(workspace: Workspace, make_corpus, encoder: AudioEncoder) -> None:
    corpus = make_corpus(workspace, 3)
    for path in corpus.root.iterdir():
        path.write_bytes(b"no audio")
    found = estimate(corpus, encoder, workspace)
    assert (found.left, found.seconds, found.probed) == (3, None, 0)


def test_dry_run_says_what_it_is_for(workspace: Workspace, make_corpus, tiny_whisper: Path) -> None:
    make_corpus(workspace, 2)
    command = ["embed", "toy", "--audio-encoder", str(tiny_whisper), "--dry-run", "--engine", "ray", "--workers", "9"]
    result = mirage(workspace, *command, "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)[0]["rows"] == 2
    assert "the estimate is for one worker on this machine, not for a cluster" in result.stderr
