"""Quality figures on sets whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import sqrtm

from core.errors import BadInputError
from core.evaluation import closeness, frechet_distance, two_sample_auc


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_frechet_is_its_formula(rng: np.random.Generator) -> None:
    first = rng.normal(size=(400, 5)) @ rng.normal(size=(5, 5))
    second = rng.normal(size=(300, 5)) @ rng.normal(size=(5, 5)) + 1.0
    one, two = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    gap = first.mean(axis=0) - second.mean(axis=0)
    expected = gap @ gap + np.trace(one + two - 2.0 * np.real(sqrtm(one @ two)))
    assert frechet_distance(first, second) == pytest.approx(expected)
    assert frechet_distance(second, first) == pytest.approx(expected)
    assert frechet_distance(first, first) == pytest.approx(0.0, abs=1e-9)
    assert frechet_distance(first, first + 2.0) == pytest.approx(20.0)


def test_fewer_rows_than_columns_stay_finite(rng: np.random.Generator) -> None:
    assert np.isfinite(frechet_distance(rng.normal(size=(8, 30)), rng.normal(size=(9, 30))))


def test_auc(rng: np.random.Generator) -> None:
    real = rng.normal(size=(400, 8))
    assert two_sample_auc(real, rng.normal(size=(500, 8))) == pytest.approx(0.5, abs=0.07)
    assert two_sample_auc(real, rng.normal(size=(400, 8)) + 1.5) > 0.95
    # The same mean and variances, only the correlations differ.
    mixed = rng.normal(size=(400, 8))
    mixed[:, 1::2] = 0.95 * mixed[:, ::2] + np.sqrt(1 - 0.95**2) * mixed[:, 1::2]
    assert two_sample_auc(real, mixed) > 0.85
    with pytest.raises(BadInputError, match="at least 10 rows"):
        two_sample_auc(real[:5], real)


def test_closeness_finds_memorising(rng: np.random.Generator) -> None:
    train, held_out = rng.normal(size=(300, 6)), rng.normal(size=(200, 6))
    fresh = closeness(rng.normal(size=(500, 6)), train, held_out)
    assert fresh.ratio == pytest.approx(1.0, abs=0.1)
    assert fresh.honest_ratio == pytest.approx(1.0, abs=0.1)
    assert fresh.copies < 0.05
    assert not fresh.copying
    copied = closeness(train[rng.integers(300, size=500)] + 0.02 * rng.normal(size=(500, 6)), train, held_out)
    assert copied.ratio < 0.6
    assert copied.copies > 0.9
    assert copied.copying


def test_other_speakers_are_not_taken_for_memorising(rng: np.random.Generator) -> None:
    train, held_out = rng.normal(size=(300, 6)), rng.normal(size=(200, 6)) + 1.5
    fresh = closeness(rng.normal(size=(500, 6)), train, held_out)
    assert fresh.ratio < 0.9
    assert fresh.ratio == pytest.approx(fresh.honest_ratio, abs=0.1)
    assert not fresh.copying


def test_what_a_corpus_says_twice_is_no_copy(rng: np.random.Generator) -> None:
    train, held_out, made = rng.normal(size=(300, 6)), rng.normal(size=(200, 6)), rng.normal(size=(500, 6))
    once = closeness(made, train, held_out)
    twice = closeness(made, np.concatenate([train, train[:150]]), held_out)
    assert twice.copy_distance == once.copy_distance > 0
    assert twice.ratio == once.ratio
    # Exact copies are found all the same, and a tenth of copies among honest rows is enough.
    made[:50] = train[:50]
    few = closeness(made, np.concatenate([train, train[:150]]), held_out)
    assert few.copies == pytest.approx(0.1, abs=0.03)
    assert few.copying
    assert not once.copying
    with pytest.raises(BadInputError, match="three rows"):
        closeness(made, train[:2], held_out)
    with pytest.raises(BadInputError, match="NaN"):
        closeness(np.full((20, 6), np.nan), train, held_out)
