"""Runs methods over folds and seeds; every cell is kept as soon as it is done, so that a stop loses nothing."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core import __version__
from core.benchmarks.methods import Method, find_methods
from core.benchmarks.parts import Part, parts, split_name
from core.benchmarks.summary import row_of, summary
from core.config import Config
from core.errors import BadInputError, MirageError
from core.evaluation import scores
from core.files import atomic_path, read_json, write_json
from core.progress import Progress, silent
from core.runs.data import RunData, load_data
from core.runs.guards import isolated
from core.workspace import Workspace

Cell = dict[str, Any]


class BenchmarkStopped(Exception):  # noqa: N818 - no fault: somebody asked for it
    """The benchmark was asked to stop; the cells that are done are on the disk."""


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
    config: Config | None = None,
    workspace: Workspace | None = None,
    progress: Progress = silent,
    stop: Callable[[], bool] = lambda: False,
) -> Benchmark:
    """Recognition on held-out speakers by each method and by the tuned logistic regression, all folds and seeds.

    The folder's name is made of the corpus and a hash of configuration and data: the same call goes on where it was
    left, and one with more seeds or methods does only what is new.

    Args:
        corpus: an ingested and embedded corpus; it overrides ``config.data.corpus``.
        methods: names out of ``METHODS``. seeds: how many, from ``config.training.seed`` up.
        progress: told of cells: one for each fold of the reference, one for each method, fold and seed.
        stop: asked after every step; True ends with BenchmarkStopped.

    Raises:
        BadInputError: corpus, embeddings, methods or folds cannot be used.
        FailureError: training failed, or the disk is full.
        BenchmarkStopped: ``stop`` said so.
    """
    chosen = find_methods(methods)
    if seeds < 1:
        raise BadInputError(f"seeds = {seeds}: at least one is needed")
    workspace = workspace or Workspace()
    config = (config or Config()).changed(data={"corpus": corpus, "fold": None, "validation": 0.0})
    data = load_data(config, workspace)
    folder = workspace.benchmarks / f"{corpus}-{_key(config, data)}"
    numbers = range(config.training.seed, config.training.seed + seeds)
    work = _Work(folder / "cells", config, stop, progress)
    with isolated(config):
        done = work.run(list(parts(data, config)), chosen, numbers)
    results = {
        "mirage": __version__,
        "corpus": corpus,
        "split": split_name(data, config),
        "seeds": list(numbers),
        "embeddings": [store.name for store in data.stores],
        "config": config.model_dump(),
        **summary(done, data.classes, {method.name: method.title for method in chosen}),
        "written": time.time(),
    }
    with atomic_path(folder / "results.parquet") as temporary:
        pq.write_table(
            pa.Table.from_pylist([row_of(cell) for cell in done if cell["method"] != "reference"]), temporary
        )
    write_json(folder / "results.json", results)
    return Benchmark(folder, results)


class _Work:
    """The cells one after the other: read where they are there, done and written where they are not."""

    def __init__(self, folder: Path, config: Config, stop: Callable[[], bool], progress: Progress) -> None:
        self.folder, self.config, self.stop, self.progress = folder, config, stop, progress

    def run(
        self, folds: Sequence[tuple[Part, np.ndarray]], methods: Sequence[Method], seeds: Sequence[int]
    ) -> list[Cell]:
        total = len(folds) * (1 + len(methods) * len(seeds))
        cells: list[Cell] = []
        for part, truth in folds:
            where = f"fold {part.index + 1} of {len(folds)}"
            reference: Cell | None = None
            for method, seed in [(None, None), *((method, seed) for method in methods for seed in seeds)]:
                name = "reference" if method is None else method.name
                self.progress(len(cells), total, f"{where}: {name}" + ("" if seed is None else f", seed {seed}"))
                cell = self._cell(part, truth, method, seed)
                if method is None:
                    reference = cell
                cells.append({**cell, "reference": reference})
        self.progress(total, total, "done")
        return cells

    def _cell(self, part: Part, truth: np.ndarray, method: Method | None, seed: int | None) -> Cell:
        name = "reference" if method is None else method.name
        path = self.folder / f"{name}-fold{part.index:03d}{'' if seed is None else f'-seed{seed}'}.json"
        kept = _read(path)
        if kept is not None:
            return kept
        self._check()
        start = time.perf_counter()
        if method is None:
            audio = part.reference()
            both = None if part.text is None else part.reference(with_text=True)
        else:
            assert seed is not None
            predicted = method.predict(part, self.config, seed, self._check)
            audio, both = predicted.audio, predicted.audio_and_text
        cell: Cell = {
            "method": name,
            "fold": part.index,
            "fold_name": part.fold,
            "seed": seed,
            "n_train": int(part.train.sum()),
            "n_test": int(part.test.sum()),
            "seconds": time.perf_counter() - start,
            "audio": _scored(truth, audio, part.classes),
        }
        said = part.has_text[part.test]
        if both is not None and said.any():
            cell["audio_and_text"] = _scored(truth[said], both[said], part.classes)
        write_json(path, cell)
        return cell

    def _check(self) -> None:
        if self.stop():
            raise BenchmarkStopped


def _scored(truth: np.ndarray, predicted: np.ndarray, classes: list[str]) -> dict[str, Any]:
    names = np.asarray(classes, dtype=object)
    return scores(names[truth], names[predicted], classes).to_dict()


def _read(path: Path) -> Cell | None:
    """A cell that is done; None where there is none, or a damaged one, which is then done again."""
    if not path.is_file():
        return None
    try:
        content = read_json(path)
    except MirageError:
        return None
    return content if isinstance(content, dict) and isinstance(content.get("audio"), dict) else None


def _key(config: Config, data: RunData) -> str:
    """Twelve hex digits of everything a cell depends on besides its method, fold and seed."""
    kept = config.model_dump(include={"data", "alignment", "generation"})
    content = {
        "mirage": __version__,
        "config": kept,
        "corpus": data.corpus.fingerprint(),
        "embeddings": [[store.name, store.fingerprint()] for store in data.stores],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]
