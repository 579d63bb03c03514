"""``mirage embed``."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from core.encoders import Embeddings
from core.workspace import Workspace


def mirage(workspace: Workspace, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "core", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"MIRAGE_HOME": str(workspace.root)},
    )


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "give --audio-encoder, --text-encoder or both"),
        (("--audio-encoder", "x", "--engine", "spark"), "--engine spark: use local or ray"),
        (("--text-encoder", "x", "--layer", "3"), "--layer and --pooling are for the speech encoder"),
        (("--text-encoder", "x", "--pooling", "attention"), "--layer and --pooling are for the speech encoder"),
        (("--text-encoder", "x", "--layer", "auto", "--pooling", "mean"), "there is no corpus 'nothing'"),
        (("--audio-encoder", "x"), "there is no corpus 'nothing'"),
    ],
)
def test_bad_input_is_one_line(workspace: Workspace, arguments: tuple[str, ...], reason: str) -> None:
    result = mirage(workspace, "embed", "nothing", *arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert reason in result.stderr


def test_batch_is_not_cut_silently(workspace: Workspace) -> None:
    result = mirage(workspace, "embed", "nothing", "--audio-encoder", "x", "--batch", "513")
    assert result.returncode == 2
    assert "Invalid value for '--batch'" in result.stderr
    assert "512" in result.stderr


@pytest.mark.speech
def test_real_corpus_stopped_and_finished(workspace: Workspace, shared: Path, tmp_path: Path) -> None:
    from core.corpora import ingest

    few = tmp_path / "emodb" / "wav"
    few.mkdir(parents=True)
    for file in sorted((shared / "data" / "emodb").rglob("*.flac"))[::25]:
        (few / file.name).write_bytes(file.read_bytes())
    corpus = ingest("emodb", few.parent, name="few", workspace=workspace).corpus
    command = ["embed", "few", "--audio-encoder", str(shared / "models" / "whisper-tiny-encoder"), "--batch", "1"]
    folder = workspace.embeddings_folder("few", "whisper-tiny-encoder@3-mean")
    planned = mirage(workspace, *command, "--dry-run", "--json")
    assert planned.returncode == 0, planned.stderr
    (plan,) = json.loads(planned.stdout)
    assert (plan["rows"], plan["left"], plan["done"]) == (len(corpus), len(corpus), 0)
    assert 0 < plan["low"] <= plan["seconds"] <= plan["high"]
    assert not workspace.embeddings.exists()
    process = subprocess.Popen(
        [sys.executable, "-m", "core", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"MIRAGE_HOME": str(workspace.root)},
    )
    while not (folder / "meta.json").exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "run the same command again to go on" in errors
    assert "Traceback" not in errors
    assert not Embeddings.open(folder).complete
    result = mirage(workspace, *command, "--json")
    assert result.returncode == 0, result.stderr
    (summary,) = json.loads(result.stdout)
    assert (summary["rows"], summary["complete"], summary["dimension"]) == (len(corpus), True, 384)
    assert summary["fingerprint"] == Embeddings.open(folder).fingerprint()
    table = mirage(workspace, *command, "--dry-run")
    assert table.returncode == 0, table.stderr
    assert "all is done; nothing was written" in table.stderr
    _, found = Embeddings.find(corpus, "auto", workspace).for_ids(corpus.table["utterance_id"])
    assert found.all()


@pytest.mark.speech
def test_a_worker_that_dies_on_a_cluster_leaves_the_json_whole(workspace: Workspace, shared: Path) -> None:
    """Ray tells of it on standard output, in the middle of anything."""
    pytest.importorskip("ray", reason="Ray is not installed (pip install 'mirage-affect[cluster]')")
    speaker = workspace.root / "speaker"
    speaker.mkdir()
    for clip in sorted((shared / "data" / "emodb" / "wav").glob("03*.flac")):
        shutil.copy(clip, speaker)
    assert mirage(workspace, "ingest", "emodb", str(speaker)).returncode == 0
    encoder = str(shared / "models" / "whisper-tiny-encoder")
    command = [sys.executable, "-m", "core", "embed", "emodb", "--audio-encoder", encoder, "--engine", "ray"]
    with subprocess.Popen(
        [*command, "--workers", "2", "--batch", "2", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"MIRAGE_HOME": str(workspace.root)},
    ) as process:
        killed = None
        while killed is None and process.poll() is None:
            for child in psutil.Process(process.pid).children(recursive=True):
                with suppress(psutil.Error):
                    # Whatever it is at: while it encodes may be too short a time on a busy machine.
                    if "ray::Worker" in " ".join(child.cmdline()):
                        killed = child
                        child.kill()
                        break
            time.sleep(0.02)
        output, _ = process.communicate(timeout=120)
    assert killed is not None
    (store,) = json.loads(output)
    assert store["complete"]
    assert store["rows"] == len(list(speaker.iterdir()))
