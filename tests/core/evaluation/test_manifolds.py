"""Precision, recall, density and coverage against their formulas, one row after another."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import BadInputError
from core.evaluation import manifolds
from core.evaluation.manifolds import reach


def radius(rows: np.ndarray, index: int, k: int) -> float:
    """Distance from one row to its k-th nearest other one."""
    return sorted(np.linalg.norm(rows[index] - rows[other]) for other in range(len(rows)) if other != index)[k - 1]


def share_inside(points: np.ndarray, balls: np.ndarray, k: int) -> float:
    """Kynkaanniemi et al. 2019, eq. 1 and 2."""
    inside = 0
    for point in points:
        inside += any(np.linalg.norm(point - balls[i]) <= radius(balls, i, k) for i in range(len(balls)))
    return inside / len(points)


def test_they_are_their_formulas() -> None:
    rng = np.random.default_rng(0)
    real, made = rng.normal(size=(30, 3)), 0.8 * rng.normal(size=(22, 3)) + 0.7
    found = manifolds(real, made)
    assert found.precision == pytest.approx(share_inside(made, real, 3))
    assert found.recall == pytest.approx(share_inside(real, made, 3))
    # Naeem et al. 2020, eq. 3 and 4.
    hits, covered = 0, 0
    for i in range(len(real)):
        near = [np.linalg.norm(point - real[i]) <= radius(real, i, 5) for point in made]
        hits += sum(near)
        covered += any(near)
    assert found.density == pytest.approx(hits / (5 * len(made)))
    assert found.coverage == pytest.approx(covered / len(real))


def test_known_cases() -> None:
    rng = np.random.default_rng(1)
    real = rng.normal(size=(400, 4))
    same = manifolds(real, rng.normal(size=(400, 4)))
    assert same.precision > 0.7
    assert same.recall > 0.7
    assert same.density == pytest.approx(1.0, abs=0.15)
    # Naeem et al. 2020, lemma 2: 1 - 2^-k for two draws of one distribution.
    assert same.coverage == pytest.approx(1 - 0.5**5, abs=0.04)
    far = manifolds(real, real + 50.0)
    assert (far.precision, far.recall, far.density, far.coverage) == (0.0, 0.0, 0.0, 0.0)
    # One mode of two: what is there is faithful, half is missing.
    two = np.concatenate([real, real + 50.0])
    half = manifolds(two, rng.normal(size=(400, 4)))
    assert half.precision > 0.7
    assert half.recall < 0.5
    assert half.coverage == pytest.approx(0.5, abs=0.05)


def test_too_few_rows() -> None:
    with pytest.raises(BadInputError, match="more than 5 rows of each side, there are 5 real and 9 generated"):
        manifolds(np.zeros((5, 2)), np.zeros((9, 2)))


def test_reach_is_the_density_of_one_row() -> None:
    rng = np.random.default_rng(2)
    real, made = rng.normal(size=(40, 3)), rng.normal(size=(25, 3))
    assert reach(real, made).mean() / 5 == pytest.approx(manifolds(real, made).density)
    # Two real rows: each reaches the other.
    assert reach(np.array([[0.0], [1.0]]), np.array([[0.5], [1.5], [3.0]])).tolist() == [2, 1, 0]
    assert reach(real, made[:0]).tolist() == []
    with pytest.raises(BadInputError, match="at least two real rows, there are 1"):
        reach(real[:1], made)
