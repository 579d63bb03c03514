"""A benchmark as a process of its own: watched, stopped, killed, gone on with; its folder is the only channel."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.benchmarks import (
    BenchmarkStopped,
    benchmark_names,
    benchmark_state,
    results_so_far,
    resume_benchmark,
    run_benchmark,
    start_benchmark,
    stop_benchmark,
    time_left,
    verdict,
)
from core.config import Config
from core.errors import BadInputError
from core.files import read_json, write_json
from core.jobs import job_log
from core.runs.state import State, write_state
from core.workspace import Workspace


@pytest.fixture
def space(toy: Any, tmp_path: Path) -> Workspace:
    return toy.copy(tmp_path / "space")


def config(steps: int = 10) -> Config:
    return Config().changed(
        data={"corpus": "toy", "n_folds": 4, "text": "none", "folds": "speaker"},
        alignment={"steps": steps, "batch": 32, "dim": 12, "learning_rate": 1e-2},
        training={"device": "cpu"},
    )


def wait(condition: Callable[[], object], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


START = """
import sys, time
from core.benchmarks import start_benchmark
from core.config import load_config
from core.workspace import Workspace
place = Workspace(sys.argv[1])
print(start_benchmark("toy", methods=["none"], seeds=2, workers=1, config=load_config(sys.argv[2]), workspace=place),
      flush=True)
