"""Paired gains against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from core.errors import BadInputError
from core.evaluation import corrected_t_test, paired_gain


def test_corrected_t_test_by_hand() -> None:
    # Mean 0.02; squared deviations 0.0001 + 0.0001 + 0 + 0, over 3: variance 6.6667e-5.
    # Four folds: 1/4 + 1/3 = 0.58333; 0.58333 * 6.6667e-5 = 3.8889e-5, its root 6.2361e-3; t = 3.2071.
    t, p_value = corrected_t_test(np.array([0.01, 0.03, 0.02, 0.02]), 1.0 / 3.0)
    assert t == pytest.approx(3.2071, abs=1e-4)
    assert p_value == pytest.approx(2.0 * (1.0 - stats.t.cdf(3.2071, 3)), abs=1e-5)
    # From a table: with 3 degrees of freedom 3.182 is the two-sided 5 % point.
    assert p_value == pytest.approx(0.05, abs=0.002)


def test_without_correction_it_is_the_usual_paired_test() -> None:
    differences = np.random.default_rng(0).normal(0.3, 1.0, 12)
    expected = stats.ttest_1samp(differences, 0.0)
    assert corrected_t_test(differences, 0.0) == pytest.approx((expected.statistic, expected.pvalue))


def test_equal_folds() -> None:
    assert corrected_t_test(np.zeros(4), 0.3) == (0.0, 1.0)
    assert corrected_t_test(np.full(4, -0.5), 0.3) == (-math.inf, 0.0)


def test_gain_averages_seeds_before_folds() -> None:
    method = np.array([[0.7, 0.8, 0.6], [0.9, 0.8, 0.8]])
    baseline = np.array([[0.6, 0.7, 0.6], [0.6, 0.7, 0.6]])
    gain = paired_gain(method, baseline)
    assert gain.by_fold == pytest.approx((0.2, 0.1, 0.1))
    assert gain.mean == pytest.approx(0.4 / 3)
    assert (gain.folds, gain.seeds) == (3, 2)
    assert (gain.t, gain.p_value) == pytest.approx(corrected_t_test(np.array([0.2, 0.1, 0.1]), 0.5))
    # 27 equally likely draws of three folds: the extremes are three times 0.1 (8 of 27) and three times 0.2 (1 of 27).
    assert (gain.low, gain.high) == pytest.approx((0.1, 0.2))
    assert gain.clear
    assert paired_gain(method, baseline) == gain
    assert gain.to_dict()["clear"] is True


def test_interval_covers() -> None:
    rng = np.random.default_rng(1)
    found = [paired_gain(rng.normal(1.0, 1.0, 24), np.zeros(24), bootstrap=500) for _ in range(200)]
    assert sum(gain.low <= 1.0 <= gain.high for gain in found) >= 176
    assert not paired_gain(rng.normal(0.0, 1.0, 24), np.zeros(24)).clear


def test_faults() -> None:
    with pytest.raises(BadInputError, match="one shape"):
        paired_gain(np.zeros(3), np.zeros(4))
    with pytest.raises(BadInputError, match="two folds"):
        paired_gain(np.zeros((5, 1)), np.zeros((5, 1)))
    with pytest.raises(BadInputError, match="not finite"):
        paired_gain(np.array([0.1, np.nan]), np.zeros(2))
