"""The figures of a benchmark that is not finished, from the cells that are there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.benchmarks.jobs import asked_of
from core.errors import MirageError
from core.files import read_json

Cell = dict[str, Any]


def results_so_far(folder: str | Path) -> dict[str, Any] | None:
    """What ``results.json`` will hold, of the cells that are done; None where no method has one yet.

    A cell counts where the regression of its fold and, if ``none`` is compared, its cell of the same fold and seed are
    there as well, so that every figure is paired. ``cells`` says how many count, by method, and ``cells_in_all`` how
    many there will be of each.

    Raises:
        BadInputError: ``benchmark.json`` is damaged.
    """
    folder = Path(folder)
    asked = asked_of(folder)
    if asked is None:
        return None
    methods, seeds = asked["asked"]["methods"], asked["seeds"]
    references = _cells(folder, "reference", [None, *seeds])
    plain = _cells(folder, "none", seeds)
    found: list[Cell] = [{**cell, "reference": cell} for cell in references.values()]
    counts = {}
    for name in methods:
        own = plain if name == "none" else _cells(folder, name, seeds)
        paired = [
            {**cell, "reference": reference}
            for (fold, seed), cell in own.items()
            if (reference := references.get((fold, seed), references.get((fold, None)))) is not None
            and ("none" not in methods or (fold, seed) in plain)
        ]
        counts[name] = len(paired)
        found += paired
    if not any(counts.values()):
        return None
    from core.benchmarks.summary import summary

    there = {name: title for name, title in methods.items() if counts[name]}
    content = {**asked, **summary(found, asked["classes"], there)}
    return {**content, "cells": counts, "cells_in_all": len(content["folds"]) * len(seeds)}


def _cells(folder: Path, name: str, seeds: list[int | None] | list[int]) -> dict[tuple[int, int | None], Cell]:
    """The cells of a method by fold and seed; damaged ones and other seeds are passed over."""
    found: dict[tuple[int, int | None], Cell] = {}
    for path in sorted((folder / "cells").glob(f"{name}-fold*.json")):
        try:
            cell = read_json(path)
        except MirageError:
            continue
        if isinstance(cell, dict) and isinstance(cell.get("audio"), dict) and cell["seed"] in seeds:
            found[cell["fold"], cell["seed"]] = cell
    return dict(sorted(found.items(), key=lambda item: (item[0][0], -1 if item[0][1] is None else item[0][1])))
