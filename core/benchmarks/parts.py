"""What one training of a benchmark is made of: embeddings, labels, and who trains and who is tested."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from core.config import Config
from core.corpora import make_folds
from core.evaluation import LogisticReference, check_rows, check_speakers
from core.runs.data import RunData, divide


@dataclass(frozen=True)
class Tested:
    """One fold of figures: ``rows`` (n,) bool of the utterances that are tested together."""

    index: int
    name: str
    rows: np.ndarray


@dataclass(frozen=True, eq=False)
class Part:
    """One training part with the test parts that belong to it, out of n utterances.

    Attributes:
        index: number of the training part. classes: k names.
        ids: (n,) utterances. speakers: (n,) names or None. train: (n,) bool.
        tested: the test parts: one of a fold; in a cross-corpus benchmark, groups of the other corpus's speakers.
        audio: (n, d_a). text: (n, d_s) or None. has_text: (n,) bool. groups: (n,) transcript groups.
        labels: (n,) class indices; -1 everywhere but in the training rows: a method cannot learn from the test part.
        unlabelled: (n,) bool, further rows of training speakers, whose emotion is not told; None: there are none.
    """

    index: int
    classes: list[str]
    ids: np.ndarray
    speakers: np.ndarray
    train: np.ndarray
    tested: tuple[Tested, ...]
    audio: np.ndarray
    text: np.ndarray | None
    has_text: np.ndarray
    groups: np.ndarray
    labels: np.ndarray
    unlabelled: np.ndarray | None = None

    def __post_init__(self) -> None:
        self.check()

    @property
    def test(self) -> np.ndarray:
        """(n,) bool: all test rows."""
        return np.logical_or.reduce([fold.rows for fold in self.tested])

    def check(self) -> None:
        """Refuses rows or speakers on both sides.

        Raises:
            BadInputError: names them.
        """
        learnt = self.train if self.unlabelled is None else self.train | self.unlabelled
        check_speakers(self.speakers[learnt], self.speakers[self.test])
        check_rows(self.ids[learnt], self.ids[self.test])

    def reduced(self, train: np.ndarray) -> Part:
        """The same with fewer training rows (n,) bool; where unlabelled rows count, the others become such."""
        left = train & self.train
        more = None if self.unlabelled is None else self.unlabelled | (self.train & ~left)
        return replace(self, train=left, labels=np.where(left, self.labels, -1), unlabelled=more)

    def reference(self, *, with_text: bool = False) -> np.ndarray:
        """(n_test,) class indices by the tuned logistic regression, tuned and fitted on the training rows.

        Args:
            with_text: on audio and text embeddings side by side (zeros where a row has no text).
        """
        X = self.audio
        if with_text:
            assert self.text is not None
            X = np.concatenate([X, self.text * self.has_text[:, None]], axis=1)
        # Of the test rows the label is unknown here; the reference asks for training labels only.
        names = np.asarray([*self.classes, None], dtype=object)[self.labels]
        predicted = LogisticReference().fit_predict(X, names, self.speakers, self.train, self.test)
        position = {name: number for number, name in enumerate(self.classes)}
        return np.array([position[name] for name in predicted], dtype=np.int64)


def parts(data: RunData, config: Config, *, unlabelled: bool = False) -> Iterator[Part]:
    """The training part of each fold, with its test part.

    Args:
        unlabelled: utterances of training speakers without an emotion count as unlabelled ones.

    Methods are tuned on speakers of the training part; an official development set trains too, the reference as well.

    Raises:
        BadInputError: no such folds, a class that no training speaker shows, a speaker on both sides.
    """
    table, folds = data.table, make_folds(data.table, by=config.data.folds, n_folds=config.data.n_folds)
    # An unknown speaker may be one who is tested.
    silent = (table["emotion"].isna() & table["speaker"].notna()).to_numpy(dtype=bool)
    for index in range(len(folds)):
        asked = config.data.model_copy(update={"fold": index, "validation": 0.0})
        part, name = divide(table, data.labels, asked, config.training.seed, data.classes)
        train, test = np.isin(part, ("train", "validation")), part == "test"
        if test.any():
            more = (folds[index].train | folds[index].validation) & silent if unlabelled else None
            yield _part(data, index, train, (Tested(index, name, test),), more)


def _part(
    data: RunData, index: int, train: np.ndarray, tested: tuple[Tested, ...], unlabelled: np.ndarray | None
) -> Part:
    return Part(
        index=index,
        classes=data.classes,
        ids=data.table["utterance_id"].to_numpy(dtype=object),
        speakers=data.table["speaker"].to_numpy(dtype=object),
        train=train,
        tested=tested,
        audio=data.audio,
        text=data.text,
        has_text=data.has_text,
        groups=data.groups,
        labels=np.where(train, data.labels, -1),
        unlabelled=unlabelled,
    )


def split_name(data: RunData, config: Config) -> str:
    """``session``, ``speaker`` or ``split``: what ``auto`` turns out to be."""
    if config.data.folds != "auto":
        return config.data.folds
    names = {fold.name for fold in make_folds(data.table, by="auto", n_folds=config.data.n_folds)}
    return "session" if names <= set(data.table["session"].dropna()) else "speaker"
