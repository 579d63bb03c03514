"""The doctor on jobs: what died, what is damaged, what waits, what was deleted, each with what to do."""

from __future__ import annotations

import os
import shutil
import socket
import time
from pathlib import Path

import pytest

from core.doctor.jobs import check_checkpoints, check_clock, check_jobs, check_leftovers, check_queue, check_strangers
from core.files import read_json, write_json, write_text
from core.jobs import Claim, delete_job, write_limits
from core.jobs.turns import FOLDER, take
from core.runs import LoadedRun
from core.runs.state import State, write_state
from core.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def add(place: Path, state: State) -> Path:
    place.mkdir(parents=True)
    write_state(place, state)
    return place


def test_jobs_that_died_or_failed(workspace: Workspace) -> None:
    assert check_jobs(workspace).found == "0 jobs, 0 active"
    dead = State(status="running", pid=2**22 + 1, host=socket.gethostname(), heartbeat=0.0)
    add(workspace.run_folder("good"), State(status="finished"))
    add(workspace.run_folder("bad"), State(status="failed", message="out of memory"))
    add(workspace.run_folder("dead"), dead)
    add(workspace.run_folder("good") / "quality", State(status="failed", message="no"))
    add(workspace.benchmarks / "bench", dead)
    write_text(add(workspace.run_folder("broken"), State()) / "state.json", "{")
    found = check_jobs(workspace)
    assert found.status == "warning"
    for text in ("bad (failed)", "dead (lost)", "broken (damaged)", "bench (lost)"):
        assert text in found.found
    # A report card that failed is no reason to put its run away.
    assert "good" not in found.found
    assert "mirage resume NAME" in found.remedy


def test_damaged_checkpoints(workspace: Workspace, finished: LoadedRun) -> None:
    folder = workspace.run_folder("r")
    shutil.copytree(finished.path, folder)
    checkpoints = sorted((folder / "checkpoints").iterdir())
    for path in checkpoints[-1:]:
        (path / "random.safetensors").write_bytes(b"x")
    # A finished run needs none any more.
    assert check_checkpoints(workspace).status == "ok"
    write_json(folder / "state.json", {**read_json(folder / "state.json"), "status": "stopped"})
    found = check_checkpoints(workspace)
    assert found.found == f"damaged: r/{checkpoints[-1].name}"
    assert "goes on from the one before" in found.remedy
    for path in checkpoints[:-1]:
        (path / "checkpoint.json").unlink()
    found = check_checkpoints(workspace)
    assert found.found == "damaged, with none before: r"
    assert "begins these anew" in found.remedy


def test_the_queue(workspace: Workspace) -> None:
    write_limits(workspace, cores=1)
    assert check_queue(workspace).found == "0 running, 0 waiting; jobs may use 1 core"
    tickets = [take(workspace, Claim(kind="training", name=name)) for name in "ab"]
    assert check_queue(workspace).status == "warning"
    assert tickets[0].begin() == []
    assert check_queue(workspace).found == "1 running, 1 waiting; jobs may use 1 core"
    assert check_queue(workspace).status == "ok"
    (workspace.root / FOLDER / "limits.json").write_text("{")
    assert check_queue(workspace).status == "problem"
    for ticket in tickets:
        ticket.close()


def test_a_clock_that_was_set_back(workspace: Workspace) -> None:
    assert check_clock(workspace).status == "ok"
    folder = add(workspace.run_folder("r"), State(status="finished"))
    ahead = time.time() + 3600
    os.utime(folder / "state.json", (ahead, ahead))
    found = check_clock(workspace)
    assert (found.status, found.found) == ("warning", "states from the future: r")


def test_the_trash_and_who_may_write(workspace: Workspace) -> None:
    assert check_leftovers(workspace).found == "the trash is empty"
    add(workspace.run_folder("r"), State(status="finished"))
    delete_job(workspace, "training", "r")
    assert check_leftovers(workspace).found == "1 thing in the trash (0 MB)"
    workspace.root.chmod(0o777)
    found = check_leftovers(workspace)
    assert found.status == "warning"
    assert "everybody on this machine may write here" in found.found


def test_what_strangers_may_have_put_there(workspace: Workspace, finished: LoadedRun) -> None:
    folder = workspace.run_folder("r")
    shutil.copytree(finished.path, folder)
    assert check_strangers(workspace).status == "ok"
    (folder / "model" / "weights.pkl").write_bytes(b"")
    found = check_strangers(workspace)
    assert found.found == "may hold code: r/model/weights.pkl"
    (folder / "model" / "secret").symlink_to("/etc/hostname")
    found = check_strangers(workspace)
    assert (found.status, found.found) == ("warning", "links that lead out of: r")
