"""What a method of augmentation is to the benchmark."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from core.benchmarks.guessing import Teacher
from core.benchmarks.problems import Features
from core.benchmarks.recogniser import COARSE, balanced, penalties
from core.config import AlignmentConfig, Config


@dataclass(frozen=True)
class Setting:
    """One candidate of a method: ``value`` is its amount or strength, ``label`` what a person reads.

    Attributes:
        audio: of a pair whose audio and text are of two emotions, the share of its label that is the audio's; None:
            both are of one emotion.
    """

    value: float
    label: str
    audio: float | None = None


def amounts(*shares: float) -> tuple[Setting, ...]:
    """Candidates that differ in how many rows are added, as a share of the real ones.

    >>> [setting.label for setting in amounts(0.25, 2.0)]
    ['+25 %', '+200 %']
    """
    return tuple(Setting(share, f"+{100 * share:.0f} %") for share in shares)


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
        pair_settings: those for audio and text, where they are others; as many.
        make: the training set of one setting.
        align: how its alignment differs from the configured one.
        networks: what is trained for it, given the configuration and whether there is text; None: nothing.
        strengths: how many penalties of the last layer are tried with each setting.
        teacher: who labels unlabelled utterances for it, where they count; None: it learns from labelled ones alone.
        unlabelled_only: whether it is nothing without unlabelled utterances.
    """

    name: str
    title: str
    settings: tuple[Setting, ...]
    make: Make
    align: Callable[[AlignmentConfig], AlignmentConfig] = lambda config: config
    networks: Callable[[Config, bool], Networks | None] = lambda config, text: None
    strengths: int = COARSE
    teacher: Teacher | None = None
    unlabelled_only: bool = False
    pair_settings: tuple[Setting, ...] = ()

    def settings_for(self, with_text: bool) -> tuple[Setting, ...]:
        """The candidates for audio alone, or for audio and text."""
        return self.pair_settings or self.settings if with_text else self.settings

    @property
    def candidates(self) -> int:
        """How many candidates the validation speakers choose from."""
        return len(self.settings) * self.strengths

    def strengths_for(self, with_text: bool) -> tuple[float, ...]:
        """The penalties that are tried, strongest first."""
        return penalties(self.strengths, with_text)

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


def crossed(
    rows: np.ndarray, shares: np.ndarray, setting: Setting, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (n, 2 d) whose texts are dealt out anew, and their labels (n, k): partly the audio's, partly the text's.

    Aligned features of training rows are surer of their emotion than those of other speakers, and text surer than
    audio: where the two contradict one another the last layer must weigh them instead of trusting the surer one.
    """
    if setting.audio is None or not len(rows):
        return rows, shares
    order, dim = rng.permutation(len(rows)), rows.shape[1] // 2
    mixed = setting.audio * shares + (1.0 - setting.audio) * shares[order]
    return np.concatenate([rows[:, :dim], rows[order, dim:]], axis=1), mixed


PAIR_SETTINGS = (
    Setting(1.0, "+100 %, text of the same emotion"),
    *(Setting(1.0, f"+100 %, text of any emotion, audio {share:g} of the label", share) for share in (1.0, 0.7, 0.5)),
)
"""Candidates of the methods that put audio and text together."""