time.sleep(600)
"""


def test_the_life_of_a_benchmark(space: Workspace, tmp_path: Path) -> None:
    """It outlives its parent, is killed, gone on with, stopped, and what was done is not done again."""
    slow = config(200)
    (tmp_path / "c.yaml").write_text(slow.to_yaml())
    command = [sys.executable, "-c", START, space.root, tmp_path / "c.yaml"]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert parent.stdout is not None
    name = parent.stdout.readline().strip()
    os.killpg(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()

    folder = space.benchmarks / name
    assert benchmark_names(space) == [name]
    wait(lambda: benchmark_state(folder).step > 0)
    state = benchmark_state(folder)
    assert state.status == "running", job_log(folder)
    # A regression and a choice for each of four folds, and a cell for each fold and seed.
    assert state.total == 16
    assert state.pid not in (None, parent.pid)
    for attempt in (
        lambda: resume_benchmark(space, name),
        lambda: run_benchmark("toy", seeds=2, config=slow, workspace=space),
    ):
        with pytest.raises(BadInputError, match=r"is running already|is being worked on by another process") as caught:
            attempt()
        assert "\n" not in str(caught.value)
    assert state.pid is not None
    os.kill(state.pid, signal.SIGKILL)
    wait(lambda: not benchmark_state(folder).active)
    assert benchmark_state(folder).status == "lost"
    assert "going on does only what is missing" in benchmark_state(folder).message

    resume_benchmark(space, name)
    # What was done when it was killed may be more than was seen: the pace is told once something is done anew.
    wait(lambda: (time_left(folder, benchmark_state(folder)) or 0) > 0)
    assert benchmark_state(folder).step > state.step
    stop_benchmark(folder)
    wait(lambda: not benchmark_state(folder).active)
    stopped = benchmark_state(folder)
    assert stopped.status == "stopped"
    assert not (folder / "stop").exists()
    assert time_left(folder, stopped) is None
    kept = {path: path.stat().st_mtime_ns for path in (folder / "cells").iterdir()}
    assert kept

    found = run_benchmark("toy", seeds=2, config=slow, workspace=space)
    assert found.folder == folder
    assert (benchmark_state(folder).status, benchmark_state(folder).step) == ("finished", 16)
    assert all(path.stat().st_mtime_ns == when for path, when in kept.items())
    with pytest.raises(BadInputError, match="there is nothing to stop"):
        stop_benchmark(folder)
    with pytest.raises(BadInputError, match="there is nothing to go on with"):
        resume_benchmark(space, name)


def test_figures_so_far_are_those_of_the_end(space: Workspace) -> None:
    done = run_benchmark("toy", methods=["none", "noise"], seeds=2, config=config(), workspace=space)
    found = results_so_far(done.folder)
    assert found is not None
    assert found["cells"] == {"none": 8, "noise": 8}
    assert found["cells_in_all"] == 8
    for key in ("methods", "reference", "folds", "classes", "utterances", "split", "seeds"):
        assert found[key] == done.results[key], key
    # Without its cell of "none" a cell cannot be paired; without any there is nothing to show.
    cells = done.folder / "cells"
    (cells / "none-fold000-seed1.json").unlink()
    (cells / "noise-fold001-seed0.json").write_text("{")
    found = results_so_far(done.folder)
    assert found is not None
    assert found["cells"] == {"none": 7, "noise": 6}
    assert found["methods"]["noise"]["audio"]["gain"]["folds"] == 2
    for path in cells.glob("no*-fold*"):
        path.unlink()
    assert results_so_far(done.folder) is None


def test_what_ends_it_is_said(space: Workspace) -> None:
    """Stopped by its caller, and failed; each is in the state."""
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 3

    with pytest.raises(BenchmarkStopped):
        run_benchmark("toy", config=config(), workspace=space, stop=stop)
    (name,) = benchmark_names(space)
    assert benchmark_state(space.benchmarks / name).status == "stopped"

    def fail(done: int, total: int, message: str = "") -> None:
        if done:
            raise OSError(28, "No space left on device")

    with pytest.raises(Exception, match="the disk is full"):
        run_benchmark("toy", config=config(), workspace=space, progress=fail)
    state = benchmark_state(space.benchmarks / name)
    assert state.status == "failed"
    assert "No space left" in state.message


def test_a_call_that_cannot_be_used_starts_nothing(space: Workspace) -> None:
    for wrong, reason in (
        ({"methods": ["magic"]}, "magic"),
        ({"condition": "cut:fear"}, "fear"),
        ({"seeds": 0}, "seeds"),
    ):
        with pytest.raises(BadInputError, match=reason):
            start_benchmark("toy", config=config(), workspace=space, **wrong)  # type: ignore[arg-type]
    assert benchmark_names(space) == []


def test_a_process_that_does_not_begin_is_noticed(space: Workspace) -> None:
    folder = space.benchmarks / "toy-0"
    folder.mkdir(parents=True)
    write_state(folder, State(status="queued"))
    assert benchmark_state(folder).status == "queued"
    content = read_json(folder / "state.json")
    write_json(folder / "state.json", {**content, "updated": time.time() - 100})
    assert benchmark_state(folder).status == "lost"
    assert "did not begin" in benchmark_state(folder).message
    with pytest.raises(BadInputError, match="its call was not kept"):
        resume_benchmark(space, "toy-0")


def test_benchmarks_of_earlier_versions_have_no_state(space: Workspace) -> None:
    for name in ("half", "whole"):
        (space.benchmarks / name / "cells").mkdir(parents=True)
    write_json(space.benchmarks / "whole" / "results.json", {})
    assert set(benchmark_names(space)) == {"half", "whole"}
    assert benchmark_state(space.benchmarks / "half").status == "stopped"
    assert benchmark_state(space.benchmarks / "whole").status == "finished"
    assert results_so_far(space.benchmarks / "half") is None


def test_time_left_counts_the_work_of_this_process_alone(tmp_path: Path) -> None:
    now = time.time()
    write_json(tmp_path / "benchmark.json", {"asked": {}, "begun": {"done": 10, "time": now - 60}})
    state = State(status="running", step=12, total=20, heartbeat=now)
    assert time_left(tmp_path, state) == pytest.approx(240)
    assert time_left(tmp_path, replace(state, step=10)) is None
    assert time_left(tmp_path, replace(state, status="stopped")) is None


def test_verdict_needs_interval_and_test() -> None:
    assert verdict({"mean": 0.1, "clear": True, "p_value": 0.04}) == "better"
    assert verdict({"mean": -0.1, "clear": True, "p_value": 0.04}) == "worse"
    assert verdict({"mean": 0.1, "clear": True, "p_value": 0.06}) == "not told apart"
    assert verdict({"mean": 0.1, "clear": False, "p_value": 0.01}) == "not told apart"
