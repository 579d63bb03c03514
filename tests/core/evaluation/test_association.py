from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from core.errors import BadInputError
from core.evaluation import spearman


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=2, max_size=12))
def test_value_is_that_of_scipy(pairs: list[tuple[int, int]]) -> None:
    x, y = np.array(pairs, dtype=float).T
    found = spearman(x, y, repetitions=100)
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert found.value is None
        return
    assert found.value == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)
    assert found.n == len(pairs)


def test_monotone_pairs_are_one_whatever_their_scale() -> None:
    x = np.arange(8.0)
    up, down = spearman(x, np.exp(x), seed=1), spearman(x, -(x**3), seed=1)
    assert (up.value, up.low, up.high) == (1.0, 1.0, 1.0)
    assert down.value == -1.0


def test_interval_covers_the_true_correlation_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    rho = 0.6
    true = 6 / math.pi * math.asin(rho / 2)  # Spearman's of a bivariate normal with correlation rho
    covered = 0
    for trial in range(100):
        x = rng.normal(size=40)
        found = spearman(x, rho * x + math.sqrt(1 - rho**2) * rng.normal(size=40), seed=trial, repetitions=300)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= true <= found.high
    assert 86 <= covered <= 100


def test_missing_values_are_left_out_in_pairs() -> None:
    found = spearman([1.0, 2.0, None, 4.0, 5.0, 6.0], [1.0, 2.0, 3.0, math.nan, 5.0, 6.0])
    assert found.n == 4
    assert found.value == 1.0


def test_few_pairs_have_no_interval() -> None:
    found = spearman([1, 2, 3, 4], [1, 2, 3, 4])
    assert found.value == 1.0
    assert found.low is None
    assert found.high is None
    assert spearman([], []).to_dict() == {"value": None, "low": None, "high": None, "n": 0}


def test_same_seed_same_interval() -> None:
    x, y = np.random.default_rng(3).normal(size=(2, 9))
    assert spearman(x, y, seed=4, repetitions=200) == spearman(x, y, seed=4, repetitions=200)


@pytest.mark.parametrize(
    ("x", "y", "more", "says"),
    [
        ([1, 2], [1, 2, 3], {}, "pairs"),
        ([1, math.inf], [1, 2], {}, "infinite"),
        ([1, 2], [1, 2], {"repetitions": 5}, "repetitions 5"),
    ],
)
def test_bad_input_is_one_clear_line(x: list[float], y: list[float], more: dict[str, int], says: str) -> None:
    with pytest.raises(BadInputError, match=says) as caught:
        spearman(x, y, **more)
    assert "\n" not in str(caught.value)
