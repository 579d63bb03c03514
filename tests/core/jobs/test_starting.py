"""A job is started once, waits for its turn, can be stopped while it waits, and one that dies is noticed at once."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from core.config import Config
from core.demo import install_demo
from core.errors import BadInputError
from core.jobs import find_job, job_log, list_jobs, queue, resume, stop, write_limits
from core.runs import create_run, execute, quality_state, read_state, request_stop, resume_job, start_job, start_quality
from core.runs.checkpoint import last_checkpoint
from core.runs.state import STOP_FILE, State, write_state
from core.workspace import Workspace


def wait(condition: Callable[[], object], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def space(toy, tmp_path: Path) -> Workspace:
    workspace = toy.copy(tmp_path / "space")
    write_limits(workspace, cores=1)
    return workspace


@pytest.fixture(scope="module")
def config(toy) -> Config:
    return toy.config.changed(
        generation={"steps": 3000},
        information={"samples": 200, "steps": 10, "batch": 32},
        projection={"neighbours": 500, "projector_steps": 20},
        training={"checkpoint_every": 20},
    )


def test_the_queue(space: Workspace, config: Config) -> None:
    """One runs, two wait; one of them is stopped, one killed; when the first ends, what still waits begins."""
    for name in ("first", "second", "third", "fourth"):
        start_job(space, config, name)
        wait(lambda name=name: any(entry.claim.name == name for entry in queue(space)))
    first, second, third, fourth = (space.run_folder(name) for name in ("first", "second", "third", "fourth"))
    wait(lambda: read_state(first).status == "running")
    wait(lambda: "waiting for training first" in read_state(second).message)
    assert [(entry.claim.name, entry.running) for entry in queue(space)] == [
        ("first", True),
        ("second", False),
        ("third", False),
        ("fourth", False),
    ]
    assert {job.name: job.status for job in list_jobs(space)} == {
        "first": "running",
        "second": "queued",
        "third": "queued",
        "fourth": "queued",
    }
    waiting = read_state(second)
    assert waiting.pid is not None
    # Who waits has not loaded what it will need: a long queue costs little.
    assert psutil.Process(waiting.pid).memory_info().rss < 80_000_000
    with pytest.raises(BadInputError, match="run 'second' is queued already"):
        resume_job(space, "second")

    # Nor in a terminal: the job would have two masters.
    with pytest.raises(BadInputError, match="is being worked on by another process"):
        execute(second, space)

    stop(space, "training", "second")
    wait(lambda: read_state(second).status == "stopped")
    assert "before its turn came" in read_state(second).message
    killed = read_state(third).pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    wait(lambda: read_state(third).status == "lost", 10)
    assert "while it waited; resume queues it again" in read_state(third).message

    request_stop(first)
    wait(lambda: read_state(fourth).status == "running")
    assert read_state(first).status == "stopped"
    resume(space, "training", "third")
    wait(lambda: "waiting for training fourth" in read_state(third).message)
    stop(space, "training", "fourth")
    wait(lambda: read_state(third).status == "running")
    stop(space, "training", "third")
    wait(lambda: not any(job.active for job in list_jobs(space)))
    wait(lambda: queue(space) == [])
    assert [json.loads(line)["event"] for line in job_log(second)] == ["queued"]


RESUME = """
import sys, time
from core.errors import BadInputError
from core.runs import resume_job
from core.workspace import Workspace
print("ready", flush=True)
sys.stdin.readline()
try:
    resume_job(Workspace(sys.argv[1]), "r")
    print("started", flush=True)
except BadInputError as error:
    print(error, flush=True)
