"""Killed thirty times, at random moments and inside writes, work ends as if nothing had been: the same bit for bit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from core.benchmarks import run_benchmark
from core.benchmarks.jobs import benchmark_names, benchmark_state
from core.config import Config
from core.files import read_json
from core.runs import create_run, execute, load_run, read_events, read_state
from core.workspace import Workspace

KILLS = 30
SCRIPT = Path(__file__).with_name("kills.py")
FILES = (
    *(f"model/{name}/model.safetensors" for name in ("aligner", "generator", "discriminator")),
    "projection/projector/model.safetensors",
    "projection/coordinates.parquet",
    "features/aligned.safetensors",
    "information.json",
    "evaluation.json",
)


def kill(kind: str, workspace: Workspace, seed: int) -> None:
    command = [sys.executable, SCRIPT, kind, workspace.root, str(seed), str(KILLS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stderr
    in_writes, at_moments, status = (int(word) for word in done.stdout.split()[-3:])
    assert status == 0, done.stderr
    assert (in_writes + at_moments, in_writes > 5, at_moments > 5) == (KILLS, True, True)


@pytest.fixture(scope="module")
def config(toy) -> Config:
    return toy.config.changed(
        alignment={"steps": 200},
        generation={"steps": 320},
        information={"samples": 200, "steps": 10, "batch": 32},
        projection={"neighbours": 500, "projector_steps": 20},
        training={"checkpoint_every": 3, "log_every": 5},
    )


def test_a_training(toy, config: Config, tmp_path: Path) -> None:
    workspace = toy.copy(tmp_path)
    (tmp_path / "c.yaml").write_text(config.to_yaml())
    alone, killed = (create_run(config, workspace, name) for name in ("alone", "killed"))
    assert execute(alone, workspace) == "finished"
    kill("training", workspace, 1)
    assert read_state(killed).status == "finished"
    for name in FILES:
        assert (killed / name).read_bytes() == (alone / name).read_bytes(), name
    # Nothing half-written lies about, and every logged value is the one of the run left alone.
    assert not [path for path in killed.rglob("*") if path.name.endswith((".tmp", ".old"))]
    mine, theirs = (
        read_events(folder).query("name != 'steps_per_second'").drop(columns="time") for folder in (killed, alone)
    )
    # What was done again after a kill was logged again; the reader takes it once.
    order = ["stage", "name", "step"]
    assert mine.sort_values(order).to_numpy().tolist() == theirs.sort_values(order).to_numpy().tolist()
    assert len((killed / "events.jsonl").read_bytes()) > len((alone / "events.jsonl").read_bytes())
    assert load_run(killed).map().equals(load_run(alone).map())


@pytest.fixture(scope="module")
def small() -> Config:
    return Config().changed(
        data={"corpus": "toy", "n_folds": 4, "text": "none", "folds": "speaker"},
        alignment={"steps": 40, "batch": 32, "dim": 12, "learning_rate": 1e-2},
        training={"device": "cpu"},
    )


def test_a_benchmark(toy, small: Config, tmp_path: Path) -> None:
    workspace = toy.copy(tmp_path / "killed")
    (workspace.root / "c.yaml").write_text(small.to_yaml())
    kill("benchmark", workspace, 2)
    other = toy.copy(tmp_path / "alone")
    alone = run_benchmark("toy", methods=["none", "noise"], seeds=4, config=small, workspace=other)
    (name,) = benchmark_names(workspace)
    killed = workspace.benchmarks / name
    assert name == alone.folder.name
    assert benchmark_state(killed).status == "finished"
    mine, theirs = (read_json(folder / "results.json") for folder in (killed, alone.folder))
    for results in (mine, theirs):
        results.pop("written")
    assert mine == theirs
    cells = {path.name: path for path in (alone.folder / "cells").iterdir()}
    assert {path.name for path in (killed / "cells").iterdir()} == set(cells)
    assert not [path for path in killed.rglob("*") if path.name.endswith(".tmp")]


BENCHMARK = """
import sys
from core.benchmarks import run_benchmark
from core.config import load_config
from core.workspace import Workspace
if __name__ == "__main__":
    place = Workspace(sys.argv[1])
    config = load_config(place.root / "c.yaml")
    run_benchmark("toy", methods=["none"], seeds=40, workers=2, config=config, workspace=place)
"""


def test_the_processes_of_a_killed_benchmark_end(toy, small: Config, tmp_path: Path) -> None:
    """Nobody is left working, nor waiting for ever, when the first process dies."""
    workspace = toy.copy(tmp_path)
    (tmp_path / "c.yaml").write_text(small.changed(alignment={"steps": 2000}).to_yaml())
    (tmp_path / "b.py").write_text(BENCHMARK)
    root = str(Path(__file__).resolve().parents[3])
    process = subprocess.Popen(
        [sys.executable, "b.py", workspace.root], cwd=tmp_path, env=os.environ | {"PYTHONPATH": root}
    )
    family: list[psutil.Process] = []
    try:
        end = time.monotonic() + 90
        while len(family) < 2 or not any(
            benchmark_state(workspace.benchmarks / name).step for name in benchmark_names(workspace)
        ):
            assert process.poll() is None
            assert time.monotonic() < end
            children = psutil.Process(process.pid).children(recursive=True)
            family = [one for one in children if "spawn_main" in " ".join(one.cmdline())]
            time.sleep(0.1)
        process.send_signal(signal.SIGKILL)
        process.wait()
        _, alive = psutil.wait_procs(family, timeout=10)
        assert not alive
    finally:
        for one in family:
            if one.is_running():
                one.kill()
        process.kill()
        process.wait()
