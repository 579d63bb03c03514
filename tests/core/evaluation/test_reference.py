"""The logistic reference on data whose answer is known."""

from __future__ import annotations

import time

import numpy as np
import pytest

from core.errors import BadInputError
from core.evaluation import LogisticReference, scores

CLASSES = ["angry", "happy", "sad"]


def speech(n: int = 360, d: int = 40, speakers: int = 8, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features with a shift for each emotion and a greater one for each speaker."""
    rng = np.random.default_rng(seed)
    y, who = rng.integers(3, size=n), rng.integers(speakers, size=n)
    X = 1.2 * rng.normal(size=(3, d))[y] + 1.5 * rng.normal(size=(speakers, d))[who] + 1.5 * rng.normal(size=(n, d))
    return X.astype(np.float32), np.array(CLASSES)[y], np.array([f"s{index}" for index in who])


def test_it_learns_across_speakers_and_repeats_itself() -> None:
    X, y, who = speech()
    test = np.isin(who, ["s6", "s7"])
    model = LogisticReference()
    predicted = model.fit_predict(X, y, who, ~test, test)
    assert scores(y[test], predicted, CLASSES).ua > 0.75
    assert 0.5 < model.validation_ua_ <= 1.0
    assert np.array_equal(LogisticReference().fit_predict(X, y, who, ~test, test), predicted)
    probabilities = model.predict_proba(X[test])
    assert probabilities.shape == (test.sum(), 3)
    assert np.array_equal(model.classes_[probabilities.argmax(axis=1)], predicted)


def test_permuted_labels_give_chance() -> None:
    X, y, who = speech(n=600)
    y = np.random.default_rng(1).permutation(y)
    test = np.isin(who, ["s5", "s6", "s7"])
    found = scores(y[test], LogisticReference().fit_predict(X, y, who, ~test, test), CLASSES)
    assert found.ua == pytest.approx(1 / 3, abs=0.1)


def test_the_penalty_is_tuned_on_speakers() -> None:
    """Rows of one speaker all alike: validation within speakers would like a weak penalty, across them a strong one."""
    X, y, who = speech(n=120, d=80, speakers=6, seed=3)
    model = LogisticReference().fit(X, y, who)
    assert model.C_ < 10.0


def test_test_rows_change_nothing_in_the_fit() -> None:
    X, y, who = speech()
    test = who == "s0"
    first = LogisticReference()
    first.fit_predict(X, y, who, ~test, test)
    changed = X.copy()
    changed[test] += 100.0
    second = LogisticReference()
    second.fit_predict(changed, y, who, ~test, test)
    assert first.C_ == second.C_
    assert np.array_equal(first.predict_proba(X), second.predict_proba(X))


def test_one_speaker_and_rare_classes_are_no_trouble() -> None:
    X, y, who = speech(n=60)
    model = LogisticReference().fit(X, y, np.full(60, "s0"))
    assert set(model.predict(X)) <= set(CLASSES)
    rare = np.where(np.arange(60) == 0, "fear", y)
    assert "fear" in LogisticReference().fit(X, rare, who).classes_


def test_faults_are_named() -> None:
    X, y, who = speech(n=60)
    half = np.arange(60) < 30
    with pytest.raises(BadInputError, match="in both the training and test part: s"):
        LogisticReference().fit_predict(X, y, who, half, ~half)
    with pytest.raises(BadInputError, match="30 rows are in both"):
        LogisticReference().fit_predict(X, y, who, np.ones(60, bool), half)
    with pytest.raises(BadInputError, match="0 test rows"):
        LogisticReference().fit_predict(X, y, who, half, np.zeros(60, bool))
    with pytest.raises(BadInputError, match="one class only"):
        LogisticReference().fit(X, np.full(60, "sad"), who)
    labels = y.astype(object)
    labels[4] = None
    with pytest.raises(BadInputError, match="row 4 has no emotion"):
        LogisticReference().fit(X, labels, who)


def test_it_is_fast_enough() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(7, size=535)
    X = (0.5 * rng.normal(size=(7, 384))[y] + rng.normal(size=(535, 384))).astype(np.float32)
    who = rng.integers(10, size=535).astype(str)
    names, test = np.array(list("abcdefg"))[y], who == "0"
    start = time.perf_counter()
    LogisticReference().fit_predict(X, names, who, ~test, test)
    assert time.perf_counter() - start < 20.0
