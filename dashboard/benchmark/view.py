"""A benchmark's results as tables: figures, gains, recall by emotion, confusion. Shares become per cent here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core import BadInputError
from core.benchmarks import p_words, verdict
from core.spreadsheets import frame_csv

FEATURES = {"audio": "audio", "audio_and_text": "audio and text"}
REFERENCE = "reference"
OVER = {"gain_over_none": "nothing added", "gain": "the regression"}
"""What a gain is over, as the command line says it."""
EARLY = "too early"
"""The verdict of an unfinished benchmark: whoever looks again and again would find something by chance."""

_NEEDED = {"corpus": str, "classes": list, "folds": list, "seeds": list, "methods": dict, "reference": dict}

Results = dict[str, Any]


@dataclass(frozen=True)
class Gain:
    """A paired difference of UA, in points; ``says`` is what it comes to."""

    method: str
    title: str
    over: str
    mean: float
    low: float
    high: float
    p_value: float
    says: str
    folds: int


def checked(content: Any, where: str) -> Results:
    """Results that have what the page needs.

    Raises:
        BadInputError: they have not.
    """
    if not isinstance(content, dict) or not all(isinstance(content.get(k), kind) for k, kind in _NEEDED.items()):
        raise BadInputError(f"{where}: not the results of a benchmark; run the same command again")
    return content


def kinds(results: Results) -> list[str]:
    """The features that were recognised from, out of ``FEATURES``."""
    return [kind for kind in FEATURES if any(kind in own for own in _all(results).values())]


def titles(results: Results, kind: str) -> dict[str, str]:
    """Names and titles of what has figures from these features: the reference, then the methods."""
    return {name: own["title"] for name, own in _all(results).items() if kind in own}


def says(results: Results) -> list[str]:
    """What every figure must be read with, in short parts."""
    tested = f", tested on {results['test_on']}" if results.get("test_on") else ""
    seeds, folds = len(results["seeds"]), len(results["folds"])
    parts = [
        f"{results['corpus']}{tested}",
        f"{len(results['classes'])} classes: {', '.join(results['classes'])}",
        f"{results['utterances']:,} utterances",
        f"{_many(folds, 'fold')} by {results['split']}" if folds > 1 else f"1 fold by {results['split']}",
        _many(seeds, "seed"),
        str(results.get("condition_title", "")),
    ]
    return [part for part in parts if part]


def method_table(results: Results, kind: str) -> pd.DataFrame:
    """One row for the reference and each method; figures in per cent, gains in points.

    Columns (heading, name): method; of UA mean and interval; under each of ``OVER`` points, interval, p and what it
    says; WA and macro-F1; of an unfinished benchmark how many cells are done.
    """
    counted = results.get("cells")
    rows = []
    for name, own in _all(results).items():
        figures = own.get(kind)
        if figures is None:
            continue
        row: dict[tuple[str, str], Any] = {
            ("", "method"): own["title"],
            ("UA (%)", "mean"): _percent(figures["ua"]),
            ("UA (%)", "interval"): _interval(figures["low"], figures["high"]),
        }
        for key, over in OVER.items():
            gain, heading = figures.get(key), f"gain over {over}"
            row[heading, "points"] = None if gain is None else 100 * gain["mean"]
            row[heading, "interval"] = "" if gain is None else _interval(gain["low"], gain["high"], signed=True)
            row[heading, "p"] = "" if gain is None else p_words(gain["p_value"])
            row[heading, "says"] = "" if gain is None else _verdict(results, gain)
        row["other figures (%)", "WA"] = _percent(figures["wa"])
        row["other figures (%)", "macro-F1"] = _percent(figures["macro_f1"])
        if counted is not None:
            row["cells", "done"] = "" if name == REFERENCE else f"{counted[name]} of {results['cells_in_all']}"
        rows.append(row)
    return pd.DataFrame(rows, columns=pd.MultiIndex.from_tuples(list(rows[0])))


def gains(results: Results, kind: str) -> list[Gain]:
    """The gains of all methods, over each of ``OVER`` that there is."""
    found = []
    for name, own in results["methods"].items():
        for key, over in OVER.items():
            gain = own.get(kind, {}).get(key)
            if gain is not None:
                mean, low, high = (100 * gain[part] for part in ("mean", "low", "high"))
                found.append(
                    Gain(
                        name,
                        own["title"],
                        over,
                        mean,
                        low,
                        high,
                        gain["p_value"],
                        _verdict(results, gain),
                        len(gain["by_fold"]),
                    )
                )
    return found


def over_rivals(results: Results, kind: str) -> list[str]:
    """What generating adds: gains of MIRAGE over methods that share something with it, a line for each."""
    own = results["methods"].get("mirage", {}).get(kind, {}).get("gain_over_rivals", {})
    return [
        f"MIRAGE over {results['methods'][name]['title']}: {100 * gain['mean']:+.1f} points "
        f"({100 * gain['low']:+.1f} to {100 * gain['high']:+.1f}), {_verdict(results, gain)}"
        for name, gain in own.items()
        if name in results["methods"]
    ]


def in_words(found: list[Gain]) -> list[str]:
    """How the gains came out, one line for each thing they are over: worse is said as better is."""
    if any(gain.says == EARLY for gain in found):
        return ["Too early to say: verdicts come when all cells are done."]
    lines = []
    for over in OVER.values():
        own = [gain for gain in found if gain.over == over]
        if not own:
            continue
        parts = []
        for word in ("better", "worse", "not told apart"):
            named = [gain.title for gain in own if gain.says == word]
            if named:
                parts.append(f"{word} ({len(named)}): {' · '.join(named)}")
        lines.append(f"Against {over} - {'; '.join(parts)}")
    return lines


def recall_table(results: Results, kind: str) -> pd.DataFrame:
    """Recall by emotion in per cent (index: titles, columns: classes); NaN for an emotion that was not tested."""
    rows = {
        own["title"]: [_percent(own[kind]["recall"].get(name)) for name in results["classes"]]
        for own in _all(results).values()
        if kind in own
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=results["classes"], dtype=float)


def confusion(results: Results, kind: str, name: str) -> np.ndarray:
    """(k, k) utterances of the row's emotion that were recognised as the column's: all folds, mean over seeds."""
    return np.asarray(_all(results)[name][kind]["confusion"], dtype=float)


def shares(counts: np.ndarray) -> np.ndarray:
    """Each row of a confusion in per cent of its sum; NaN where the emotion was not tested.

    >>> shares(np.array([[3.0, 1.0], [0.0, 0.0]])).tolist()
    [[75.0, 25.0], [nan, nan]]
    """
    sums = counts.sum(axis=1, keepdims=True)
    return np.divide(100 * counts, sums, out=np.full_like(counts, np.nan, dtype=float), where=sums > 0)


def settings_table(results: Results, kind: str) -> pd.DataFrame:
    """Which settings the validation speakers chose, and how often."""
    rows = []
    for own in results["methods"].values():
        chosen = own.get(kind, {}).get("settings") or {}
        words = ", ".join(f"{label} ({count})" for label, count in chosen.items() if label != "-")
        if words:
            rows.append({"method": own["title"], "settings chosen (times)": words})
    return pd.DataFrame(rows)


def as_csv(results: Results) -> str:
    """The table of all features as CSV, with what it must be read with in front columns."""
    tables = []
    for kind in kinds(results):
        table = method_table(results, kind)
        table.columns = [" ".join(filter(None, names)) for names in table.columns]
        table.insert(0, "features", FEATURES[kind])
        tables.append(table)
    table = pd.concat(tables, ignore_index=True)
    for position, (column, value) in enumerate(
        {
            "corpus": results["corpus"],
            "tested on": results.get("test_on") or results["corpus"],
            "condition": results.get("condition", ""),
            "others unlabelled": "yes" if results.get("unlabelled") else "no",
            "classes": len(results["classes"]),
            "folds": len(results["folds"]),
            "split": results["split"],
            "seeds": len(results["seeds"]),
        }.items()
    ):
        table.insert(position, column, value)
    return frame_csv(table).decode("utf-8")


def _all(results: Results) -> dict[str, dict[str, Any]]:
    return {REFERENCE: results["reference"], **results["methods"]}


def _verdict(results: Results, gain: dict[str, Any]) -> str:
    return EARLY if "cells" in results else verdict(gain)


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _interval(low: float | None, high: float | None, *, signed: bool = False) -> str:
    if low is None or high is None:
        return ""
    return f"{100 * low:+.1f} to {100 * high:+.1f}" if signed else f"{100 * low:.1f} to {100 * high:.1f}"


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
