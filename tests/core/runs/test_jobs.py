"""A job is a process of its own: it outlives the one that started it, and the run's folder is the only channel."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from core.errors import BadInputError
from core.jobs import job_log
from core.networks import read_tensors
from core.runs import create_run, execute, load_run, read_state, resume_job
from core.runs.checkpoint import last_checkpoint
from core.runs.state import State, write_state


def wait(condition: Callable[[], object], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


START = """
import sys, time
from core.config import load_config
from core.runs import start_job
from core.workspace import Workspace
print(start_job(Workspace(sys.argv[1]), load_config(sys.argv[2]), "job"), flush=True)
time.sleep(600)
"""


def test_the_life_of_a_job(toy, tmp_path: Path) -> None:
    """It outlives its parent, is killed, resumed, interrupted and resumed, and ends as if nothing had been."""
    workspace = toy.copy(tmp_path / "w")
    config = toy.config.changed(
        generation={"steps": 500},
        information={"samples": 200, "steps": 10, "batch": 32},
        projection={"neighbours": 500, "projector_steps": 20},
    )
    (tmp_path / "c.yaml").write_text(config.to_yaml())
    # A folder named core where the person happens to be must not be taken for MIRAGE's.
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "__main__.py").write_text("raise SystemExit('the wrong core')")
    folder = workspace.run_folder("job")

    parent = subprocess.Popen(
        [sys.executable, "-P", "-c", START, workspace.root, tmp_path / "c.yaml"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        start_new_session=True,
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == "job\n"
    os.killpg(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()

    wait(lambda: (found := last_checkpoint(folder)) and found.stage == "generation")
    state = read_state(folder)
    assert state.status == "running", job_log(folder)
    assert state.pid is not None
    assert state.pid != parent.pid
    # One process at a time: a second one is told so, and changes nothing.
    for attempt in (lambda: execute(folder, workspace), lambda: resume_job(workspace, "job")):
        with pytest.raises(BadInputError, match=r"is being worked on by another process|is running already") as caught:
            attempt()
        assert "\n" not in str(caught.value)
    os.kill(state.pid, signal.SIGKILL)
    wait(lambda: not read_state(folder).active)
    assert read_state(folder).status == "lost"
    killed = last_checkpoint(folder)
    assert killed is not None

    process = subprocess.Popen(
        [sys.executable, "-m", "core", "resume", "job", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"MIRAGE_HOME": str(workspace.root)},
    )
    wait(lambda: read_state(folder).status == "running" and read_state(folder).step > killed.step)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=100)
    assert process.returncode == 130, err
    assert out == ""
    assert "Traceback" not in err
    assert err.rstrip().endswith("job: stopped; go on with `mirage resume job`")
    stopped, checkpoint = read_state(folder), last_checkpoint(folder)
    assert checkpoint is not None
    assert (stopped.status, stopped.step) == ("stopped", checkpoint.step)
    assert checkpoint.step > killed.step

    assert execute(folder, workspace) == "finished"
    undisturbed = create_run(config, workspace, "undisturbed")
    assert execute(undisturbed, workspace) == "finished"
    for network in ("model/aligner", "model/generator", "model/discriminator", "projection/projector"):
        mine, theirs = (read_tensors(place / network / "model.safetensors") for place in (folder, undisturbed))
        assert all(torch.equal(mine[name], value) for name, value in theirs.items()), network
    assert load_run(folder).map().equals(load_run(undisturbed).map())
    assert not list(folder.rglob("*.tmp"))
    # Only the first process wrote there, and it was killed: it began and never ended.
    events = [json.loads(line) for line in job_log(folder)]
    assert [one["event"] for one in events[:2]] == ["queued", "begun"]
    assert {one["event"] for one in events} == {"queued", "begun", "stage", "checkpoint"}
    # It may have been killed between a checkpoint and the line that tells of it.
    assert max(one.get("step", 0) for one in events) >= killed.step - config.training.checkpoint_every
    assert {one["level"] for one in events} == {"info"}


def test_what_cannot_be_resumed(toy, finished) -> None:
    with pytest.raises(BadInputError, match="run 'small' is finished; there is nothing to go on with"):
        resume_job(toy.workspace, "small")
    with pytest.raises(BadInputError, match="no run here"):
        resume_job(toy.workspace, "nothing")


def test_a_run_that_cannot_begin_says_why(toy, tmp_path: Path) -> None:
    workspace = toy.copy(tmp_path)
    folder = workspace.run_folder("bad")
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(toy.config.to_yaml()[:200])
    write_state(folder, State(status="queued", message="waiting to start"))
    with pytest.raises(BadInputError, match=r"config\.yaml"):
        execute(folder, workspace)
    state = read_state(folder)
    assert state.status == "failed"
    assert state.message.startswith(str(folder / "config.yaml"))


def test_log(tmp_path: Path) -> None:
    assert job_log(tmp_path) == []
    (tmp_path / "job.log").write_bytes(b"\xff first\n" + b"".join(b"line %d\n" % number for number in range(500)))
    assert job_log(tmp_path, 2) == ["line 498", "line 499"]
    assert len(job_log(tmp_path)) == 200
