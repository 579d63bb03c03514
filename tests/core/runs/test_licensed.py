"""What a run shows is governed by the corpus in the workspace and by the run itself, the stricter of both."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from core.corpora import Permissions, change_permissions
from core.errors import BadInputError
from core.runs import load_run
from core.workspace import Workspace


@pytest.fixture
def own(toy, finished, tmp_path: Path) -> Workspace:
    """A workspace of one's own with the corpus and the run."""
    workspace = Workspace(tmp_path / "own")
    workspace.corpora.mkdir(parents=True)
    shutil.copy(toy.workspace.corpus_file("toy"), workspace.corpus_file("toy"))
    shutil.copytree(finished.path, workspace.run_folder("small"))
    return workspace


def mark(run: Path, **said: str) -> None:
    """Writes into a run what it said of its corpus when it was made."""
    file = run / "features" / "utterances.parquet"
    table = pq.ParquetFile(file).read()
    marks = {key.encode(): value.encode() for key, value in said.items()}
    pq.write_table(table.replace_schema_metadata({**(table.schema.metadata or {}), **marks}), file)


def test_a_run_keeps_the_switches_it_was_made_with(finished):
    metadata = pq.read_schema(finished.path / "features" / "utterances.parquet").metadata
    assert metadata[b"audio_allowed"] == metadata[b"transcript_allowed"] == b"true"


def test_a_switch_of_the_corpus_holds_at_once_for_a_run_that_is_open(own):
    run = load_run("small", own)
    assert run.utterances["text"].notna().any()
    before = run.generate("sad", n=3, seed=1).audio
    change_permissions("toy", own, transcripts=False)
    assert run.permissions == Permissions(transcripts=False)
    assert run.utterances["text"].isna().all()
    assert (run.generate("sad", n=3, seed=1).audio == before).all()
    change_permissions("toy", own, transcripts=True)
    assert run.utterances["text"].notna().any()


def test_no_clip_where_audio_is_off(own):
    run = load_run("small", own)
    change_permissions("toy", own, audio=False)
    with pytest.raises(BadInputError, match="must not be played"):
        run.waveform(0)


def test_where_the_corpus_is_not_here_the_run_says(own):
    run = own.run_folder("small")
    own.corpus_file("toy").unlink()
    assert load_run("small", own).permissions == Permissions()
    mark(run, transcript_allowed="false")
    copy = load_run("small", own)
    assert copy.permissions == Permissions(transcripts=False)
    assert copy.utterances["text"].isna().all()


def test_the_stricter_holds(own):
    mark(own.run_folder("small"), transcript_allowed="false")
    change_permissions("toy", own, audio=False)
    assert load_run("small", own).permissions == Permissions(audio=False, transcripts=False)


def test_a_damaged_corpus_allows_nothing(own):
    own.corpus_file("toy").write_bytes(b"PAR1 no more")
    run = load_run("small", own)
    assert run.permissions == Permissions(audio=False, transcripts=False)
    assert run.utterances["text"].isna().all()
