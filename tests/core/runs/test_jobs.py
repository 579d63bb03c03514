"""A job is a process of its own: it outlives the one that started it, and the run's folder is the only channel."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from core.errors import BadInputError
from core.runs import execute, job_log, load_run, read_events, read_state, request_stop, resume_job
from core.runs.checkpoint import last_checkpoint
from core.runs.state import State, write_state


def wait(condition: Callable[[], object], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def ended(folder: Path) -> bool:
    return not read_state(folder).active


START = """
import sys, time
from core.config import load_config
from core.runs import start_job
from core.workspace import Workspace
print(start_job(Workspace(sys.argv[1]), load_config(sys.argv[2]), "job"), flush=True)
time.sleep(600)
"""


def test_a_job_outlives_its_parent(toy, tmp_path: Path) -> None:
    workspace = toy.copy(tmp_path / "w")
    config = toy.config.changed(
        generation={"steps": 100_000}, projection={"neighbours": 500}, training={"checkpoint_every": 50}
    )
    (tmp_path / "c.yaml").write_text(config.to_yaml())
    # A folder named core where the person happens to be must not be taken for MIRAGE's.
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "__main__.py").write_text("raise SystemExit('the wrong core')")
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
    folder = workspace.run_folder("job")
    wait(lambda: len(read_events(folder)) and last_checkpoint(folder))
    state = read_state(folder)
    assert state.status == "running", job_log(folder)
    assert state.pid is not None
    assert psutil.Process(state.pid).is_running()
    # One process at a time: a second one is told so, and changes nothing.
    for attempt in (lambda: execute(folder, workspace), lambda: resume_job(workspace, "job")):
        with pytest.raises(BadInputError, match=r"is being worked on by another process|is running already") as caught:
            attempt()
        assert "\n" not in str(caught.value)
    assert read_state(folder).pid == state.pid
    request_stop(folder)
    wait(lambda: ended(folder))
    stopped = read_state(folder)
    assert stopped.status == "stopped"
    checkpoint = last_checkpoint(folder)
    assert checkpoint is not None
    assert checkpoint.step == stopped.step
    wait(lambda: not psutil.pid_exists(stopped.pid or 0))
    assert job_log(folder) == ["job: stopped; go on with `mirage resume job`"]


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


def test_nothing_of_a_finished_run_is_locked(finished) -> None:
    assert not load_run(finished.path).path.joinpath("stop").exists()
