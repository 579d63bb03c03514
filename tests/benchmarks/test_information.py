"""The tasks of ``python -m benchmarks.information`` against their closed forms, by the estimator that fits nothing."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest

from benchmarks.information import Samples, gaussian, half_cube, requirement, row, spiral, student, student_nats


def bent(samples: int) -> dict[str, tuple[float, Samples]]:
    x, y = gaussian(1, 1.0, seed=201, samples=samples)
    u, v = gaussian(2, 1.0, seed=302, samples=samples)
    return {
        "half-cube": (1.0, (half_cube(x), half_cube(y))),
        "spiral": (1.0, (spiral(u), spiral(v))),
        "Student-t df=1": (student_nats(1, 1.0, 1), student(1, 1.0, 1, seed=401)),
        "Student-t df=3": (student_nats(1, 1.0, 3), student(1, 1.0, 3, seed=401)),
    }


@pytest.mark.parametrize("task", ["half-cube", "spiral", "Student-t df=1", "Student-t df=3"])
def test_transformations_and_tails_have_the_information_that_is_told(task: str) -> None:
    true, data = bent(10_000)[task]
    found = row(task, "ksg", data, true, partial(requirement, "ksg", 1, true))
    assert (found.verdict, found.estimator) == ("ok", "ksg")
    assert found.value == pytest.approx(true, abs=0.05)


def test_a_spiral_is_turned_back() -> None:
    x = np.random.default_rng(0).normal(size=(100, 3))
    np.testing.assert_allclose(spiral(spiral(x), -1.0 / 3.0), x, atol=1e-12)


def test_a_common_radius_adds_information() -> None:
    # Of independent Cauchy-like pairs (df = 1): log(8 pi) - 3, from the entropies of the t in one and two dimensions.
    assert student_nats(1, 0.0, 1) == pytest.approx(math.log(8.0 * math.pi) - 3.0)
    assert student_nats(5, 1.0, 10_000) == pytest.approx(1.0, abs=1e-3)


def test_what_fails_and_what_is_unsuited_is_named() -> None:
    data = gaussian(5, 2.0, seed=5, samples=2000)
    assert row("biased", "ksg", data, 2.0, partial(requirement, "ksg", 1, 2.0)).verdict == "FAILS"
    found = row("wide", "ksg", gaussian(20, 1.0, seed=1, samples=200), 1.0, partial(requirement, "ksg", 20, 1.0))
    assert (found.verdict, found.value) == ("unsuited", None)
    assert "low dimension" in found.note
    long = row("tails", "variational", (data[0], 3.0 * data[1]), 2.0, lambda estimate: None)
    assert long.verdict == "unsuited"
    assert len(long.note) < 200
