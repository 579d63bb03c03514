"""What a person says, types and uploads is in no log: a real server, a real job, real commands, words to look for."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from core import Workspace
from core.corpora import load_corpus
from core.demo import install_demo
from core.jobs import job_log
from core.runs import read_state, start_job
from tests.pages.conftest import ROOT, make_embeddings, quick_config

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.pages.conftest import Server

# Words that are nowhere in MIRAGE. Of each it is said where it goes in.
TRANSCRIPT, CLIP, FOLDER = "quillfeather", "zwetschge", "brambleshire"
TYPED, SEARCHED, UPLOADED, ADDRESS = "marzipanic", "gooseberried", "thistledownish", "nobody@sentinel.example"
DAMAGED = "wolfsbaneful"
SECRETS = (TRANSCRIPT, CLIP, FOLDER, TYPED, SEARCHED, UPLOADED, ADDRESS, "sentinel.example", DAMAGED)
FIELDS = {
    *("time", "level", "event", "run", "kind", "stage", "status", "error", "place", "step", "total", "port", "pid"),
    *("seconds", "workspace", "message", "logger"),
}


def sound(pitch: float = 220.0) -> bytes:
    buffer = io.BytesIO()
    moments = np.arange(8_000) / 16_000
    soundfile.write(buffer, 0.3 * np.sin(2 * np.pi * pitch * moments), 16_000, format="WAV")
    return buffer.getvalue()


def make_clips(folder: Path) -> Path:
    """A corpus of secrets: clips, transcripts, one damaged clip."""
    folder.mkdir()
    lines = ["id,audio,emotion,speaker,text"]
    for speaker in range(8):
        for number, emotion in enumerate(("angry", "happy", "sad", "neutral")):
            for take in range(2):
                name = f"{CLIP}-{speaker}-{number}-{take}"
                (folder / f"{name}.wav").write_bytes(sound(150 + 90 * number + 6 * speaker + take))
                lines.append(f"{name},{name}.wav,{emotion},s{speaker},The {TRANSCRIPT} is {take}")
    (folder / f"{CLIP}-broken.wav").write_bytes(sound()[:600])
    lines.append(f"broken,{CLIP}-broken.wav,angry,s0,A {TRANSCRIPT}")
    (folder / "table.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def assert_private(text: str) -> None:
    assert [word for word in (*SECRETS, str(Path.home()) + "/") if word in text.lower()] == []
    assert "Traceback" not in text
    for found in events(text):
        assert set(found) <= FIELDS, found


def mirage(workspace: Workspace, *arguments: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MIRAGE_HOME": str(workspace.root), "MIRAGE_LOG": "json"}
    command = [sys.executable, "-m", "core", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.browser
def test_no_log_holds_what_people_say_type_or_upload(
    tmp_path: Path, start_server: Callable[[Workspace], Server], page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MIRAGE_DEBUG", raising=False)
    workspace = Workspace(tmp_path / "workspace")
    install_demo(workspace)

    # Ingest: what is read, what cannot be read, and a call that fails over what was typed.
    clips = make_clips(tmp_path / FOLDER)
    done = mirage(workspace, "ingest", "folder", clips, "--table", "table.csv", "--name", "tones")
    assert done.returncode == 0, done.stderr
    # What a command answers to who called it names files and rows; that is no log.
    assert_private("\n".join(line for line in done.stderr.splitlines() if line.startswith("{")))
    failed = mirage(
        workspace, "ingest", "folder", clips, "--table", "table.csv", "--name", "b", "--map", f"mood={TYPED}"
    )
    assert failed.returncode == 2
    (fault,) = events(failed.stderr)
    assert (fault["event"], fault["error"]) == ("fault", "BadInputError")
    assert_private(failed.stderr)

    # Train, in the process of a job.
    make_embeddings(load_corpus("tones", workspace), workspace)
    start_job(workspace, quick_config(), "toy")
    folder = workspace.run_folder("toy")
    for _ in range(480):
        if not read_state(folder).active:
            break
        time.sleep(0.25)
    job = (folder / "job.log").read_text()
    assert read_state(folder).status == "finished", job
    told = [found["event"] for found in events(job)]
    assert told[:2] == ["queued", "begun"]
    assert {"stage", "checkpoint"} <= set(told)
    assert told[-1] == "ended"
    assert_private(job)
    assert len(events(job)) == len(job_log(folder))

    # The server: addresses, a search, a sentence, a recording, a corpus that is not there, a damaged run.
    server = start_server(workspace)
    page.goto(f"{server.address}/aligned_space?run=toy&find={SEARCHED}&who={ADDRESS}")
    page.get_by_test_id("stMain").get_by_text("Put your own on the map").wait_for()
    page.goto(f"{server.address}/aligned_space?run=demo&find={TRANSCRIPT}")
    page.get_by_text("Put your own on the map").click()
    page.locator('.st-key-own_file input[type="file"]').set_input_files(
        {"name": f"{UPLOADED}.wav", "mimeType": "audio/wav", "buffer": b"RIFF" + UPLOADED.encode()}
    )
    page.get_by_test_id("stAlert").get_by_text("the recording:").wait_for()
    words = page.locator(".st-key-own_words input")
    words.fill(f"I met {ADDRESS}, who was {TYPED}.")
    words.press("Enter")
    page.locator(".st-key-own_remove_0").wait_for()
    (folder / "model" / "generator" / "config.json").write_text(f'{{"{DAMAGED}": ')
    page.goto(f"{server.address}/latent_lab?run=toy")
    page.get_by_text("Not possible").first.wait_for()
    server.stop()
    log = server.log.read_text()
    assert_private(log.replace(str(workspace.root), ""))
    begun = next(found for found in events(log) if found["event"] == "server")
    assert begun["port"] == server.port
    faults = [found for found in events(log) if found["event"] == "fault"]
    assert {found["error"] for found in faults} == {"BadInputError"}
    assert any("not readable as JSON" in found.get("message", "") for found in faults)
    # Everything but what is said on stdout at start and end is an event.
    assert [line for line in log.splitlines() if not line.startswith(("{", "MIRAGE on http", "  Stopping"))] == []
