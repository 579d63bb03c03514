"""What all configurations of a study say: a row for each, and the rank correlations over them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from core import __version__
from core.benchmarks.mi_gain import table_of
from core.benchmarks.verdicts import verdict
from core.evaluation import paired_gain, spearman

if TYPE_CHECKING:
    from core.benchmarks.mi_study import Study

MI = {"mi": "transferred I(c;h)", "mi_generated": "I(c;h_hat)"}
"""The informations of a row, the main one first. It was chosen before any gain was measured: I(c;h_hat) comes to its
ceiling H(c) as soon as the emotions of generated rows are told apart, however unlike real ones they are."""
GAIN = {"gain": "added to the real rows", "gain_replaced": "in place of the real rows"}
"""The gains of a row, the main one first."""
_TOLD = {
    "mi": "read from real rows of validation speakers by a critic fitted on generated rows alone; emotions count alike",
    "mi_generated": "read from generated rows by the same critic, fitted on others of them",
}
_UA = {"gain": "ua_added", "gain_replaced": "ua_replaced"}
_CEILING = {"mi": "ceiling", "mi_generated": "ceiling_generated"}
_DRAWS = 1000


def summary(study: Study, kept: Sequence[dict[str, Any]], command: str = "") -> dict[str, Any]:
    """The content of ``mi_gain.json``: a row for each configuration, and the rank correlations over them.

    Args:
        command: the command line that comes to the same figures, empty where there is none.
    """
    rows, tables = [], []
    for one in kept:
        if one["failed"]:
            continue
        found = {key: table_of(one["worth"], key) for key in MI}
        none = table_of(one["worth"], "ua_none")
        found |= {key: table_of(one["worth"], ua) - none for key, ua in _UA.items()}
        row: dict[str, Any] = {"name": one["name"], "setting": one["setting"]}
        for key, table in found.items():
            row |= _measured(key, table)
        row |= {ceiling: float(table_of(one["worth"], ceiling).mean()) for ceiling in _CEILING.values()}
        rows.append(row)
        tables.append({key: table.mean(axis=0) for key, table in found.items()})
    material = study.source.material
    associations = [_association(mi, gain, rows, tables) for mi in MI for gain in GAIN]
    first = associations[0]
    return {
        "mirage": __version__,
        "corpus": study.options.corpus,
        "condition": material.condition.name,
        "condition_title": material.condition.title,
        "permuted": study.options.permute,
        "features": "audio",
        "over": "none",
        "quantity": MI["mi"],
        "protocol": protocol(study.share),
        "command": command,
        "split": study.source.split,
        "folds": [fold.name for part in material.parts for fold in part.tested],
        "seeds": list(study.seeds),
        "share": study.share,
        "classes": material.parts[0].classes,
        "embeddings": study.source.embeddings,
        "config": study.config.model_dump(),
        "spearman": first["spearman"],
        "spearman_low": first["low"],
        "spearman_high": first["high"],
        "measures": {"mi": MI, "gain": GAIN},
        "told": _TOLD,
        "associations": associations,
        "rows": rows,
        "failed": [
            {"name": one["name"], "setting": one["setting"], "reason": one["failed"]} for one in kept if one["failed"]
        ],
        "written": time.time(),
    }


def protocol(share: float) -> str:
    """What was the same for all configurations, in one sentence."""
    return (
        f"+{100 * share:.0f} % generated rows for every configuration, unfiltered, nothing tuned for any of them; the "
        "last layer's penalty is the one that validation speakers chose for real rows alone; information from "
        "validation speakers, gain on test speakers"
    )


def verdict_of(row: Mapping[str, Any], gain: str) -> str:
    """One of ``VERDICTS`` for a gain of a row, by its interval and its test."""
    low, high = row[f"{gain}_low"], row[f"{gain}_high"]
    return verdict({"mean": row[gain], "clear": low > 0.0 or high < 0.0, "p_value": row[f"{gain}_p_value"]})


def _measured(key: str, table: np.ndarray) -> dict[str, Any]:
    """Mean of a (seeds, folds) table, its interval, and the test of a gain."""
    found = paired_gain(table, np.zeros_like(table))
    own = {key: found.mean, f"{key}_low": found.low, f"{key}_high": found.high, f"{key}_by_fold": list(found.by_fold)}
    return own | ({f"{key}_p_value": found.p_value} if key in GAIN else {})


def _association(
    mi: str, gain: str, rows: Sequence[dict[str, Any]], tables: Sequence[dict[str, np.ndarray]]
) -> dict[str, Any]:
    """Spearman's correlation over configurations: interval over these, and over the folds of the same ones."""
    found = spearman([row[mi] for row in rows], [row[gain] for row in rows])
    low, high = _over_folds(np.array([own[mi] for own in tables]), np.array([own[gain] for own in tables]))
    return {
        "mi": mi,
        "gain": gain,
        "main": (mi, gain) == (next(iter(MI)), next(iter(GAIN))),
        "spearman": found.value,
        "low": found.low,
        "high": found.high,
        "n": found.n,
        "low_over_folds": low,
        "high_over_folds": high,
    }


def _over_folds(x: np.ndarray, y: np.ndarray) -> tuple[float | None, float | None]:
    """95 % bootstrap interval of the rank correlation that draws folds anew, x and y (configurations, folds)."""
    if len(x) < 3:
        return None, None
    draws = np.random.default_rng(0).integers(x.shape[1], size=(_DRAWS, x.shape[1]))
    values = []
    for draw in draws:
        a, b = stats.rankdata(x[:, draw].mean(axis=1)), stats.rankdata(y[:, draw].mean(axis=1))
        if a.std() > 0 and b.std() > 0:
            values.append(np.corrcoef(a, b)[0, 1])
    if not values:
        return None, None
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)