time.sleep(600)
"""


def test_several_servers_start_it_once(space: Workspace, config: Config) -> None:
    create_run(config, space, "r")
    command = [sys.executable, "-c", RESUME, space.root]
    # It is queued without a process: the states of old versions, and of a server that died at that moment.
    folder = space.run_folder("r")
    (folder / "state.json").write_text('{"status": "stopped"}')
    servers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
        for _ in range(4)
    ]
    try:
        for server in servers:
            assert server.stdout is not None
            assert server.stdout.readline() == "ready\n"
        for server in servers:
            assert server.stdin is not None
            server.stdin.write("go\n")
            server.stdin.flush()
        said = sorted(server.stdout.readline().strip() for server in servers if server.stdout)
        assert said[-1] == "started"
        assert set(said[:-1]) <= {"run 'r' is queued already", "run 'r' is running already"}
        workers = [
            process for process in psutil.process_iter(["cmdline"]) if str(folder) in (process.info["cmdline"] or [])
        ]
        assert len(workers) == 1
        wait(lambda: last_checkpoint(folder))
    finally:
        for server in servers:
            os.killpg(server.pid, signal.SIGKILL)
            server.communicate()
    request_stop(folder)
    wait(lambda: read_state(folder).status == "stopped")


def test_a_report_card_waits_for_its_turn_too(space: Workspace, config: Config, finished) -> None:
    shutil.copytree(finished.path, space.run_folder("small"))
    start_job(space, config, "busy")
    wait(lambda: read_state(space.run_folder("busy")).status == "running")
    start_quality(space, "small")
    wait(lambda: "waiting for training busy" in find_job(space, "report card", "small").state.message)  # type: ignore[union-attr]
    with pytest.raises(BadInputError, match="being measured already"):
        start_quality(space, "small")
    # While it waits it can be stopped, and queued again.
    stop(space, "report card", "small")
    wait(lambda: find_job(space, "report card", "small").status == "stopped")
    start_quality(space, "small")
    wait(lambda: find_job(space, "report card", "small").status == "queued")
    request_stop(space.run_folder("busy"))
    wait(lambda: (state := quality_state(space.run_folder("small"))) and not state.active)
    state = quality_state(space.run_folder("small"))
    assert state is not None
    # So small a run has no card; the last word of its process says why.
    assert state.status == "failed"
    assert state.message.startswith("no emotion can be compared; ")
    assert any("no emotion can be compared" in line for line in job_log(space.run_folder("small") / "quality"))


def test_a_report_card_that_is_being_measured_is_stopped(space: Workspace) -> None:
    """Its command does not look for a request: it is interrupted, and no card is left half written."""
    install_demo(space)
    folder = space.run_folder("demo")
    (folder / "quality.json").unlink()
    start_quality(space, "demo")
    wait(lambda: find_job(space, "report card", "demo").status == "running")
    stop(space, "report card", "demo")
    wait(lambda: not find_job(space, "report card", "demo").active, 30)
    job = find_job(space, "report card", "demo")
    assert (job.status, job.resumable) == ("stopped", True)
    assert not (folder / "quality.json").exists()
    assert not (job.folder / "stop").exists()
    with pytest.raises(BadInputError, match="is stopped: nothing to stop"):
        stop(space, "report card", "demo")


def test_a_report_card_that_is_stopped_before_its_command_runs(tmp_path: Path) -> None:
    """While the command is imported nothing catches an interruption: that ended as failed."""
    write_state(tmp_path, State())
    (tmp_path / STOP_FILE).touch()
    script = (
        "import sys; from pathlib import Path; from core.jobs import worker; worker._LOOK_SECONDS = 0.0;"
        "sys.exit(worker._silent_work(Path(sys.argv[1]), ['quality', 'demo']))"
    )
    done = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, text=True, timeout=60)
    state = read_state(tmp_path)
    assert (done.returncode, state.status, state.message) == (130, "stopped", "stopped"), done.stderr[-500:]


def test_a_job_that_fails_before_it_can_say_so(space: Workspace, config: Config) -> None:
    """What the process printed becomes the job's message."""
    start_job(space, config, "r")
    folder = space.run_folder("r")
    wait(lambda: last_checkpoint(folder))
    request_stop(folder)
    wait(lambda: read_state(folder).status == "stopped")
    shutil.rmtree(space.embeddings)
    resume_job(space, "r")
    wait(lambda: not read_state(folder).active)
    state = read_state(folder)
    assert state.status == "failed", (state, job_log(folder))
    assert "mirage embed" in state.message


def test_a_fault_with_its_traceback_is_told_too(space: Workspace, finished, monkeypatch: pytest.MonkeyPatch) -> None:
    """With MIRAGE_DEBUG; the log holds it as soon as the state names the log."""
    monkeypatch.setenv("MIRAGE_DEBUG", "1")
    shutil.copytree(finished.path, space.run_folder("small"))
    start_quality(space, "small")
    wait(lambda: (state := quality_state(space.run_folder("small"))) and not state.active)
    state = quality_state(space.run_folder("small"))
    assert state is not None
    assert (state.status, state.message) == ("failed", "ended without a word; see job.log")
    assert any("Traceback" in line for line in job_log(space.run_folder("small") / "quality"))
