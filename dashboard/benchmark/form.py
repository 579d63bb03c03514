"""What the form of a new benchmark holds, as a call: checked, and written as a command line."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from core import Config
from core.config import resolve_config

SHARES = {"all": "all", "50": "50 %", "25": "25 %", "10": "10 %", "cut": "one emotion cut"}
FOLDS = ("auto", "session", "speaker", "split")
DEFAULT_METHODS = ("none", "noise", "mixup", "smote", "crossed", "cgan", "mirage")
"""Those of the command line."""
WITH_UNLABELLED = ("self-training", "mirage-no-generator")
"""What a generator must do better than where it learns from unlabelled utterances."""


@dataclass(frozen=True)
class Call:
    """One benchmark as the form describes it.

    Attributes:
        methods: names; those that are nothing without unlabelled utterances count with ``unlabelled`` alone.
        share: a key of ``SHARES``. cut: the emotion that is cut, where ``share`` is ``cut``.
        settings: lines SECTION.KEY=VALUE; empty ones and those that begin with # are passed over.
        workers: processes, 0 for one for each core.
    """

    corpus: str
    methods: tuple[str, ...] = DEFAULT_METHODS
    seeds: int = 5
    share: str = "all"
    cut: str = ""
    test_on: str = ""
    fold_by: str = "auto"
    settings: str = ""
    workers: int = 0
    unlabelled: bool = False

    @property
    def condition(self) -> str:
        """As the command line takes it.

        >>> Call("demo", share="cut", cut="sad").condition
        'cut:sad'
        """
        return f"cut:{self.cut}" if self.share == "cut" else self.share

    @property
    def lines(self) -> list[str]:
        """The settings that count."""
        stripped = [line.strip() for line in self.settings.splitlines()]
        return [line for line in stripped if line and not line.startswith("#")]

    def config(self) -> Config:
        """The configuration that folds and settings come to.

        Raises:
            BadInputError: names the line and what is allowed.
        """
        sections = {} if self.fold_by == "auto" else {"data": {"folds": self.fold_by}}
        return resolve_config(None, self.lines, **sections)

    def command(self) -> str:
        """The same call as a command line.

        >>> Call("demo", methods=("none", "smote"), seeds=2, settings="alignment.steps=100").command()
        'mirage benchmark demo --methods none,smote --seeds 2 --set alignment.steps=100'
        """
        parts = ["mirage", "benchmark", self.corpus, "--methods", ",".join(self.methods), "--seeds", str(self.seeds)]
        if self.share != "all":
            parts += ["--condition", self.condition]
        if self.test_on:
            parts += ["--test-on", self.test_on]
        if self.unlabelled:
            parts.append("--unlabelled")
        if self.fold_by != "auto":
            parts += ["--fold-by", self.fold_by]
        for line in self.lines:
            parts += ["--set", line]
        if self.workers:
            parts += ["--workers", str(self.workers)]
        return shlex.join(parts)
