"""The study of mutual information against gain: every configuration kept as soon as it is done, and what all say."""

from __future__ import annotations

import hashlib
import json
import math
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from core.benchmarks.methods.generated import mode_of
from core.benchmarks.mi_gain import Place, Worth, learn_places, measure
from core.benchmarks.mi_summary import summary
from core.benchmarks.source import Options, Source, load_source
from core.config import Config
from core.errors import BadInputError, FailureError
from core.files import clear_disk_errors, read_json, write_json
from core.runs.guards import only_one
from core.workspace import Workspace

FILE = "mi_gain.json"
# Raised when the same call comes to other figures.
_FORMAT = 1


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
        grid: the configurations, no two alike. seeds: of each. share: of the real rows that is generated.
        merged: names of those that are left out, each with the name of the one that it is the same as.
    """

    options: Options
    config: Config
    source: Source
    grid: tuple[Configuration, ...]
    seeds: range
    share: float
    folder: Path
    merged: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        options: Options,
        grid: Iterable[Configuration],
        *,
        text_grid: Iterable[Configuration] = (),
        seeds: int = 3,
        share: float = 2.0,
        config: Config | None = None,
        workspace: Workspace | None = None,
    ) -> Study:
        """Reads the data and checks everything that can be checked before work begins.

        Of configurations that come to the same keys of ``generation`` the first is kept.

        Args:
            text_grid: more configurations, where the generator is given text.

        Raises:
            BadInputError: corpus, embeddings, condition, folds, seeds, share or a configuration cannot be used.
        """
        workspace, config = workspace or Workspace(), config or Config()
        grid, text_grid = tuple(grid), tuple(text_grid)
        if seeds < 1:
            raise BadInputError(f"seeds = {seeds}: at least one is needed")
        if not 0.0 < share <= 100.0:
            raise BadInputError(f"share {share}: from above 0 (nothing) to 100 times the real rows")
        if not grid or len({one.name for one in (*grid, *text_grid)}) < len(grid) + len(text_grid):
            raise BadInputError("a study needs configurations, each with a name of its own")
        if config.data.unlabelled or options.unlabelled:
            raise BadInputError("data.unlabelled: this study learns from labelled utterances alone; leave the key out")
        source = load_source(options, config, workspace)
        if mode_of(config, source.material.parts[0].text is not None) == "text":
            grid += text_grid
        grid, merged = _no_two_alike(grid, config)
        if len(source.material.parts) < 2:
            raise BadInputError(f"{options.corpus}: a single fold says nothing of an interval; use more (data.n_folds)")
        first = config.training.seed
        stem, _, key = source.material.folder.parent.name.rpartition("-")
        content = [_FORMAT, key, first, seeds, share, config.information.model_dump()]
        key = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]
        folder = workspace.benchmarks / f"{stem}-mi-{key}"
        return cls(options, config, source, grid, range(first, first + seeds), share, folder, merged)

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


def _no_two_alike(grid: Sequence[Configuration], config: Config) -> tuple[tuple[Configuration, ...], dict[str, str]]:
    """Those that differ, and the names of the others with whose equal each is: one counted twice is no evidence."""
    first: dict[str, Configuration] = {}
    merged = {}
    for one in grid:
        same = first.setdefault(config.changed(generation=one.changes).generation.model_dump_json(), one)
        if same is not one:
            merged[one.name] = same.name
    return tuple(first.values()), merged


Told = Callable[[int, int, str, float, float | None], None]
"""Called after each configuration: how many are done, of how many, its name, its seconds, the seconds left."""


def run_study(
    study: Study,
    told: Told = lambda done, total, name, seconds, left: None,
    step: Callable[[], None] = lambda: None,
    command: str = "",
) -> dict[str, Any]:
    """Measures the configurations that are not there yet, and writes ``mi_gain.json``, which is returned.

    The aligners, which all configurations share, are trained anew by each call that has something left to do. The same
    seed gives the same figures.

    Args:
        step: called after every step of a stack of networks; what it raises ends the work, and what is done is kept.
        command: the command line that asked for it, which is written with the figures.

    Raises:
        BadInputError: the data cannot be divided, a file in the folder is damaged, or another process works on it.
        FailureError: the disk is full.
    """
    with _alone(study.folder):
        results = summary(study, _all(study, told, step), command)
        write_json(study.folder / FILE, results)
    return results


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Holds the folder's lock."""
    with clear_disk_errors(folder), ExitStack() as stack:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            stack.enter_context(only_one(folder))
        except BadInputError:
            raise BadInputError(
                f"study {folder.name!r} is being worked on by another process; wait for it, or stop it first"
            ) from None
        yield


def _all(study: Study, told: Told, step: Callable[[], None]) -> list[dict[str, Any]]:
    """What is kept of every configuration, in their order; what is missing is measured first."""
    total, done = len(study.grid), {}
    for configuration in study.grid:
        kept = _kept(study, configuration)
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
    return [done[configuration.name] for configuration in study.grid]


def _measured(
    study: Study, configuration: Configuration, places: Sequence[Place], step: Callable[[], None]
) -> dict[str, Any]:
    content: dict[str, Any] = {"name": configuration.name, "setting": configuration.setting}
    try:
        worth = measure(places, study.resolved(configuration), study.share, step)
    except FailureError as error:
        return {**content, "failed": str(error), "worth": []}
    return {**content, "failed": None, "worth": [asdict(one) for one in worth]}


def _kept(study: Study, configuration: Configuration) -> dict[str, Any] | None:
    """What is kept of a configuration, None where nothing is.

    Raises:
        BadInputError: the file is damaged.
    """
    path = study.path(configuration)
    if not path.exists():
        return None
    again = "remove it and run the same command again"
    try:
        content = read_json(path)
    except BadInputError as error:
        raise BadInputError(f"{error}; {again}") from None
    damage = _damage(
        content, {(fold, seed) for fold in range(len(study.source.material.parts)) for seed in study.seeds}
    )
    if damage:
        raise BadInputError(f"{path}: not the figures of a configuration ({damage}); {again}")
    return content


def _damage(content: Any, places: set[tuple[int, int]]) -> str:
    """What is wrong with the content of a kept file, empty where nothing is.

    Args:
        places: the (fold, seed) that it must have figures of.
    """
    if not isinstance(content, dict):
        return "no object"
    for key, kind in (("name", str), ("setting", dict), ("failed", str | None), ("worth", list)):
        if key not in content or not isinstance(content[key], kind):
            return f"{key} is missing or of another kind"
    worth = content["worth"]
    if content["failed"]:
        return "figures of what has failed" if worth else ""
    for at, one in enumerate(worth, start=1):
        if not isinstance(one, dict):
            return f"worth {at} is no object"
        for key in (own.name for own in fields(Worth)):
            if not _is_number(one.get(key), whole=key in ("fold", "seed")):
                return f"worth {at}: {key} is no number"
    found = [(one["fold"], one["seed"]) for one in worth]
    if len(found) != len(places) or set(found) != places:
        return f"figures of {len(found)} folds with seeds where {len(places)} belong, each of them once"
    return ""


def _is_number(value: Any, whole: bool) -> bool:
    number = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
    return number and math.isfinite(value)


def _work(config: Config) -> float:
    """How long a configuration takes, in steps of a stacked network: what is measured takes some too."""
    generation = config.generation
    slow = 4.0 if generation.adversarial == "wgan-gp" else 1.0
    return 80.0 + slow * generation.steps * (1 + generation.critic_steps) / 2
