"""What a run shows is governed by the corpus in the workspace and by the run itself, the stricter of both."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
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


@pytest.mark.parametrize("kind", ["pipe", "long footer", "no table"])
def test_what_is_no_table_says_nothing_at_once(tmp_path: Path, kind: str) -> None:
    """A pipe in a stranger's run held the dashboard for ever."""
    (tmp_path / "features").mkdir()
    file = tmp_path / "features" / "utterances.parquet"
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "long footer":
        with file.open("wb") as made:
            made.truncate(1 << 30)
            made.seek(0, os.SEEK_END)
            made.write((900 << 20).to_bytes(4, "little") + b"PAR1")
    else:
        file.write_bytes(b"PAR1")
    script = (
        "import sys; from pathlib import Path; from core.runs.licensed import read_about;"
        "from core.corpora.permissions import read_permissions; run = Path(sys.argv[1]);"
        "print(read_about(run), read_permissions(run / 'features' / 'utterances.parquet').all)"
    )
    # In a process of its own: Ctrl-C does not end a wait for a pipe either.
    done = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.returncode) == ("{} False\n", 0), done.stderr[-500:]
