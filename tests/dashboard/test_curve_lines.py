from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import curve_lines


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), st.floats(0.0, 0.98))
def test_smoothing_stays_within_the_values(values: list[float], weight: float) -> None:
    smoothed = curve_lines.smooth(np.array(values), weight)
    assert len(smoothed) == len(values)
    assert smoothed[0] == pytest.approx(values[0])
    assert smoothed.min() >= min(values) - 1e-6 * (1 + abs(min(values)))
    assert smoothed.max() <= max(values) + 1e-6 * (1 + abs(max(values)))


def test_smoothing_passes_over_what_is_not_a_number_and_leaves_it_so() -> None:
    smoothed = curve_lines.smooth(np.array([1.0, np.nan, 1.0]), 0.5)
    assert np.isnan(smoothed[1])
    assert smoothed[[0, 2]].tolist() == [1.0, 1.0]


@given(st.integers(0, 9_999), st.integers(0, 9_999), st.integers(0, 9_999))
def test_thinning_never_hides_an_extreme(high: int, low: int, gap: int) -> None:
    values = np.sin(np.arange(10_000) / 500)
    values[low], values[high], values[gap] = -50.0, 50.0, np.nan
    kept = curve_lines.thin(values, most=300)
    assert len(kept) <= 302
    assert (np.diff(kept) > 0).all()
    assert (kept[0], kept[-1]) == (0, 9_999)
    assert gap in kept
    assert np.nanmax(values[kept]) == np.nanmax(values)
    assert np.nanmin(values[kept]) == np.nanmin(values)


def test_few_values_are_all_drawn() -> None:
    assert curve_lines.thin(np.zeros(7), most=10).tolist() == list(range(7))


def test_broken_stretches_have_their_ends() -> None:
    nan = np.nan
    x = np.arange(6.0)
    assert curve_lines.broken(x, np.array([nan, 1.0, nan, nan, 1.0, nan])) == [(0.0, 0.0), (2.0, 3.0), (5.0, 5.0)]
    assert curve_lines.broken(x, np.ones(6)) == []
