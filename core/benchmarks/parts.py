"""What one fold is made of: embeddings, labels, and who trains and who is tested."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.alignment import AlignmentData
from core.config import Config
from core.corpora import make_folds
from core.evaluation import LogisticReference, check_rows, check_speakers
from core.runs.data import RunData, divide


@dataclass(frozen=True, eq=False)
class Part:
    """One fold of n utterances.

    Attributes:
        index, fold: number and name of the fold. classes: k names. speakers: (n,) names or None.
        train, test: (n,) bool, disjoint in rows and in speakers; rows in neither are not used.
        audio: (n, d_a). text: (n, d_s) or None. has_text: (n,) bool. groups: (n,) transcript groups.
        labels: (n,) class indices; -1 everywhere but in the training rows: a method cannot learn from the test part.
    """

    index: int
    fold: str
    classes: list[str]
    speakers: np.ndarray
    train: np.ndarray
    test: np.ndarray
    audio: np.ndarray
    text: np.ndarray | None
    has_text: np.ndarray
    groups: np.ndarray
    labels: np.ndarray

    def training(self) -> AlignmentData:
        """The training rows as tensors."""
        return AlignmentData.of(
            self.train,
            audio=self.audio,
            labels=self.labels,
            text=self.text,
            has_text=self.has_text,
            groups=self.groups,
            speakers=self.speakers,
        )

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


def parts(data: RunData, config: Config) -> Iterator[tuple[Part, np.ndarray]]:
    """Each fold with its truth: the (n_test,) class indices of the test rows.

    Nothing is tuned in a benchmark, so an official development set trains too, the reference as well.

    Raises:
        BadInputError: no such folds, a class that no training speaker shows, a speaker on both sides.
    """
    table = data.table
    speakers = table["speaker"].to_numpy(dtype=object)
    ids = table["utterance_id"].to_numpy(dtype=object)
    for index in range(count_folds(data, config)):
        asked = config.data.model_copy(update={"fold": index, "validation": 0.0})
        part, name = divide(table, data.labels, asked, config.training.seed, data.classes)
        train, test = np.isin(part, ("train", "validation")), part == "test"
        if not test.any():
            continue
        check_speakers(speakers[train], speakers[test])
        check_rows(ids[train], ids[test])
        yield (
            Part(
                index=index,
                fold=name,
                classes=data.classes,
                speakers=speakers,
                train=train,
                test=test,
                audio=data.audio,
                text=data.text,
                has_text=data.has_text,
                groups=data.groups,
                labels=np.where(train, data.labels, -1),
            ),
            data.labels[test],
        )


def count_folds(data: RunData, config: Config) -> int:
    """How many folds the configuration makes of the corpus."""
    return len(make_folds(data.table, by=config.data.folds, n_folds=config.data.n_folds))


def split_name(data: RunData, config: Config) -> str:
    """``session``, ``speaker`` or ``split``: what ``auto`` turns out to be."""
    if config.data.folds != "auto":
        return config.data.folds
    names = {fold.name for fold in make_folds(data.table, by="auto", n_folds=config.data.n_folds)}
    return "session" if names <= set(data.table["session"].dropna()) else "speaker"
