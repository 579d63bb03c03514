"""What is left of a benchmark, divided into tasks of a size that processes can share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.benchmarks.cells import Material, Unit, Worker
from core.benchmarks.problems import GROUPS
from core.benchmarks.shelf import read_cell
from core.benchmarks.training.stack import MOST

BLOCK = 5
"""Seeds that are trained side by side."""


@dataclass(frozen=True)
class Task:
    """One thing to do, in words that travel to another process.

    Attributes:
        kind: ``refer``, ``tune`` or ``fill``. places: (part, seed) each. methods: names.
        units: how many units it writes.
    """

    kind: str
    places: tuple[tuple[int, int | None], ...]
    methods: tuple[str, ...]
    units: int

    def run(self, worker: Worker) -> None:
        """Does it."""
        if self.kind == "refer":
            worker.refer(self.places)
        elif self.kind == "tune":
            worker.tune(self.places, self.methods)
        else:
            worker.fill([(part, seed) for part, seed in self.places if seed is not None], self.methods)

    def files(self, material: Material) -> list[Path]:
        """What it reads and what it writes."""
        found: list[Path] = []
        for part, seed in self.places:
            unit = (part, seed) if seed is None or self.kind != "fill" else material.unit(part, seed)
            found += [material.choice_file(name, unit) for name in self.methods]
            cells = {"refer": ("reference",), "tune": (), "fill": self.methods}[self.kind]
            folds = [fold.index for fold in material.parts[part].tested]
            found += [material.cell_file(name, fold, seed) for name in cells for fold in folds]
        return list(dict.fromkeys(found))


def units_in_all(material: Material, methods: Sequence[str], seeds: Sequence[int]) -> int:
    """References, choices and cells, done or not."""
    places = len(material.parts) * (1 if material.condition.whole else len(seeds))
    return places * (1 + len(methods)) + len(material.parts) * len(methods) * len(seeds)


def phases(material: Material, methods: Sequence[str], seeds: Sequence[int]) -> tuple[list[Task], list[Task]]:
    """What is left: the references and choices first, then the cells that need these choices."""
    look = Worker(material)
    numbers = range(len(material.parts))
    places: list[Unit] = [(part, seed) for part in numbers for seed in ([None] if material.condition.whole else seeds)]
    first: list[Task] = []
    at_once = max(1, MOST // GROUPS)
    for part in numbers:
        own = [place for place in places if place[0] == part]
        left = {
            place: tuple(name for name in methods if read_cell(material.choice_file(name, place)) is None)
            for place in own
        }
        first += _grouped("tune", left, at_once)
    for place in places:
        if look.missing(material.parts[place[0]], "reference", place[1]):
            first.append(Task("refer", (place,), (), 1))
    second: list[Task] = []
    for part in numbers:
        cells = {
            (part, seed): tuple(name for name in methods if look.missing(material.parts[part], name, seed))
            for seed in seeds
        }
        second += _grouped("fill", cells, BLOCK)
    return first, second


def _grouped(kind: str, left: dict, size: int) -> list[Task]:
    """Tasks of at most ``size`` places that lack the same methods."""
    tasks = []
    for methods in dict.fromkeys(left.values()):
        own = [place for place, names in left.items() if names == methods]
        for start in range(0, len(own), size):
            if methods:
                block = tuple(own[start : start + size])
                tasks.append(Task(kind, block, methods, len(block) * len(methods)))
    return tasks
