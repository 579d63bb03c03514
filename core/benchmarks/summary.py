"""From cells to figures: means over folds and seeds, pooled figures, paired gains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.evaluation import paired_gain

Cell = Mapping[str, Any]
FEATURES = ("audio", "audio_and_text")
_FIGURES = ("ua", "wa", "macro_f1")


def row_of(cell: Cell) -> dict[str, Any]:
    """One row of results.parquet: a fold and seed of one method, with the reference's figures of that fold."""
    row = {key: cell[key] for key in ("method", "fold", "fold_name", "seed", "n_train", "n_test", "seconds")}
    for features in FEATURES:
        for owner, source in (("", cell), ("reference_", cell["reference"])):
            found = source.get(features)
            for figure in _FIGURES:
                row[f"{owner}{features}_{figure}"] = None if found is None else found[figure]
        found = cell.get(features)
        for name in cell["audio"]["classes"]:
            row[f"{features}_recall_{name}"] = None if found is None else found["recall"][name]
    return row


def summary(cells: Sequence[Cell], classes: list[str], methods: Mapping[str, str]) -> dict[str, Any]:
    """The figures of all methods and of the reference.

    UA, WA and macro-F1 are means over folds (and seeds); ``ua_pooled`` scores all folds' predictions as one set, and
    ``recall`` is pooled likewise. Gains are paired fold by fold.

    Args:
        cells: as the benchmark makes them. classes: k names. methods: titles by name.

    Returns:
        ``classes``, ``n_classes``, ``folds``, ``utterances``, ``reference`` and ``methods``: by name a ``title`` and,
        for each of ``FEATURES`` that there is, the figures and ``gain`` over the reference (None with a single fold).
    """
    reference = [cell for cell in cells if cell["method"] == "reference"]
    content: dict[str, Any] = {
        "classes": classes,
        "n_classes": len(classes),
        "folds": [
            {"name": cell["fold_name"], "n_train": cell["n_train"], "n_test": cell["n_test"]} for cell in reference
        ],
        "utterances": sum(cell["n_test"] for cell in reference),
        "reference": {
            "title": "tuned logistic regression",
            **{name: _figures(reference, name, classes) for name in _there(reference)},
        },
        "methods": {},
    }
    for method, title in methods.items():
        own = [cell for cell in cells if cell["method"] == method]
        content["methods"][method] = {
            "title": title,
            **{name: {**_figures(own, name, classes), "gain": _gain(own, name)} for name in _there(own)},
        }
    return content


def _there(cells: Sequence[Cell]) -> list[str]:
    return [name for name in FEATURES if any(name in cell for cell in cells)]


def _figures(cells: Sequence[Cell], features: str, classes: list[str]) -> dict[str, Any]:
    scored = [cell for cell in cells if features in cell]
    seeds = sorted({cell["seed"] for cell in scored}, key=lambda seed: -1 if seed is None else seed)
    by_seed = [[cell[features] for cell in scored if cell["seed"] == seed] for seed in seeds]
    pooled = [np.sum([found["confusion"] for found in of], axis=0) for of in by_seed]
    recalls = np.array([_recalls(confusion) for confusion in pooled])
    means = {name: np.array([np.mean([found[name] for found in of]) for of in by_seed]) for name in _FIGURES}
    return {
        **{name: float(values.mean()) for name, values in means.items()},
        "ua_pooled": float(np.nanmean(recalls, axis=1).mean()),
        "ua_by_seed": means["ua"].tolist(),
        "recall": dict(zip(classes, recalls.mean(axis=0).tolist(), strict=True)),
        "confusion": np.mean(pooled, axis=0).tolist(),
    }


def _recalls(confusion: np.ndarray) -> np.ndarray:
    support = confusion.sum(axis=1)
    return np.where(support > 0, confusion.diagonal() / np.maximum(support, 1), np.nan)


def _gain(cells: Sequence[Cell], features: str) -> dict[str, Any] | None:
    """The paired difference of UA to the reference; folds in which either has no such figure are left out."""
    scored = [cell for cell in cells if features in cell and features in cell["reference"]]
    folds, seeds = sorted({cell["fold"] for cell in scored}), sorted({cell["seed"] for cell in scored})
    if len(folds) < 2:
        return None
    by_place = {(cell["seed"], cell["fold"]): cell for cell in scored}
    own = [[by_place[seed, fold][features]["ua"] for fold in folds] for seed in seeds]
    other = [[by_place[seed, fold]["reference"][features]["ua"] for fold in folds] for seed in seeds]
    return paired_gain(np.array(own), np.array(other)).to_dict()
