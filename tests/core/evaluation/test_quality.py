"""Quality figures on sets whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import sqrtm

from core.errors import BadInputError
from core.evaluation import closeness, frechet_distance, quality, quality_by_class, two_sample_auc


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
    copied = closeness(train[rng.integers(300, size=500)] + 0.02 * rng.normal(size=(500, 6)), train, held_out)
    assert copied.ratio < 0.6
    assert copied.copies > 0.9


def test_other_speakers_are_not_taken_for_memorising(rng: np.random.Generator) -> None:
    train, held_out = rng.normal(size=(300, 6)), rng.normal(size=(200, 6)) + 1.5
    fresh = closeness(rng.normal(size=(500, 6)), train, held_out)
    assert fresh.ratio < 0.9
    assert fresh.ratio == pytest.approx(fresh.honest_ratio, abs=0.1)


def test_report_by_class(rng: np.random.Generator) -> None:
    labels = np.repeat(["angry", "sad"], [60, 5])
    features = rng.normal(size=(65, 4)) + (labels == "sad")[:, None]
    report = quality_by_class(
        features, labels, features + 0.1, labels, features - 0.1, labels, classes=["angry", "sad", "happy"]
    )
    assert list(report) == ["all", "angry", "sad", "happy"]
    assert report["all"].auc is not None
    assert report["angry"].closeness is not None
    assert report["sad"].frechet is None
    assert (report["sad"].n_generated, report["happy"].n_train) == (5, 0)
    assert report["all"].to_dict()["closeness"]["ratio"] > 0
    with pytest.raises(BadInputError, match="NaN"):
        quality(np.full((20, 4), np.nan), features, features)
