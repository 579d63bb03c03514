"""The last layer."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from core.benchmarks.recogniser import COARSE, FINE, balanced, fit_path, penalties


@pytest.fixture
def table() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [60, 30, 10])
    return rng.standard_normal((100, 5)) + 0.8 * rng.standard_normal((3, 5))[labels], labels


def test_is_the_regression_of_scikit_learn(table: tuple[np.ndarray, np.ndarray]) -> None:
    X, labels = table
    Y = np.eye(3)[labels]
    weights = balanced(Y)
    (found,) = fit_path(X, Y, weights, [0.03])
    # scikit-learn sums the losses: C = 1 / (sum of the weights * strength).
    share = weights / weights.sum()
    other = LogisticRegression(C=1 / 0.03, tol=1e-8, max_iter=2000).fit(X, labels, sample_weight=share)
    assert np.allclose(found.weight.T, other.coef_, atol=2e-3)
    assert (found.predict(X) == other.predict(X)).mean() > 0.98


def test_a_shared_label_is_two_weighted_rows(table: tuple[np.ndarray, np.ndarray]) -> None:
    X, labels = table
    Y = np.eye(3)[labels]
    mixed = Y.copy()
    mixed[:20] = [0.25, 0.75, 0.0]
    (shared,) = fit_path(X, mixed, np.ones(100), [0.1])
    twice = np.concatenate([X[20:], X[:20], X[:20]])
    classes = np.concatenate([Y[20:], np.tile([1.0, 0, 0], (20, 1)), np.tile([0, 1.0, 0], (20, 1))])
    weights = np.repeat([1.0, 0.25, 0.75], [80, 20, 20])
    (split,) = fit_path(twice, classes, weights, [0.1])
    assert np.allclose(shared.weight, split.weight, atol=1e-3)


def test_the_path_only_saves_time(table: tuple[np.ndarray, np.ndarray]) -> None:
    X, labels = table
    Y = np.eye(3)[labels]
    strengths = penalties(COARSE, False)
    path = list(fit_path(X, Y, np.ones(100), strengths))
    sizes = [np.square(found.weight).sum() for found in path]
    assert sizes == sorted(sizes)
    (direct,) = fit_path(X, Y, np.ones(100), strengths[3:4])
    assert np.allclose(direct.weight, path[3].weight, atol=2e-2)
    again = list(fit_path(X, Y, np.ones(100), strengths))
    assert all(np.array_equal(a.weight, b.weight) for a, b in zip(path, again, strict=True))


def test_balanced_weights() -> None:
    Y = np.eye(2)[[0, 0, 0, 1]]
    assert np.allclose(Y.T @ balanced(Y), 1.0)
    assert np.allclose(balanced(Y, 0.0), 1.0)


def test_penalties_begin_with_the_strongest() -> None:
    assert FINE == 4 * COARSE
    for with_text, greatest in ((False, 1.0), (True, 10.0)):
        tried = penalties(FINE, with_text)
        assert list(tried) == sorted(tried, reverse=True)
        assert (len(tried), tried[0], tried[-1]) == (FINE, greatest, pytest.approx(1e-3))
