"""The benchmark on a Ray cluster: two real nodes on the loopback that see no workspace; workers are killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.benchmarks import BenchmarkStopped, run_benchmark, spread
from core.benchmarks.engine import Here, Watch
from core.benchmarks.jobs import arguments_of, asked_of
from core.benchmarks.remote import RemoteWorker
from core.benchmarks.shelf import read_cell
from core.benchmarks.source import Options, load_source
from core.benchmarks.tasks import Task, phases
from core.config import Config
from core.encoders.cluster import Cluster
from core.errors import BadInputError, FailureError
from core.workspace import Workspace

needs_ray = pytest.mark.skipif(
    find_spec("ray") is None, reason="Ray is not installed (pip install 'mirage-affect[cluster]')"
)
pytestmark = pytest.mark.timeout(400)

QUICK = {"steps": 30, "batch": 32, "dim": 12, "learning_rate": 1e-2}
SMALL = {"steps": 10, "batch": 32, "hidden": 16, "noise": 5, "codes": 2}
WORK: dict[str, Any] = {"methods": ["none", "mirage"], "seeds": 2}


@pytest.fixture
def config() -> Config:
    """Two folds, audio and text."""
    return Config().changed(
        data={"corpus": "toy", "n_folds": 2}, alignment=QUICK, generation=SMALL, training={"device": "cpu"}
    )


@pytest.fixture
def space(toy: Any, tmp_path: Path) -> Workspace:
    return toy.copy(tmp_path / "space")


@pytest.fixture(scope="module")
def nodes() -> Iterator[Any]:
    """A cluster of two nodes with a core each, and nothing on the head."""
    from ray.cluster_utils import Cluster as Nodes

    cluster = Nodes(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    cluster.add_node(num_cpus=1)
    cluster.add_node(num_cpus=1)
    yield cluster
    cluster.shutdown()


def workers() -> list[psutil.Process]:
    """Those of the benchmark, on the nodes that this process started."""
    children = psutil.Process().children(recursive=True)
    return [child for child in children if "ray::RemoteWorker" in " ".join(_words(child))]


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def without_times(cell: dict[str, Any] | None) -> dict[str, Any]:
    assert cell is not None
    return {key: value for key, value in cell.items() if key != "seconds"}


def all_news(worker: RemoteWorker) -> tuple[dict[str, Any], int]:
    """Everything that comes of a task: cells, and how many units."""
    cells, units, ended = {}, 0, False
    while not ended:
        news = worker.fetch()
        for unit in news.units:
            cells |= unit.cells
        units, ended = units + len(news.units), news.ended
    return cells, units


def test_a_worker_needs_no_files(space: Workspace, config: Config) -> None:
    config = config.changed(data={"text": "none"})
    material = load_source(Options("toy", "50"), config, space).material
    # Nothing can be written there, by nobody.
    worker = RemoteWorker(replace(material, folder=Path("/proc/none/cells")))
    names, seeds = ["none", "mirage"], range(2)
    first, _ = phases(material, names, seeds)
    made: dict[str, Any] = {}
    for task in first:
        there = {path.name: made[path.name] for path in task.files(material) if path.name in made}
        worker.begin(task, there)
        cells, units = all_news(worker)
        assert units == task.units
        assert cells.keys() == {path.name for path in task.files(material)}
        made |= cells
    fill = Task("fill", ((0, 0), (0, 1)), tuple(names), 4)
    there = {path.name: made[path.name] for path in fill.files(material) if path.name in made}
    assert len(there) == 4
    # A cell that is there is not made again.
    worker.begin(fill, {**there, "none-fold000-seed1.json": {"audio": {}}})
    cells, units = all_news(worker)
    assert units == 3
    Here(material, config).run([*first, fill], Watch(lambda: False, lambda done, what: None))
    for name, cell in {**made, **cells}.items():
        assert without_times(read_cell(material.folder / name)) == without_times(cell), name
    # Its fault is told to who asks.
    worker.begin(Task("fill", ((0, 0),), ("none",), 1), {})
    with pytest.raises(AssertionError):
        all_news(worker)
    # And it ends at the next step when it is told so.
    worker.stop()
    worker.begin(first[0], {})
    assert all_news(worker) == ({}, 0)


@needs_ray
def test_same_figures_though_workers_die(
    space: Workspace, config: Config, tmp_path: Path, toy: Any, nodes: Any
) -> None:
    seen: list[tuple[int, int]] = []
    killed: list[int] = []

    def progress(done: int, total: int, message: str = "") -> None:
        seen.append((done, total))
        # One of the first to come up, and one in the middle.
        if len(killed) < 2 and done >= 5 * len(killed) and (there := workers()):
            killed.append(there[0].pid)
            there[0].kill()

    shared = run_benchmark(
        "toy", **WORK, config=config, workspace=space, cluster=Cluster(nodes.address), progress=progress
    )
    assert len(set(killed)) == 2
    assert workers() == []
    alone = run_benchmark("toy", **WORK, config=config, workspace=toy.copy(tmp_path / "other"))
    assert shared.results["methods"] == alone.results["methods"]
    assert shared.results["reference"] == alone.results["reference"]
    assert seen == sorted(seen)
    assert seen[-1] == (14, 14)


@needs_ray
def test_stopped_on_a_cluster_and_gone_on_with_here(space: Workspace, config: Config, nodes: Any) -> None:
    done = 0

    def progress(now: int, total: int, message: str = "") -> None:
        nonlocal done
        done = now

    with pytest.raises(BenchmarkStopped):
        run_benchmark(
            "toy",
            **WORK,
            config=config,
            workspace=space,
            cluster=Cluster(nodes.address, 1),
            progress=progress,
            stop=lambda: done >= 4,
        )
    assert workers() == []
    (folder,) = space.benchmarks.iterdir()
    kept = {path: path.stat().st_mtime_ns for path in (folder / "cells").iterdir()}
    assert len(kept) >= 4
    # The page that goes on with it goes on there.
    asked = asked_of(folder)
    assert asked is not None
    assert arguments_of(asked, "c.yaml")[-6:] == ["--workers", "1", "--engine", "ray", "--address", nodes.address]
    run_benchmark("toy", **WORK, config=config, workspace=space)
    assert all(path.stat().st_mtime_ns == when for path, when in kept.items())


@needs_ray
def test_a_worker_of_another_version_is_refused(
    space: Workspace, config: Config, nodes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = spread.versions()
    monkeypatch.setattr(spread, "versions", lambda: {**real, "numpy": "1.0"})
    with pytest.raises(BadInputError, match=r"other versions than this machine: .*numpy.*, here .*1\.0"):
        run_benchmark("toy", config=config, workspace=space, cluster=Cluster(nodes.address))


@needs_ray
def test_no_cluster_at_the_address_is_one_line(space: Workspace, config: Config) -> None:
    with pytest.raises(FailureError, match=r"no Ray cluster at 127\.0\.0\.1:9: ") as caught:
        run_benchmark("toy", config=config, workspace=space, cluster=Cluster("127.0.0.1:9"))
    assert "\n" not in str(caught.value)


@needs_ray
def test_ctrl_c_and_the_same_command(space: Workspace) -> None:
    """As typed, on a cluster of its own; Ctrl-C reaches every process of the terminal."""
    command = [sys.executable, "-m", "core", "benchmark", "toy", "--engine", "ray", "--workers", "2", "--json"]
    settings = ("data.n_folds=2", "data.text=none", "alignment.batch=32", "alignment.dim=12", "alignment.steps=100")
    command += ["--methods", "none,noise", "--seeds", "2", *(word for key in settings for word in ("--set", key))]
    environment = {**os.environ, "MIRAGE_HOME": str(space.root), "PYTHONPATH": str(Path.cwd())}
    options: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": environment}
    with subprocess.Popen(command, start_new_session=True, **options) as process:
        while process.poll() is None and not list(space.benchmarks.glob("*/cells/*.json")):
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        printed, errors = process.communicate(timeout=180)
    assert process.returncode == 130, errors
    assert printed == ""
    assert "run the same command again to go on" in errors
    assert "Traceback" not in errors
    kept = {path: path.stat().st_mtime_ns for path in space.benchmarks.glob("*/cells/*.json")}
    assert kept
    with subprocess.Popen([word if word != "ray" else "local" for word in command], **options) as process:
        printed, errors = process.communicate(timeout=180)
    assert process.returncode == 0, errors
    assert Path(json.loads(printed)["folder"]) == next(iter(kept)).parents[1]
    assert all(path.stat().st_mtime_ns == when for path, when in kept.items())
