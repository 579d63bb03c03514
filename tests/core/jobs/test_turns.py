"""Turns: first come first served, within the limits, and the dead claim nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import BadInputError
from core.jobs.turns import FOLDER, HELD, Claim, Limits, counted, queue, read_limits, take, waits_for, write_limits
from core.workspace import Workspace


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path)
    write_limits(workspace, cores=2)
    return workspace


def claim(name: str, cores: int = 1, **more: int) -> Claim:
    return Claim(kind="training", name=name, cores=cores, **more)


def names(workspace: Workspace) -> list[tuple[str, bool]]:
    return [(entry.claim.name, entry.running) for entry in queue(workspace)]


def test_first_come_first_served(space: Workspace) -> None:
    first, second, third = (take(space, claim(name)) for name in "abc")
    assert [entry.claim.name for entry in second.begin()] == ["a"]
    assert first.begin() == []
    assert second.begin() == []
    assert [entry.claim.name for entry in third.begin()] == ["a", "b"]
    first.close()
    assert third.begin() == []
    assert names(space) == [("b", True), ("c", True)]
    for ticket in (second, third):
        ticket.close()
    assert queue(space) == []


def test_a_large_one_is_not_overtaken(space: Workspace) -> None:
    small, large, late = take(space, claim("small")), take(space, claim("large", 2)), take(space, claim("late"))
    assert small.begin() == []
    assert large.begin()
    # It would fit beside the first, and waits all the same: otherwise the large one might wait for ever.
    assert late.begin()
    small.close()
    assert large.begin() == []
    assert [entry.claim.name for entry in late.begin()] == ["large"]


def test_what_fits_nowhere_begins_alone(space: Workspace) -> None:
    small, huge = take(space, claim("small")), take(space, claim("huge", 64))
    assert small.begin() == []
    assert huge.begin()
    small.close()
    assert huge.begin() == []


def test_memory_of_each_gpu(space: Workspace) -> None:
    write_limits(space, cores=8, gpu_memory=4_000_000_000)
    first = take(space, claim("first", gpu=0, gpu_memory=3_000_000_000))
    assert first.begin() == []
    other = take(space, claim("other", gpu=1, gpu_memory=3_000_000_000))
    assert other.begin() == []
    same = take(space, claim("same", gpu=0, gpu_memory=3_000_000_000))
    assert same.begin()
    first.close()
    assert same.begin() == []


def test_the_foreground_does_not_wait_but_counts(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(HELD, raising=False)
    waiting = take(space, claim("waiting", 2))
    with counted(space, claim("terminal", 2)):
        # What it starts itself is counted already.
        with counted(space, claim("inner", 2)):
            assert names(space) == [("waiting", False), ("terminal", True)]
        assert waiting.begin()
    assert HELD not in os.environ
    assert waiting.begin() == []


HOLD = """
import sys, time
from core.jobs.turns import Claim, take
from core.workspace import Workspace
ticket = take(Workspace(sys.argv[1]), Claim(kind="training", name="killed", cores=2))
assert ticket.begin() == []
print("running", flush=True)
time.sleep(600)
"""


def test_a_killed_process_claims_nothing(space: Workspace) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, space.root], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "running\n"
    mine = take(space, claim("mine"))
    assert [entry.claim.name for entry in mine.begin()] == ["killed"]
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    assert mine.begin() == []
    assert names(space) == [("mine", True)]


RACE = """
import sys, time
from core.jobs.turns import Claim, take
from core.workspace import Workspace
workspace = Workspace(sys.argv[1])
for number in range(15):
    ticket = take(workspace, Claim(kind="training", name=f"{sys.argv[2]}-{number}"))
    while ticket.begin():
        time.sleep(0.001)
    with open(sys.argv[3], "ab", buffering=0) as log:
        log.write(b"+\\n")
        time.sleep(0.003)
        log.write(b"-\\n")
    ticket.close()
"""


def test_many_processes_never_exceed_the_limit(space: Workspace, tmp_path: Path) -> None:
    log = tmp_path / "log"
    processes = [subprocess.Popen([sys.executable, "-c", RACE, space.root, str(n), log]) for n in range(5)]
    assert [process.wait(timeout=120) for process in processes] == [0] * 5
    now, most, lines = 0, 0, log.read_text().split()
    for line in lines:
        now += 1 if line == "+" else -1
        most = max(most, now)
    assert len(lines) == 150
    assert now == 0
    assert most == 2


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"kind": 1}', b'{"cores": "many", "kind": "a", "name": "b"}'])
def test_a_ticket_that_cannot_be_read_counts_while_it_is_held(space: Workspace, content: bytes) -> None:
    strange = take(space, claim("strange"))
    path = next((space.root / FOLDER).glob("0*.json"))
    path.write_bytes(content)
    write_limits(space, cores=1)
    mine = take(space, claim("mine"))
    assert len(mine.begin()) == 1
    strange.close()
    assert mine.begin() == []


def test_limits(space: Workspace, tmp_path: Path) -> None:
    assert read_limits(space).cores == 2
    assert write_limits(space, gpu_memory=5).cores == 2
    assert read_limits(Workspace(tmp_path / "other")).cores >= 1
    for values in ({"cores": 0}, {"gpu_memory": -1}):
        with pytest.raises(BadInputError, match="at least 1"):
            write_limits(space, **values)
    broken = ("[]", '{"cores": "2"}', '{"cores": true}', '{"cores": -2}', '{"gpu_memory": "x"}', "{", "")
    for content in broken:
        (space.root / FOLDER / "limits.json").write_text(content)
        # No job fails for them.
        ticket = take(space, claim("job"))
        assert ticket.begin() == []
        ticket.close()
        with pytest.raises(BadInputError, match=r"limits\.json: not"):
            read_limits(space)
        write_limits(space, cores=3)
        assert read_limits(space).cores == 3


@pytest.mark.parametrize("damaged", ["{", "[]", '{"cores": 0, "gpu_memory": "all"}', '{"cores": 4, "gpu_memory": -1}'])
def test_damaged_limits_are_set_again_as_the_message_says(space: Workspace, damaged: str) -> None:
    (space.root / FOLDER / "limits.json").write_text(damaged)
    with pytest.raises(BadInputError):
        read_limits(space)
    assert write_limits(space, cores=3).cores == 3
    assert read_limits(space).cores == 3


def test_whom_it_waits_for_is_said(space: Workspace) -> None:
    tickets = [take(space, claim(f"r{number}"), waiting=False) for number in range(5)]
    mine = take(space, claim("mine"))
    assert waits_for(mine.begin(), Limits(2)) == (
        "waiting for training r0, training r1, training r2 and 2 more (jobs may use 2 cores)"
    )
    assert waits_for([], Limits(1)) == "starting"
    for ticket in tickets:
        ticket.close()


def test_a_workspace_without_jobs_has_no_queue(tmp_path: Path) -> None:
    assert queue(Workspace(tmp_path / "nothing")) == []
    assert not (tmp_path / "nothing").exists()
