"""The study of mutual information against gain: every configuration kept as soon as it is done, and what all say."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from core import __version__
from core.benchmarks.mi_gain import Place, learn_places, measure, table_of
from core.benchmarks.source import Options, Source, load_source
from core.config import Config
from core.errors import BadInputError, FailureError
from core.evaluation import PairedGain, paired_gain, spearman
from core.files import read_json, write_json
from core.workspace import Workspace

FILE = "mi_gain.json"
# Raised when the same call comes to other figures.
_FORMAT = 1
MI = {"mi": "transferred I(c;h)", "mi_generated": "I(c;h_hat)"}
"""The informations of a row, the main one first. It was chosen before anything was measured: I(c;h_hat) comes to its
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


@dataclass(frozen=True)
class Configuration:
    """Keys of ``generation`` that a configuration changes, and the name that a person reads."""

    name: str
    changes: dict[str, Any]

    @property
    def setting(self) -> dict[str, Any]:
        """The keys as they are typed."""
        return {f"generation.{key}": value for key, value in self.changes.items()}


@dataclass(frozen=True, eq=False)
class Study:
    """A checked call.

    Attributes:
        options, config: as given; ``config`` is what the configurations change. source: the data, divided.
        grid: the configurations. seeds: of each. share: of the real rows that is generated.
    """

    options: Options
    config: Config
    source: Source
    grid: tuple[Configuration, ...]
    seeds: range
    share: float
    folder: Path

    @classmethod
    def of(
        cls,
        options: Options,
        grid: Iterable[Configuration],
        *,
        seeds: int = 3,
        share: float = 2.0,
        config: Config | None = None,
        workspace: Workspace | None = None,
    ) -> Study:
        """Reads the data and checks everything that can be checked before work begins.

        Raises:
            BadInputError: corpus, embeddings, condition, folds, seeds or share cannot be used.
        """
        workspace, config, grid = workspace or Workspace(), config or Config(), tuple(grid)
        if seeds < 1:
            raise BadInputError(f"seeds = {seeds}: at least one is needed")
        if not 0.0 < share <= 100.0:
            raise BadInputError(f"share {share}: from above 0 (nothing) to 100 times the real rows")
        if not grid or len({one.name for one in grid}) < len(grid):
            raise BadInputError("a study needs configurations, each with a name of its own")
        source = load_source(options, config, workspace)
        if len(source.material.parts) < 2:
            raise BadInputError(f"{options.corpus}: a single fold says nothing of an interval; use more (data.n_folds)")
        first = config.training.seed
        stem, _, key = source.material.folder.parent.name.rpartition("-")
        content = [_FORMAT, key, first, seeds, share, config.information.model_dump()]
        key = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]
        folder = workspace.benchmarks / f"{stem}-mi-{key}"
        return cls(options, config, source, grid, range(first, first + seeds), share, folder)

    def resolved(self, configuration: Configuration) -> Config:
        """What the networks of a configuration are trained with.

        Raises:
            BadInputError: a key or value that the schema refuses.
        """
        return self.config.changed(generation=configuration.changes)

    def path(self, configuration: Configuration) -> Path:
        """Where the figures of a configuration are kept: other ones under another name."""
        content = json.dumps(self.resolved(configuration).generation.model_dump(), sort_keys=True)
        readable = re.sub(r"[^a-z0-9]+", "-", configuration.name.lower()).strip("-")[:60]
        name = f"{readable}-{hashlib.sha256(content.encode()).hexdigest()[:8]}.json"
        return self.folder / "configurations" / name


Told = Callable[[int, int, str, float, float | None], None]
"""Called after each configuration: how many are done, of how many, its name, its seconds, the seconds left."""


