"""From a configuration to arrays: which utterances, which embeddings, who trains and who is tested."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core.alignment import AlignmentData
from core.config import Config, DataConfig
from core.corpora import Corpus, class_view, load_corpus, make_folds, transcript_groups
from core.encoders import Embeddings, require_current
from core.encoders.store import readable_stores
from core.errors import BadInputError
from core.workspace import Workspace

PARTS = ("train", "validation", "test", "unused", "unlabelled")
"""``unlabelled``: of training speakers, without an emotion, to be learnt from (``data.unlabelled``)."""


@dataclass(frozen=True, eq=False)
class RunData:
    """The n utterances of a run: those with an audio embedding.

    Attributes:
        table: n rows of the utterance table, with ``part`` (one of ``PARTS``) and ``label`` (class or None) added.
        classes: k names. labels: (n,) class indices, -1 where there is none.
        audio: (n, d_a) float32. text: (n, d_s) float32 or None. has_text: (n,) bool. groups: (n,) transcript groups.
        fold: name of the held-out fold, empty where nothing is held out.
    """

    corpus: Corpus
    table: pd.DataFrame
    classes: list[str]
    labels: np.ndarray
    audio: np.ndarray
    text: np.ndarray | None
    has_text: np.ndarray
    groups: np.ndarray
    fold: str
    stores: tuple[Embeddings, ...]

    def rows(self, part: str) -> np.ndarray:
        """(n,) bool: the rows of one part."""
        return (self.table["part"] == part).to_numpy(dtype=bool, copy=True)

    def alignment(self, part: str) -> AlignmentData | None:
        """The tensors of one part, None where it is empty."""
        rows = self.rows(part)
        if not rows.any():
            return None
        return AlignmentData.of(
            rows,
            audio=self.audio,
            labels=self.labels,
            text=self.text,
            has_text=self.has_text,
            groups=self.groups,
            speakers=self.table["speaker"].to_numpy(dtype=object),
        )

    def with_guesses(self, labels: np.ndarray) -> RunData:
        """The same with the m unlabelled rows among the training ones, of guessed class indices ``labels`` (m,).

        For learning alone: what is measured, shown and kept of a run is of the data without guesses.
        """
        rows = self.rows("unlabelled")
        filled = self.labels.copy()
        filled[rows] = labels
        return replace(self, table=self.table.assign(part=self.table["part"].mask(rows, "train")), labels=filled)


def load_data(config: Config, workspace: Workspace) -> RunData:
    """Reads the corpus and its embeddings and divides the speakers.

    Raises:
        BadInputError: no such corpus or embeddings, interrupted or outdated ones, no such fold, fewer than two
            emotions or speakers, a class that no training speaker shows, nothing unlabelled where it is to be learnt
            from.
    """
    data = config.data
    corpus = load_corpus(data.corpus, workspace)
    audio_store = require_current(Embeddings.find(corpus, data.audio, workspace, modality="audio"), corpus)
    text_store = _text_store(corpus, data.text, workspace)
    vectors, found = audio_store.for_ids(corpus.table["utterance_id"])
    if not found.any():
        raise BadInputError(
            f"corpus {corpus.name}: its embeddings {audio_store.name} are empty; run `mirage embed` again"
        )
    table = corpus.table[found].reset_index(drop=True)
    _refuse_nan(vectors[found], table, audio_store)
    labels, classes = class_view(table["emotion"], data.classes)
    text, has_text = None, np.zeros(len(table), dtype=bool)
    if text_store is not None:
        text, has_text = text_store.for_ids(table["utterance_id"])
        if has_text.sum() < 2:
            text, has_text, text_store = None, np.zeros(len(table), dtype=bool), None
        else:
            _refuse_nan(text, table, text_store)
    codes = labels.map({name: index for index, name in enumerate(classes)}).fillna(-1).to_numpy(np.int64, copy=True)
    part, fold = divide(table, codes, data, config.training.seed, classes)
    if data.unlabelled and not (part == "unlabelled").any():
        unknown = int((table["emotion"].isna() & table["speaker"].isna()).sum())
        more = f" ({unknown:,} are of unknown speakers, who may be held out ones: give their names)" if unknown else ""
        raise BadInputError(
            f"data.unlabelled: no training speaker of corpus {corpus.name} has an utterance without an emotion"
            f"{f' (fold {fold})' if fold else ''}{more}; leave the key out, or ingest such utterances"
        )
    return RunData(
        corpus=corpus,
        table=table.assign(part=part, label=labels),
        classes=classes,
        labels=codes,
        audio=np.ascontiguousarray(vectors[found]),
        text=text,
        has_text=has_text,
        groups=np.asarray(transcript_groups(table), dtype=np.int64),
        fold=fold,
        stores=tuple(store for store in (audio_store, text_store) if store is not None),
    )


def _refuse_nan(vectors: np.ndarray, table: pd.DataFrame, store: Embeddings) -> None:
    bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(bad):
        raise BadInputError(
            f"embeddings {store.name}: the vector of {table['utterance_id'].iat[bad[0]]!r} holds NaN or infinity "
            f"({len(bad)} in all); remove {store.folder} and run `mirage embed` again"
        )


def _text_store(corpus: Corpus, name: str, workspace: Workspace) -> Embeddings | None:
    if name == "none":
        return None
    if name == "auto":
        stores, _ = readable_stores(corpus.name, workspace)
        if not any(meta["modality"] == "text" for meta in stores.values()):
            return None
    return require_current(Embeddings.find(corpus, name, workspace, modality="text"), corpus)


def divide(
    table: pd.DataFrame, labels: np.ndarray, data: DataConfig, seed: int, classes: list[str]
) -> tuple[np.ndarray, str]:
    """Gives each row its part: (n,) names out of ``PARTS``, and the name of the held-out fold.

    Validation speakers are drawn from the training part, as many as come nearest to ``data.validation`` of its rows;
    none where one speaker would be all there is, or where a class would be lost from training.

    Unlabelled are the rows without an emotion of known speakers who are in the training part of the fold, or of any
    fold where none is held out; never of somebody who validates or is tested.

    Raises:
        BadInputError: no such fold, or a class without a training row.
    """
    known = labels >= 0
    part = np.full(len(table), "unused", dtype=object)
    fold_name = ""
    heard, apart = np.ones(len(table), dtype=bool), np.zeros(len(table), dtype=bool)
    if data.fold is None:
        train = known.copy()
        validation = np.zeros(len(table), dtype=bool)
    else:
        folds = make_folds(table, by=data.folds, n_folds=data.n_folds)
        if data.fold >= len(folds):
            raise BadInputError(f"data.fold = {data.fold}: the corpus has {len(folds)} folds, 0 to {len(folds) - 1}")
        fold = folds[data.fold]
        fold_name = fold.name
        heard, apart = fold.train, fold.test | fold.validation
        train, validation = heard & known, fold.validation & known
        part[fold.test & known] = "test"
    if data.validation and not validation.any():
        validation = _validation_rows(table, labels, train, data.validation, seed)
        train &= ~validation
    part[train] = "train"
    part[validation] = "validation"
    if data.unlabelled:
        part[heard & ~(train | validation) & _silent(table, apart | validation)] = "unlabelled"
    missing = [name for index, name in enumerate(classes) if not (labels[train] == index).any()]
    if missing:
        raise BadInputError(
            f"fold {fold_name or 'all'}: no training speaker shows {', '.join(missing)}; leave it out with data.classes"
        )
    return part, fold_name


def _silent(table: pd.DataFrame, apart: np.ndarray) -> np.ndarray:
    """(n,) bool: rows without an emotion, of known speakers of whom no row is ``apart`` (n,)."""
    speaker = table["speaker"]
    return (table["emotion"].isna() & speaker.notna() & ~speaker.isin(speaker[apart].dropna())).to_numpy(dtype=bool)


def _validation_rows(table: pd.DataFrame, labels: np.ndarray, train: np.ndarray, share: float, seed: int) -> np.ndarray:
    speakers = table["speaker"].to_numpy(dtype=object)
    names = sorted({name for name in speakers[train] if isinstance(name, str)})
    chosen = np.zeros(len(table), dtype=bool)
    wanted = share * train.sum()
    for name in np.random.default_rng(seed).permutation(names):
        rows = train & (speakers == name)
        more = chosen | rows
        left = train & ~more
        complete = set(labels[left]) == set(labels[train]) if left.any() else False
        if not complete or abs(more.sum() - wanted) > abs(chosen.sum() - wanted):
            continue
        chosen = more
    return chosen
