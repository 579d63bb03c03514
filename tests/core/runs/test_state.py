"""The state is what the process table says, not what the file hopes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.errors import BadInputError
from core.runs import State, read_state, request_stop
from core.runs.heart import Reporter
from core.runs.state import STOP_FILE, state_summary, write_state


def write(folder: Path, **values: Any) -> None:
    base = {"status": "running", "pid": os.getpid(), "host": socket.gethostname(), "heartbeat": time.time()}
    base |= {"process_started": psutil.Process().create_time(), "updated": time.time()}
    (folder / "state.json").write_text(json.dumps(base | values))


def test_round_trip(tmp_path: Path) -> None:
    state = State(status="finished", stage="projection", step=3, total=4, message="finished", created=1.5)
    write_state(tmp_path, state)
    again = read_state(tmp_path)
    assert again.updated is not None
    assert state_summary(again) == state_summary(state) | {"updated": again.updated}
    assert abs(again.updated - time.time()) < 60


def test_a_very_long_message_leaves_the_state_readable(tmp_path: Path) -> None:
    write_state(tmp_path, State(status="failed", message="x" * 100_000))
    assert len(read_state(tmp_path).message) == 10_000


def test_alive(tmp_path: Path) -> None:
    write(tmp_path)
    state = read_state(tmp_path)
    assert state.status == "running"
    assert state.active


def test_a_dead_process_is_lost(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    write(tmp_path, pid=process.pid, process_started=psutil.Process(process.pid).create_time(), eta=3.0)
    # It ends, and as nobody has asked for its exit code it is a zombie.
    deadline = time.monotonic() + 30
    while read_state(tmp_path).status == "running" and time.monotonic() < deadline:
        time.sleep(0.02)
    assert read_state(tmp_path).status == "lost"
    process.wait()
    state = read_state(tmp_path)
    assert (state.status, state.active, state.eta) == ("lost", False, None)
    assert "resume" in state.message
    # The file itself is not touched by reading.
    assert json.loads((tmp_path / "state.json").read_text())["status"] == "running"


def test_a_reused_pid_is_lost(tmp_path: Path) -> None:
    write(tmp_path, process_started=psutil.Process().create_time() - 3600, heartbeat=time.time() - 60)
    assert read_state(tmp_path).status == "lost"


def test_a_clock_that_was_set_kills_nobody(tmp_path: Path) -> None:
    write(tmp_path, process_started=psutil.Process().create_time() - 3600)
    assert read_state(tmp_path).status == "running"
    # Nor does a long pause of the heart: the process is there, and is the same.
    write(tmp_path, heartbeat=time.time() - 3600)
    assert read_state(tmp_path).status == "running"


@pytest.mark.parametrize("pid", [0, -1, 2**22 + 1, 2**70])
def test_a_pid_that_cannot_be_is_lost(tmp_path: Path, pid: int) -> None:
    write(tmp_path, pid=pid)
    assert read_state(tmp_path).status == "lost"


def test_on_another_host_the_heartbeat_decides(tmp_path: Path) -> None:
    for name, heartbeat, status in (
        ("a", time.time(), "running"),
        ("b", time.time() - 600, "lost"),
        ("c", None, "lost"),
    ):
        (tmp_path / name).mkdir()
        write(tmp_path / name, host="elsewhere", pid=2**22 + 1, heartbeat=heartbeat)
        assert read_state(tmp_path / name).status == status


def test_a_heart_on_another_host_is_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within ten seconds by this machine's own patience, whatever the two clocks say."""
    patience = [1000.0]
    monkeypatch.setattr("core.runs.state.time.monotonic", lambda: patience[0])
    ahead = time.time() + 30
    for beat in range(5):
        write(tmp_path, host="elsewhere", heartbeat=ahead + beat)
        assert read_state(tmp_path).status == "running"
        patience[0] += 9.0
        assert read_state(tmp_path).status == "running"
    # Its clock is set back by an hour: the heart beats all the same.
    write(tmp_path, host="elsewhere", heartbeat=ahead - 3600)
    assert read_state(tmp_path).status == "running"
    patience[0] += 9.9
    assert read_state(tmp_path).status == "running"
    patience[0] += 0.2
    assert read_state(tmp_path).status == "lost"
    write(tmp_path, host="elsewhere", heartbeat=ahead - 3500)
    assert read_state(tmp_path).status == "running"


