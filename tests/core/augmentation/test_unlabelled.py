"""MirageSampler with rows whose class is not known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score

from core.augmentation import MirageSampler
from core.augmentation.fitted import FittedMirage
from core.config import Config
from core.demo import ASSETS
from core.errors import BadInputError
from core.runs import load_run
from core.runs.data import RunData, load_data
from core.workspace import Workspace

DEMO = Workspace(ASSETS / "workspace")
CONFIG: dict[str, Any] = {
    "alignment": {"dim": 32, "steps": 100, "batch": 64},
    "generation": {
        **{"steps": 60, "batch": 64, "hidden": 64},
        **{"learning_rate": 2e-3, "critic_learning_rate": 4e-3},
    },
    "training": {"device": "cpu"},
}


@pytest.fixture(scope="module")
def speech() -> RunData:
    """The demo's 576 utterances: embeddings of a real speech encoder, 4 emotions, 8 speakers."""
    return load_data(Config(), DEMO)


@pytest.fixture(scope="module")
def few(speech: RunData) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Embeddings, emotions and speakers of the training speakers; 16 utterances of each emotion keep theirs."""
    train = speech.rows("train") | speech.rows("validation")
    labels, hidden = speech.labels[train].copy(), np.ones(int(train.sum()), dtype=bool)
    for index in range(4):
        hidden[np.random.default_rng([0, index]).permutation(np.flatnonzero(labels == index))[:16]] = False
    labels[hidden] = -1
    return speech.audio[train], labels, speech.table["speaker"].to_numpy(dtype=object)[train]


def test_labelled_rows_and_generated_ones_come_back(few: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    X, y, speakers = few
    sampler = MirageSampler(unlabelled=-1, share=2.0, config=CONFIG)
    X_new, y_new = sampler.fit_resample(X, y, speakers=list(speakers))
    assert np.array_equal(X_new[:64], X[y >= 0])
    assert np.array_equal(y_new[:64], y[y >= 0])
    assert np.bincount(y_new).tolist() == [48] * 4
    assert sampler.added_ == dict.fromkeys(range(4), 32)
    # Without these rows another generator is fitted, on the others alone.
    less, _ = MirageSampler(share=2.0, config=CONFIG).fit_resample(
        X[y >= 0], y[y >= 0], speakers=list(speakers[y >= 0])
    )
    assert less.shape == X_new.shape
    assert not np.array_equal(less[64:], X_new[64:])
    # Names, frames and a clone: the same rows.
    names = np.array(["angry", "happy", "neutral", "sad", ""])[y]
    frame, labels = (
        clone(sampler)
        .set_params(unlabelled="")
        .fit_resample(pd.DataFrame(X), pd.Series(names), speakers=list(speakers))
    )
    np.testing.assert_array_equal(frame.to_numpy(), X_new)
    assert labels.tolist() == np.array(["angry", "happy", "neutral", "sad"])[y_new].tolist()
    assert set(sampler.fit(X, y).sampling_strategy_.values()) == {0}
    # No row without a class: as if nothing had been said.
    again, _ = clone(sampler).fit_resample(X[y >= 0], y[y >= 0], speakers=list(speakers[y >= 0]))
    assert np.array_equal(again, less)


def test_they_are_told_apart_and_learnt_from(speech: RunData, few: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    X, y, speakers = few
    known = y >= 0
    order = np.concatenate([np.flatnonzero(known), np.flatnonzero(~known)])
    config = Config().changed(**CONFIG)
    fitted = FittedMirage.fit(X[known], y[known], list(speakers[order]), config, aligned=False, seed=0, more=X[~known])
    train = speech.rows("train") | speech.rows("validation")
    truth = speech.labels[train][order]
    assert fitted.h.shape == (len(X), 32)
    assert np.array_equal(fitted.labels[:64], truth[:64])
    assert (fitted.labels[64:] == truth[64:]).mean() > 0.5  # chance is 0.25
    # A pipeline recognises speakers it has not heard better with them than without.
    test = speech.rows("test")

    def recall(sampler: MirageSampler, X: np.ndarray, y: np.ndarray) -> float:
        model = make_pipeline(sampler, LogisticRegression(C=0.01, max_iter=500)).fit(X, y)
        return float(balanced_accuracy_score(speech.labels[test], model.predict(speech.audio[test])))

    more = recall(MirageSampler(unlabelled=-1, share=8.0, config=CONFIG), X, y)
    assert more > recall(MirageSampler(share=8.0, config=CONFIG), X[known], y[known])


def test_aligned_rows_and_runs(speech: RunData) -> None:
    run: Any = load_run(DEMO.run_folder("demo"))
    train = speech.rows("train")
    h, names = run.h[train], speech.table["label"].to_numpy(dtype=object)[train].astype(str)
    some = np.where(np.arange(len(h)) % 5 == 0, names, "")
    found, labels = MirageSampler(config=CONFIG, layer="aligned", unlabelled="", share=1.0).fit_resample(h, some)
    assert set(labels) == set(run.classes)
    assert np.array_equal(found[: (some != "").sum()], h[some != ""])
    np.testing.assert_allclose(found.mean(axis=1), 0.0, atol=1e-4)
    # A run is trained already: they are left out.
    wanted, _ = MirageSampler(run, share=1.0).fit_resample(h[some != ""], some[some != ""])
    assert np.array_equal(MirageSampler(run, unlabelled="", share=1.0).fit_resample(h, some)[0], wanted)


def test_faults() -> None:
    X, y = np.random.default_rng(0).normal(size=(30, 4)), np.repeat([0, 1, -1], [12, 8, 10])
    cases: list[tuple[Any, Any, str]] = [
        ("", y, "unlabelled='' cannot be a label here: those of y are no words"),
        (-1, y.astype(str), "unlabelled=-1 cannot be a label here: those of y are words"),
        (-1, np.full(30, -1), "unlabelled=-1: no row of y has a class"),
        (-1, np.eye(3)[y], r"unlabelled=-1: y must be one label for each row, it has shape \(30, 3\)"),
    ]
    for value, labels, message in cases:
        with pytest.raises(BadInputError, match=message):
            MirageSampler(unlabelled=value, config=CONFIG).fit_resample(X, labels)
    with pytest.raises(BadInputError, match="one name for each of the 30 rows"):
        MirageSampler(unlabelled=-1, config=CONFIG).fit_resample(X, y, speakers=["a"] * 20)
    X[25] = np.nan
    with pytest.raises(ValueError, match="contains NaN"):
        MirageSampler(unlabelled=-1, config=CONFIG).fit_resample(X, y)