def run_study(
    study: Study,
    told: Told = lambda done, total, name, seconds, left: None,
    step: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Measures the configurations that are not there yet, and writes ``mi_gain.json``, which is returned.

    The aligners, which all configurations share, are trained anew by each call that has something left to do. The same
    seed gives the same figures.

    Args:
        step: called after every step of a stack of networks; what it raises ends the work, and what is done is kept.

    Raises:
        BadInputError: the data cannot be divided, or a file in the folder is damaged.
        FailureError: the disk is full.
    """
    total, done = len(study.grid), {}
    for configuration in study.grid:
        kept = _kept(study.path(configuration))
        if kept is not None:
            done[configuration.name] = kept
    missing = [configuration for configuration in study.grid if configuration.name not in done]
    if missing:
        places = learn_places(study.source.material, study.seeds, study.config, step)
    work = [_work(study.resolved(configuration)) for configuration in missing]
    begun = time.perf_counter()
    for number, configuration in enumerate(missing, start=1):
        start = time.perf_counter()
        done[configuration.name] = _measured(study, configuration, places, step)
        write_json(study.path(configuration), done[configuration.name])
        now = time.perf_counter()
        left = (now - begun) / sum(work[:number]) * sum(work[number:])
        told(len(done), total, configuration.name, now - start, left)
    results = summary(study, [done[configuration.name] for configuration in study.grid])
    write_json(study.folder / FILE, results)
    return results


def _measured(
    study: Study, configuration: Configuration, places: Sequence[Place], step: Callable[[], None]
) -> dict[str, Any]:
    content: dict[str, Any] = {"name": configuration.name, "setting": configuration.setting}
    try:
        worth = measure(places, study.resolved(configuration), study.share, step)
    except FailureError as error:
        return {**content, "failed": str(error), "worth": []}
    return {**content, "failed": None, "worth": [asdict(one) for one in worth]}


def _kept(path: Path) -> dict[str, Any] | None:
    """What is kept of a configuration, None where nothing is.

    Raises:
        BadInputError: the file is damaged.
    """
    if not path.exists():
        return None
    again = "remove it and run the same command again"
    try:
        content = read_json(path)
    except BadInputError as error:
        raise BadInputError(f"{error}; {again}") from None
    keys = {"fold", "seed", *MI, *_CEILING.values(), "ua_none", *_UA.values()}
    worth = content.get("worth") if isinstance(content, dict) else None
    if not isinstance(worth, list) or not all(isinstance(one, dict) and keys <= one.keys() for one in worth):
        raise BadInputError(f"{path}: not the figures of a configuration; {again}")
    if not worth and not content.get("failed"):
        raise BadInputError(f"{path}: no figures and no reason for it; {again}")
    return content


def _work(config: Config) -> float:
    """How long a configuration takes, in steps of a stacked network: what is measured takes some too."""
    generation = config.generation
    slow = 4.0 if generation.adversarial == "wgan-gp" else 1.0
    return 80.0 + slow * generation.steps * (1 + generation.critic_steps) / 2


def summary(study: Study, kept: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The content of ``mi_gain.json``: a row for each configuration, and the rank correlations over them."""
    rows, tables = [], []
    for one in kept:
        if one["failed"]:
            continue
        found = {key: table_of(one["worth"], key) for key in MI}
        none = table_of(one["worth"], "ua_none")
        found |= {key: table_of(one["worth"], ua) - none for key, ua in _UA.items()}
        row: dict[str, Any] = {"name": one["name"], "setting": one["setting"]}
        for key, table in found.items():
            row |= _interval(key, paired_gain(table, np.zeros_like(table)))
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


def _interval(key: str, found: PairedGain) -> dict[str, Any]:
    return {key: found.mean, f"{key}_low": found.low, f"{key}_high": found.high, f"{key}_by_fold": list(found.by_fold)}


def _association(
    mi: str, gain: str, rows: Sequence[dict[str, Any]], tables: Sequence[dict[str, np.ndarray]]
) -> dict[str, Any]:
    """Spearman's correlation over configurations: interval over these, and over the folds of the same ones."""
    found = spearman([row[mi] for row in rows], [row[gain] for row in rows])
    low, high = _over_folds(np.array([own[mi] for own in tables]), np.array([own[gain] for own in tables]))
    return {
        "mi": mi,
        "gain": gain,
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
