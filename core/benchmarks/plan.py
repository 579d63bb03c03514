"""What a call of the benchmark comes to: its material, its methods and seeds, the folder they belong to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import __version__
from core.benchmarks.methods import Method, find_methods
from core.benchmarks.problems import GROUPS
from core.benchmarks.recogniser import COARSE, FINE
from core.benchmarks.source import Options, Source, load_source
from core.benchmarks.tasks import units_in_all
from core.config import Config
from core.errors import BadInputError
from core.workspace import Workspace

TUNING = (
    f"each method tuned over {FINE} candidates on validation speakers inside the training part "
    f"({FINE // COARSE} settings x {COARSE} penalties of the last layer; nothing added: "
    f"{FINE} penalties; {GROUPS} groups of speakers in turns)"
)
"""What a table says about it."""


@dataclass(frozen=True, eq=False)
class Plan:
    """A checked call.

    Attributes:
        options, config: as given. source: the data, divided. methods, seeds: what is compared.
    """

    options: Options
    config: Config
    source: Source
    methods: list[Method]
    seeds: range

    @classmethod
    def of(cls, options: Options, methods: Iterable[str], seeds: int, config: Config, workspace: Workspace) -> Plan:
        """Reads the data and checks everything that can be checked before work begins.

        Raises:
            BadInputError: corpus, embeddings, methods, condition, folds or number of seeds cannot be used.
        """
        chosen = find_methods(methods, unlabelled=options.unlabelled)
        if seeds < 1:
            raise BadInputError(f"seeds = {seeds}: at least one is needed")
        first = config.training.seed
        return cls(options, config, load_source(options, config, workspace), chosen, range(first, first + seeds))

    @property
    def folder(self) -> Path:
        """The benchmark's folder: the same for the same options, configuration and data."""
        return self.source.material.folder.parent

    @property
    def names(self) -> list[str]:
        """The methods' names."""
        return [method.name for method in self.methods]

    @property
    def units(self) -> int:
        """References, choices and cells in all."""
        return units_in_all(self.source.material, self.names, self.seeds)

    def _learners(self) -> str:
        """Who learns from unlabelled utterances, where they count."""
        if not self.options.unlabelled:
            return ""
        names = ", ".join(method.name for method in self.methods if method.teacher is not None)
        return f"; unlabelled utterances are learnt from by {names or 'none of them'}, by nothing else"

    def head(self) -> dict[str, Any]:
        """What the figures must be read with, ready for JSON."""
        material = self.source.material
        return {
            "mirage": __version__,
            "corpus": self.options.corpus,
            "condition": material.condition.name,
            "condition_title": _title(material.condition.title, self.options.unlabelled),
            "unlabelled": self.options.unlabelled,
            "test_on": self.options.test_on,
            "permuted": self.options.permute,
            "split": self.source.split,
            "seeds": list(self.seeds),
            "embeddings": self.source.embeddings,
            "tuning": TUNING + self._learners(),
            "config": self.config.model_dump(),
        }


def _title(condition: str, unlabelled: bool) -> str:
    return f"{condition}, the others without labels" if unlabelled else condition
