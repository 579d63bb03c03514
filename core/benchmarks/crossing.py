"""Training on one corpus and testing on another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.benchmarks.parts import Part, Tested
from core.config import Config
from core.corpora import make_folds
from core.encoders import Embeddings
from core.errors import BadInputError
from core.runs.data import RunData

_SAME = ("weights_sha256", "layer", "pooling", "dimension")


@dataclass(frozen=True, eq=False)
class Crossing:
    """One part: everything of the first corpus trains, groups of speakers of the other are tested.

    Attributes:
        part: rows of the first corpus, then of the other. truth: (n,) class indices, -1 for other emotions.
    """

    part: Part
    truth: np.ndarray

    @classmethod
    def of(cls, own: RunData, other: RunData, config: Config, *, unlabelled: bool = False) -> Crossing:
        """Joins two corpora on the classes that both have.

        Args:
            unlabelled: utterances of the first corpus without an emotion count as unlabelled ones.

        Raises:
            BadInputError: other encoders, or fewer than two common classes.
        """
        classes = [name for name in own.classes if name in other.classes]
        if len(classes) < 2:
            have = f"{', '.join(own.classes)} against {', '.join(other.classes)}"
            raise BadInputError(f"--test-on {other.corpus.name}: the corpora share fewer than two emotions ({have})")
        with_text = own.text is not None and other.text is not None
        for kind in ("audio", "text") if with_text else ("audio",):
            _same_encoder(_store(own, kind), _store(other, kind), other.corpus.name)
        none_of_other = np.zeros(len(other.table), dtype=bool)
        train = np.concatenate([_known(own, classes) >= 0, none_of_other])
        truth = np.concatenate([_known(own, classes), _known(other, classes)])
        before = np.zeros(len(own.table), dtype=bool)
        tested: list[Tested] = []
        for name, rows in _test_groups(other, config):
            rows = np.concatenate([before, rows]) & (truth >= 0)
            if rows.any():
                tested.append(Tested(len(tested), name, rows))
        part = Part(
            index=0,
            classes=classes,
            ids=_both(own, other, "utterance_id"),
            speakers=_both(own, other, "speaker"),
            train=train,
            tested=tuple(tested),
            audio=np.concatenate([own.audio, other.audio]),
            text=np.concatenate([own.text, other.text]) if with_text else None,
            has_text=np.concatenate([own.has_text, other.has_text]) & with_text,
            # Groups are for training alone.
            groups=np.concatenate([own.groups, np.full(len(other.groups), -1, dtype=own.groups.dtype)]),
            labels=np.where(train, truth, -1),
            unlabelled=np.concatenate([own.table["emotion"].isna(), none_of_other]) if unlabelled else None,
        )
        return cls(part, truth)


def _known(data: RunData, classes: list[str]) -> np.ndarray:
    """(n,) indices into ``classes``, -1 for what is none of them."""
    position = np.array([classes.index(name) if name in classes else -1 for name in data.classes] + [-1])
    return position[data.labels]


def _both(own: RunData, other: RunData, column: str) -> np.ndarray:
    """Names that tell the corpora apart: both may have a speaker 03."""
    return np.array(
        [
            f"{data.corpus.name}:{value}" if isinstance(value, str) else None
            for data in (own, other)
            for value in data.table[column]
        ],
        dtype=object,
    )


def _test_groups(other: RunData, config: Config) -> list[tuple[str, np.ndarray]]:
    """Groups of speakers of the other corpus: over them the bootstrap draws."""
    try:
        folds = make_folds(other.table, by="auto", n_folds=config.data.n_folds)
    except BadInputError:
        return [("all", np.ones(len(other.table), dtype=bool))]
    return [(fold.name, fold.test) for fold in folds]


def _store(data: RunData, kind: str) -> Embeddings:
    return next(store for store in data.stores if store.meta.get("modality") == kind)


def _same_encoder(own: Embeddings, other: Embeddings, name: str) -> None:
    differing = [key for key in _SAME if own.meta.get(key) != other.meta.get(key)]
    if differing:
        raise BadInputError(
            f"--test-on {name}: its embeddings {other.name} are of another encoder than {own.name} "
            f"({', '.join(differing)} differ); run `mirage embed {name}` with the same encoder, layer and pooling"
        )
