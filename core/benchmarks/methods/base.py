"""What a method of augmentation is to the benchmark."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from core.benchmarks.guessing import Teacher
from core.benchmarks.problems import Features
from core.benchmarks.recogniser import COARSE, balanced
from core.config import AlignmentConfig, Config


@dataclass(frozen=True)
class Setting:
    """One candidate of a method: ``value`` is its amount or strength, ``label`` what a person reads."""

    value: float
    label: str


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """What the last layer is trained on.

    Attributes:
        X: (n, d). Y: (n, k) shares of the classes. weights: (n,). added: how many of the rows are not real ones.
    """

    X: np.ndarray
    Y: np.ndarray
    weights: np.ndarray
    added: int = 0

    @classmethod
    def joined(cls, X: np.ndarray, Y: np.ndarray, more: np.ndarray, shares: np.ndarray) -> TrainingSet:
        """Real rows and added ones, every class of the same weight in all as with real rows alone."""
        both = np.concatenate([Y, shares])
        return cls(np.concatenate([X, more.astype(X.dtype, copy=False)]), both, balanced(both), len(more))


class Networks(Protocol):
    """Networks that a method trains on aligned features before it adds anything; equal ones are trained once."""

    def train(self, features: Sequence[Features], step: Callable[[], None]) -> list[Any]:
        """What ``Method.training_set`` is given as ``made``, one for each."""
        ...

    def __hash__(self) -> int: ...


Make = Callable[[Features, Any, Setting, bool, np.random.Generator], TrainingSet]
"""From features, what the method's networks made of them, a setting and whether text is used, to a training set."""


@dataclass(frozen=True)
class Method:
    """One way of training the recogniser.

    Attributes:
        name: as it is typed. title: what a table shows.
        settings: the candidates, weakest first: of settings that tie the first is taken.
        make: the training set of one setting.
        align: how its alignment differs from the configured one.
        networks: what is trained for it, given the configuration and whether there is text; None: nothing.
        strengths: penalties of the last layer that are tried with each setting, strongest first.
        teacher: who labels unlabelled utterances for it, where they count; None: it learns from labelled ones alone.
        unlabelled_only: whether it is nothing without unlabelled utterances.
    """

    name: str
    title: str
    settings: tuple[Setting, ...]
    make: Make
    align: Callable[[AlignmentConfig], AlignmentConfig] = lambda config: config
    networks: Callable[[Config, bool], Networks | None] = lambda config, text: None
    strengths: tuple[float, ...] = COARSE
    teacher: Teacher | None = None
    unlabelled_only: bool = False

    @property
    def candidates(self) -> int:
        """How many candidates the validation speakers choose from."""
        return len(self.settings) * len(self.strengths)

    def training_set(self, features: Features, made: Any, setting: Setting, with_text: bool) -> TrainingSet:
        """The rows of a setting; the same every time, by the seed of ``features``."""
        name = int.from_bytes(self.name.encode()[:6], "little")
        return self.make(features, made, setting, with_text, np.random.default_rng([features.seed, name]))


def counts_of(Y: np.ndarray) -> np.ndarray:
    """(k,) rows of each class of one-hot Y (n, k)."""
    return Y.sum(axis=0).round().astype(np.int64)


def drawn_by_class(Y: np.ndarray, counts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Row numbers, ``counts`` (k,) of each class, drawn with replacement from one-hot Y (n, k)."""
    labels = Y.argmax(axis=1)
    return np.concatenate(
        [rng.choice(np.flatnonzero(labels == index), size=count) for index, count in enumerate(counts) if count]
        or [np.empty(0, dtype=np.int64)]
    )