def test_a_waiting_process_that_died_is_lost(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    write(tmp_path, status="queued", pid=process.pid, process_started=time.time())
    state = read_state(tmp_path)
    assert state.status == "lost"
    assert "died (killed, or out of memory) while it waited; resume queues it again" in state.message


def test_a_restart_of_the_machine_is_named(tmp_path: Path) -> None:
    write(tmp_path, pid=2**22 + 1, heartbeat=psutil.boot_time() - 3600)
    assert "the machine was restarted; resume goes on" in read_state(tmp_path).message


def test_queued_does_not_last(tmp_path: Path) -> None:
    write(tmp_path, status="queued", pid=None)
    assert read_state(tmp_path).status == "queued"
    # The clock may have been set in between, either way.
    for updated in (time.time() - 600, time.time() + 600):
        write(tmp_path, status="queued", pid=None, updated=updated)
        state = read_state(tmp_path)
        assert state.status == "lost"
        assert "did not begin" in state.message


@pytest.mark.parametrize("status", ["finished", "stopped", "failed"])
def test_what_has_ended_stays_so(tmp_path: Path, status: str) -> None:
    write(tmp_path, status=status, pid=2**22 + 1, heartbeat=0.0, updated=0.0)
    assert read_state(tmp_path).status == status
    with pytest.raises(BadInputError, match=f"is {status}: there is nothing to stop"):
        request_stop(tmp_path)
    assert not (tmp_path / STOP_FILE).exists()


def test_stop_is_asked_for_by_a_file(tmp_path: Path) -> None:
    write(tmp_path, step=7)
    assert request_stop(tmp_path).step == 7
    assert (tmp_path / STOP_FILE).is_file()


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", "{}", '{"status": "dancing"}', '{"status": ["running"]}']
    + [f'{{"status": "running", {values}}}' for values in ('"pid": "12"', '"step": null', '"heartbeat": "now"')]
    + [
        '{"status": "running", "message": 3}',
        '{"status": "running", "host": 5}',
        '{"status": "queued", "updated": []}',
    ],
)
def test_a_damaged_state_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "state.json").write_text(content)
    with pytest.raises(BadInputError, match=r"state\.json: .*damaged") as caught:
        read_state(tmp_path)
    assert "\n" not in str(caught.value)


def test_no_run(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no run here"):
        read_state(tmp_path / "nothing")


def test_keys_of_a_later_version_are_left_aside(tmp_path: Path) -> None:
    write(tmp_path, status="finished", colour="blue")
    assert read_state(tmp_path).status == "finished"


def test_reporter(tmp_path: Path) -> None:
    write_state(tmp_path, State(status="queued", created=5.0, step=10))
    reporter = Reporter(tmp_path, total=100)
    state = read_state(tmp_path)
    assert (state.status, state.pid, state.total, state.created, state.step) == ("running", os.getpid(), 100, 5.0, 10)
    reporter.progress("alignment", 11, "going")
    # A new stage is written at once, the steps inside one with the next heartbeat.
    state = read_state(tmp_path)
    assert (state.stage, state.step, state.message) == ("alignment", 11, "going")
    for step in range(12, 40):
        reporter.progress("alignment", step, "going")
        time.sleep(0.012)
    reporter.close("stopped", "that is all")
    state = read_state(tmp_path)
    assert (state.status, state.step, state.message, state.eta) == ("stopped", 39, "that is all", None)


def test_the_heart_beats_and_tells_the_pace(tmp_path: Path) -> None:
    write_state(tmp_path, State(status="queued"))
    reporter = Reporter(tmp_path, total=1000)
    first = read_state(tmp_path).heartbeat
    assert first is not None
    reporter.progress("generation", 0)
    for step in range(1, 40):
        time.sleep(0.02)
        reporter.progress("generation", step)
    deadline = time.monotonic() + 30
    while not read_state(tmp_path).steps_per_second and time.monotonic() < deadline:
        time.sleep(0.05)
    state = read_state(tmp_path)
    reporter.close("stopped", "")
    assert state.heartbeat is not None
    assert state.heartbeat > first
    assert state.steps_per_second is not None
    assert 1 < state.steps_per_second < 60
    assert state.eta == pytest.approx((1000 - state.step) / state.steps_per_second, rel=0.2)
