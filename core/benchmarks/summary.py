"""From cells to figures: means over folds and seeds, pooled figures, paired gains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.evaluation import paired_gain

Cell = Mapping[str, Any]
FEATURES = ("audio", "audio_and_text")
RIVALS = ("crossed", "self-training", "mirage-no-generator")
"""Methods that share something with the generators: gains over them say what generating itself adds."""
_FIGURES = ("ua", "wa", "macro_f1")
_BOOTSTRAP = 10_000


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
        chosen = cell.get("chosen", {}).get(features, {})
        for key in ("setting", "strength", "added"):
            row[f"{features}_{key}"] = chosen.get(key)
    return row


def summary(cells: Sequence[Cell], classes: list[str], methods: Mapping[str, str]) -> dict[str, Any]:
    """The figures of all methods and of the reference.

    UA, WA and macro-F1 are means over folds (and seeds), ``low`` and ``high`` the 95 % bootstrap interval of UA over
    folds; ``ua_pooled`` scores all folds' predictions as one set, and ``recall`` and ``confusion`` are pooled
    likewise. Gains are paired fold by fold and seed by seed.

    Args:
        cells: as the benchmark makes them. classes: k names. methods: titles by name.

    Returns:
        ``classes``, ``n_classes``, ``folds``, ``utterances``, ``reference`` and ``methods``: by name a ``title`` and,
        for each of ``FEATURES`` that there is, the figures, ``gain`` over the reference, ``gain_over_none`` (each
        None with a single fold, the latter also for ``none`` itself or without it), ``gain_over_rivals`` (by name, of
        those out of ``RIVALS`` that there are), and how often each setting was chosen.
    """
    reference = [cell for cell in cells if cell["method"] == "reference"]
    folds = {cell["fold"]: cell for cell in reference}
    content: dict[str, Any] = {
        "classes": classes,
        "n_classes": len(classes),
        "chance": 1.0 / len(classes),
        "folds": [
            {"name": cell["fold_name"], "n_train": cell["n_train"], "n_test": cell["n_test"]} for cell in folds.values()
        ],
        "utterances": sum(cell["n_test"] for cell in folds.values()),
        "reference": {
            "title": "tuned logistic regression",
            **{name: _figures(reference, name, classes) for name in _there(reference)},
        },
        "methods": {},
    }
    placed: dict[str, dict[tuple[int, int | None], Cell]] = {}
    for cell in cells:
        placed.setdefault(cell["method"], {})[cell["fold"], cell["seed"]] = cell
    plain = placed.get("none", {})
    for method, title in methods.items():
        own = [cell for cell in cells if cell["method"] == method]
        content["methods"][method] = {
            "title": title,
            **{
                name: {
                    **_figures(own, name, classes),
                    "gain": _gain(own, [cell["reference"] for cell in own], name),
                    "gain_over_none": None
                    if method == "none" or not plain
                    else _gain(own, [plain[cell["fold"], cell["seed"]] for cell in own], name),
                    "gain_over_rivals": _over_rivals(method, own, placed, name),
                    "settings": dict(
                        Counter(cell["chosen"][name]["setting"] for cell in own if name in cell["chosen"]).most_common()
                    ),
                }
                for name in _there(own)
            },
        }
    return content


def _over_rivals(
    method: str, own: Sequence[Cell], placed: Mapping[str, Mapping[tuple[int, int | None], Cell]], features: str
) -> dict[str, Any]:
    """Gains by rival; of an unfinished benchmark those alone that have all cells that the method has."""
    found = {}
    for rival in RIVALS:
        there = placed.get(rival, {})
        if rival != method and method not in ("none", "reference") and all(_place(cell) in there for cell in own):
            gain = _gain(own, [there[_place(cell)] for cell in own], features)
            if gain is not None:
                found[rival] = gain
    return found


def _place(cell: Cell) -> tuple[int, int | None]:
    return cell["fold"], cell["seed"]


def _there(cells: Sequence[Cell]) -> list[str]:
    return [name for name in FEATURES if any(name in cell for cell in cells)]


def _figures(cells: Sequence[Cell], features: str, classes: list[str]) -> dict[str, Any]:
    scored = [cell for cell in cells if features in cell]
    seeds = sorted({cell["seed"] for cell in scored}, key=lambda seed: -1 if seed is None else seed)
    by_seed = [[cell[features] for cell in scored if cell["seed"] == seed] for seed in seeds]
    pooled = [np.sum([found["confusion"] for found in of], axis=0) for of in by_seed]
    recalls = np.array([_recalls(confusion) for confusion in pooled])
    means = {name: np.array([np.mean([found[name] for found in of]) for of in by_seed]) for name in _FIGURES}
    low, high = _interval(scored, features)
    return {
        **{name: float(values.mean()) for name, values in means.items()},
        "low": low,
        "high": high,
        "ua_pooled": float(np.nanmean(recalls, axis=1).mean()),
        "ua_by_seed": means["ua"].tolist(),
        "recall": dict(zip(classes, recalls.mean(axis=0).tolist(), strict=True)),
        "confusion": np.mean(pooled, axis=0).tolist(),
    }


def _interval(cells: Sequence[Cell], features: str) -> tuple[float | None, float | None]:
    """95 % interval of the mean UA, the folds drawn anew with replacement; None with a single fold."""
    folds = sorted({cell["fold"] for cell in cells})
    if len(folds) < 2:
        return None, None
    values = np.array([np.mean([cell[features]["ua"] for cell in cells if cell["fold"] == fold]) for fold in folds])
    draws = np.random.default_rng(0).integers(len(values), size=(_BOOTSTRAP, len(values)))
    low, high = np.quantile(values[draws].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def _recalls(confusion: np.ndarray) -> np.ndarray:
    support = confusion.sum(axis=1)
    return np.where(support > 0, confusion.diagonal() / np.maximum(support, 1), np.nan)


def _gain(cells: Sequence[Cell], others: Sequence[Cell], features: str) -> dict[str, Any] | None:
    """The paired difference of UA to ``others``; folds in which either has no such figure are left out."""
    pairs = {
        (own["seed"], own["fold"]): (own[features]["ua"], other[features]["ua"])
        for own, other in zip(cells, others, strict=True)
        if features in own and features in other
    }
    seeds = sorted({seed for seed, _ in pairs})
    # A fold counts where every seed has it: with few utterances a seed may have drawn none with text.
    folds = [fold for fold in sorted({fold for _, fold in pairs}) if all((seed, fold) in pairs for seed in seeds)]
    if len(folds) < 2:
        return None
    table = np.array([[pairs[seed, fold] for fold in folds] for seed in seeds])
    return paired_gain(table[:, :, 0], table[:, :, 1]).to_dict()
