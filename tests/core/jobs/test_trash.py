"""Deleted and brought back; nothing is lost, nothing is written over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from core.errors import BadInputError
from core.jobs import delete_job, deleted, empty_trash, restore
from core.runs.state import State, here, write_state
from core.workspace import Workspace


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path)
    for kind, name in (("runs", "one"), ("runs", "two"), ("benchmarks", "one")):
        folder = workspace.root / kind / name
        folder.mkdir(parents=True)
        (folder / "config.yaml").write_text(f"{kind} {name}")
        write_state(folder, State(status="finished"))
    return workspace


def test_there_and_back(space: Workspace) -> None:
    gone = delete_job(space, "training", "one")
    assert (gone.kind, gone.name) == ("run", "one")
    assert space.run_ids() == ["two"]
    assert [(item.kind, item.name, item.size > 10) for item in deleted(space)] == [("run", "one", True)]
    assert abs(gone.when - time.time()) < 60
    assert restore(space, gone.token).name == "one"
    assert (space.run_folder("one") / "config.yaml").read_text() == "runs one"
    assert deleted(space) == []
    with pytest.raises(BadInputError, match="not in the trash any more"):
        restore(space, gone.token)


def test_a_benchmark_and_a_run_of_one_name(space: Workspace) -> None:
    tokens = [delete_job(space, kind, "one").token for kind in ("training", "benchmark")]
    assert len(set(tokens)) == 2
    assert [item.kind for item in deleted(space)] == ["benchmark", "run"]
    for token in tokens:
        restore(space, token)
    assert (space.benchmarks / "one" / "config.yaml").read_text() == "benchmarks one"


def test_a_name_that_is_taken_by_now(space: Workspace) -> None:
    gone = delete_job(space, "training", "one")
    space.run_folder("one").mkdir()
    with pytest.raises(BadInputError, match="there is another run 'one' by now; delete or rename that one"):
        restore(space, gone.token)
    assert [item.token for item in deleted(space)] == [gone.token]


@pytest.mark.parametrize("status", ["running", "queued"])
def test_what_is_worked_on_stays(space: Workspace, status: str) -> None:
    state = State(
        status=status,
        pid=os.getpid(),
        process_started=psutil.Process().create_time(),
        host=here(),
        heartbeat=time.time(),
    )
    write_state(space.run_folder("one"), state)
    (space.run_folder("two") / "quality").mkdir()
    write_state(space.run_folder("two") / "quality", state)
    for name in ("one", "two"):
        with pytest.raises(BadInputError, match=f"run '{name}' is being worked on; stop it first"):
            delete_job(space, "training", name)
    assert set(space.run_ids()) == {"one", "two"}


def test_a_damaged_run_can_be_deleted(space: Workspace) -> None:
    (space.run_folder("one") / "state.json").write_text("{")
    restore(space, delete_job(space, "training", "one").token)
    assert (space.run_folder("one") / "state.json").read_text() == "{"


@pytest.mark.parametrize("name", ["nothing", "..", "a/b", "", "../corpora"])
def test_what_is_not_there(space: Workspace, name: str) -> None:
    for kind in ("training", "benchmark"):
        with pytest.raises(BadInputError, match=r"there is no|cannot name"):
            delete_job(space, kind, name)
    with pytest.raises(BadInputError, match="is no kind of job"):
        delete_job(space, "corpus", "one")


def test_for_good(space: Workspace) -> None:
    delete_job(space, "training", "one")
    delete_job(space, "benchmark", "one")
    assert empty_trash(space) == 2
    assert deleted(space) == []
    assert empty_trash(space) == 0
    assert empty_trash(Workspace(space.root / "nothing")) == 0


def test_strange_things_in_the_trash_lead_nowhere(space: Workspace) -> None:
    delete_job(space, "training", "one")
    (holder,) = (space.root / "trash").iterdir()
    for note in ("{", "[]", '{"kind": "run"}', json.dumps({"kind": "run", "name": "../../x", "when": 0})):
        (holder / "deleted.json").write_text(note)
        assert deleted(space) == []
        with pytest.raises(BadInputError, match="not in the trash"):
            restore(space, holder.name)
    (holder / "deleted.json").write_text(json.dumps({"kind": "corpora", "name": "x", "when": 0}))
    assert deleted(space) == []


def test_the_commands(mirage, space: Workspace) -> None:
    done = mirage("delete", "two", home=space.root)
    assert (done.code, done.out) == (0, "run two: in the trash; `mirage restore two` brings it back\n")
    done = mirage("trash", "--json", home=space.root)
    assert [item["name"] for item in json.loads(done.out)["trash"]] == ["two"]
    assert "mirage restore NAME" in mirage("trash", home=space.root).out
    assert mirage("restore", "two", home=space.root).out == "run two: is back\n"
    done = mirage("restore", "two", home=space.root)
    assert done.code == 2
    assert done.err == "mirage: two: not in the trash; `mirage trash` lists what is there\n"
    done = mirage("delete", "three", home=space.root)
    assert done.code == 2
    assert "there is no run and no benchmark 'three'" in done.err
    assert mirage("trash", home=space.root).out == "the trash is empty\n"
    mirage("delete", "two", home=space.root)
    assert "removed for good" in mirage("trash", "--empty", home=space.root).out
    assert json.loads(mirage("trash", "--json", home=space.root).out)["trash"] == []


def test_jobs_and_their_limits(mirage, space: Workspace) -> None:
    for wrong in ("nan", "-1", "0"):
        done = mirage("jobs", "--gpu-memory", wrong, home=space.root)
        assert (done.code, done.err) == (2, f"mirage: --gpu-memory {wrong}: give GB above 0\n")
    (space.root / "jobs").mkdir()
    (space.root / "jobs" / "limits.json").write_text("{")
    done = mirage("jobs", "--cores", 3, "--gpu-memory", 7.5, "--json", home=space.root)
    found = json.loads(done.out)
    assert found["limits"] == {"cores": 3, "gpu_memory": 7_500_000_000}
    assert {(job["kind"], job["name"], job["status"]) for job in found["jobs"]} == {
        ("training", "one", "finished"),
        ("training", "two", "finished"),
        ("benchmark", "one", "finished"),
    }
    (space.run_folder("two") / "state.json").write_text("{")
    done = mirage("jobs", home=space.root)
    assert done.code == 0
    assert "jobs may use 3 cores and 7.5 GB of each GPU together" in done.out
    assert "damaged" in done.out
    assert "no jobs yet" in mirage("jobs", home=space.root / "nothing").out


def test_an_old_undo_brings_nothing_else_back(space: Workspace) -> None:
    first = delete_job(space, "training", "one")
    empty_trash(space)
    second = delete_job(space, "training", "two")
    assert first.token != second.token
    with pytest.raises(BadInputError, match="not in the trash any more"):
        restore(space, first.token)
    assert space.run_ids() == []


LISTS = """
import sys, time
from core.jobs import deleted, list_jobs
from core.workspace import Workspace
place, end = Workspace(sys.argv[1]), time.monotonic() + 3
print("looking", flush=True)
while time.monotonic() < end:
    list_jobs(place), deleted(place), place.run_ids()
"""


def test_looking_while_others_delete_and_restore(space: Workspace) -> None:
    looker = subprocess.Popen([sys.executable, "-c", LISTS, space.root], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert looker.stdout is not None
    looker.stdout.readline()
    while looker.poll() is None:
        for kind in ("training", "benchmark"):
            restore(space, delete_job(space, kind, "one").token)
    _, err = looker.communicate()
    assert looker.returncode == 0, err.decode()
