"""Runs methods over folds and seeds; every unit is kept as soon as it is done, so that a stop loses nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.benchmarks.cells import Cell, Material
from core.benchmarks.engine import Watch, open_engine
from core.benchmarks.methods import Method
from core.benchmarks.plan import Plan
from core.benchmarks.reporting import reported
from core.benchmarks.shelf import read_cell
from core.benchmarks.source import Options
from core.benchmarks.summary import row_of, summary
from core.benchmarks.tasks import phases
from core.config import Config
from core.errors import FailureError
from core.files import atomic_path, write_json
from core.progress import Progress, silent
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.encoders.cluster import Cluster


@dataclass(frozen=True)
class Benchmark:
    """A finished benchmark: ``folder`` with results.json and results.parquet, and the content of the former."""

    folder: Path
    results: dict[str, Any]


def run_benchmark(
    corpus: str,
    *,
    methods: Iterable[str] = ("none",),
    seeds: int = 5,
    condition: str = "all",
    test_on: str | None = None,
    unlabelled: bool = False,
    permute_labels: bool = False,
    workers: int = 1,
    cluster: Cluster | None = None,
    config: Config | None = None,
    workspace: Workspace | None = None,
    progress: Progress = silent,
    stop: Callable[[], bool] = lambda: False,
) -> Benchmark:
    """Recognition on held-out speakers by each method and by the tuned logistic regression, all folds and seeds.

    The folder's name is made of the corpus and a hash of options, configuration and data: the same call goes on where
    it was left, and one with more seeds or methods does only what is new. The same seed gives the same figures bit
    for bit on one machine, however the work is divided. ``state.json`` in the folder says how it is doing, and a file
    ``stop`` there stops it as ``stop`` does.

    Args:
        corpus: an ingested and embedded corpus; it overrides ``config.data.corpus``.
        methods: names out of ``METHODS``. seeds: how many, from ``config.training.seed`` up.
        condition: ``all``, ``50``, ``25``, ``10`` (per cent of the training utterances) or ``cut:EMOTION``.
        test_on: another corpus, embedded by the same encoders: all of ``corpus`` trains, that one is tested.
        unlabelled: training utterances that the condition leaves out, and those without an emotion, are learnt from
            without their labels, by the methods that can.
        permute_labels: deals the emotions out at random; every figure must then be at chance.
        workers: processes of this machine. cluster: the workers of a Ray cluster in their place.
        progress: told of units: a regression, the tuning of one method, or one method in one fold with one seed.
        stop: asked after every step; True ends with BenchmarkStopped.

    Raises:
        BadInputError: corpus, embeddings, methods, condition or folds cannot be used.
        FailureError: training failed, a process was killed, the disk is full, or the cluster is lost.
        BenchmarkStopped: ``stop`` said so.
    """
    workspace, config = workspace or Workspace(), config or Config()
    plan = Plan.of(Options(corpus, condition, test_on, permute_labels, unlabelled), methods, seeds, config, workspace)
    with reported(plan, workers, cluster) as report:
        _work(plan, workspace, workers, cluster, report.to(progress), report.asked_to(stop))
        return _written(plan)


def _written(plan: Plan) -> Benchmark:
    """Makes the figures of all cells and writes them."""
    material = plan.source.material
    done = _collected(material, plan.methods, plan.seeds)
    results = {
        **plan.head(),
        **summary(done, material.parts[0].classes, {method.name: method.title for method in plan.methods}),
        "written": time.time(),
    }
    with atomic_path(plan.folder / "results.parquet") as temporary:
        rows = [row_of(cell) for cell in done if cell["method"] != "reference"]
        pq.write_table(pa.Table.from_pylist(rows), temporary)
    write_json(plan.folder / "results.json", results)
    return Benchmark(plan.folder, results)


def _work(
    plan: Plan,
    workspace: Workspace,
    workers: int,
    cluster: Cluster | None,
    progress: Progress,
    stop: Callable[[], bool],
) -> None:
    """Does what is not there yet."""
    total = plan.units
    first, second = phases(plan.source.material, plan.names, plan.seeds)
    left = sum(task.units for task in (*first, *second))
    watch = Watch(stop, lambda done, what: progress(done, total, what), done=total - left)
    progress(watch.done, total, "starting")
    if not left:
        return
    most = max(len(first), len(second))
    with open_engine(plan.source.material, plan.options, plan.config, workspace, workers, cluster, most) as engine:
        # In this order: a cell needs the choices of its part.
        for tasks in (first, second):
            engine.run(tasks, watch)
    progress(total, total, "done")


def _collected(material: Material, methods: Sequence[Method], seeds: Sequence[int]) -> list[Cell]:
    """All cells with the reference that belongs to each."""
    cells: list[Cell] = []
    for part in material.parts:
        for fold in part.tested:
            asked = dict.fromkeys(material.unit(part.index, seed) for seed in seeds)
            found = {unit: _there(material, "reference", fold.index, unit[1]) for unit in asked}
            cells += [{**cell, "reference": cell} for cell in found.values()]
            cells += [
                {**_there(material, method.name, fold.index, seed), "reference": found[material.unit(part.index, seed)]}
                for method in methods
                for seed in seeds
            ]
    return cells


def _there(material: Material, name: str, fold: int, seed: int | None) -> Cell:
    path = material.cell_file(name, fold, seed)
    cell = read_cell(path)
    if cell is None:
        raise FailureError(f"{path}: the cell was removed while the benchmark ran; run the same command again")
    return cell
