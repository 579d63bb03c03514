"""From a benchmark's options to its material: which parts, which labels, which folder."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from core import __version__
from core.benchmarks.cells import Material
from core.benchmarks.conditions import Condition
from core.benchmarks.crossing import Crossing
from core.benchmarks.parts import Part, parts, split_name
from core.config import Config
from core.errors import BadInputError
from core.runs.data import RunData, load_data
from core.workspace import Workspace

# Raised when the same options come to other figures.
_FORMAT = 5


@dataclass(frozen=True)
class Options:
    """What is benchmarked, besides the configuration and the methods.

    Attributes:
        corpus: it trains, and is tested where ``test_on`` is None. condition: see ``Condition.parse``.
        unlabelled: training utterances whose emotion is not known, or hidden by the condition, are learnt from too.
        permute: the emotions are dealt out anew at random, so that nothing but chance is right.
    """

    corpus: str
    condition: str = "all"
    test_on: str | None = None
    permute: bool = False
    unlabelled: bool = False


@dataclass(frozen=True, eq=False)
class Source:
    """Material, and what is said of it beside the figures."""

    material: Material
    split: str
    embeddings: list[str]
    utterances: int


def load_source(options: Options, config: Config, workspace: Workspace) -> Source:
    """Reads corpus and embeddings and divides the speakers.

    Raises:
        BadInputError: corpus, embeddings, condition or folds cannot be used.
    """
    if config.data.unlabelled and not options.unlabelled:
        raise BadInputError(
            "data.unlabelled = true: a key of runs; a benchmark has the option --unlabelled (unlabelled=True) for it"
        )
    config = config.changed(data={"corpus": options.corpus, "fold": None, "validation": 0.0, "unlabelled": False})
    if options.test_on == options.corpus:
        raise BadInputError(f"--test-on {options.corpus}: the corpus is tested on itself without this option")
    own = load_data(config, workspace)
    stores = list(own.stores)
    data = [own]
    if options.permute:
        own = _permuted(own, config.training.seed)
    if options.test_on is None:
        found, truth, split = (
            list(parts(own, config, unlabelled=options.unlabelled)),
            own.labels,
            split_name(own, config),
        )
        classes = own.classes
    else:
        other = load_data(config.changed(data={"corpus": options.test_on}), workspace)
        data.append(other)
        crossing = Crossing.of(own, other, config, unlabelled=options.unlabelled)
        found, truth, split = [crossing.part], crossing.truth, f"speakers of {options.test_on}"
        classes = crossing.part.classes
    condition = Condition.parse(options.condition, classes)
    name = options.corpus if condition.whole else f"{options.corpus}-{condition.name.replace(':', '-')}"
    if options.unlabelled:
        name += "-unlabelled"
        _refuse_all_labelled(condition, found, options)
    if options.test_on:
        name += f"-on-{options.test_on}"
    folder = workspace.benchmarks / f"{name}-{_key(options, config, data)}"
    # The numbers of parts are their places, whichever folds had nothing to test.
    placed = [replace(part, index=index) for index, part in enumerate(found)]
    material = Material(placed, truth, condition, config, folder / "cells")
    return Source(material, split, [store.name for store in stores], sum(int(part.test.sum()) for part in placed))


def _refuse_all_labelled(condition: Condition, found: list[Part], options: Options) -> None:
    if condition.whole and not any(part.unlabelled is not None and part.unlabelled.any() for part in found):
        raise BadInputError(
            f"--unlabelled: every training utterance of {options.corpus} has an emotion; add --condition 10 "
            "(or 25, 50) to hide the labels of the others, or ingest utterances without an emotion"
        )


def _permuted(data: RunData, seed: int) -> RunData:
    known = np.flatnonzero(data.labels >= 0)
    labels = data.labels.copy()
    labels[known] = np.random.default_rng([seed, 31]).permutation(labels[known])
    return replace(data, labels=labels)


def _key(options: Options, config: Config, data: list[RunData]) -> str:
    """Twelve hex digits of everything a cell depends on besides its method, fold and seed."""
    content = _content(options, config, data)
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


def _content(options: Options, config: Config, data: list[RunData]) -> dict[str, Any]:
    sections = config.model_dump(include={"data", "alignment", "generation"})
    # A run's key; what is learnt from without labels here is said by the options.
    del sections["data"]["unlabelled"]
    return {
        "mirage": __version__,
        "format": _FORMAT,
        # Benchmarks without unlabelled utterances keep the names they had before there were any.
        "options": {key: value for key, value in asdict(options).items() if key != "unlabelled" or value},
        "config": sections,
        "seed": config.training.seed,
        "corpora": [own.corpus.fingerprint() for own in data],
        "embeddings": [[[store.name, store.fingerprint()] for store in own.stores] for own in data],
    }
