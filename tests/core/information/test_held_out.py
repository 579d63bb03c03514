"""Held-out figures against closed forms."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

from core.errors import BadInputError, FailureError
from core.information import (
    ESTIMATORS,
    Estimate,
    Estimator,
    InfoNCECritic,
    fit_estimator,
    held_out_mi,
    measured_mi,
    pointwise_mi,
    posterior_pointwise_mi,
)


def gaussian(n: int, d: int, nats: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two correlated Gaussians, d pairs of components, I = nats in all: -d/2 log(1 - rho^2)."""
    rng = np.random.default_rng(seed)
    rho = math.sqrt(1.0 - math.exp(-2.0 * nats / d))
    x = rng.normal(size=(n, d))
    return x, rho * x + math.sqrt(1.0 - rho**2) * rng.normal(size=(n, d))


def channel(n: int, confusion: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Features that show a label read through a confusion matrix, the label, and the true I."""
    rng = np.random.default_rng(seed)
    k = len(confusion)
    label = rng.integers(k, size=n)
    read = (confusion.cumsum(axis=1)[label] < rng.random(n)[:, None]).sum(axis=1).clip(max=k - 1)
    joint = confusion / k
    margin = joint.sum(axis=0, keepdims=True) * joint.sum(axis=1, keepdims=True)
    truth = float((joint[joint > 0] * np.log(joint[joint > 0] / margin[joint > 0])).sum())
    return 4.0 * np.eye(k)[read] + 0.3 * rng.normal(size=(n, k)), label, truth


CONFUSION = np.array([[0.7, 0.1, 0.1, 0.1], [0.0, 0.9, 0.1, 0.0], [0.25, 0.25, 0.25, 0.25], [0.05, 0.05, 0.3, 0.6]])


@pytest.mark.parametrize("confusion", [CONFUSION, np.eye(4), np.full((4, 4), 0.25)], ids=["mixed", "clean", "none"])
def test_discrete_is_the_closed_form(confusion: np.ndarray) -> None:
    x, label, truth = channel(10_000, confusion, seed=2)
    estimate = held_out_mi(x, label, kind="discrete", quantity="I(c; h_hat)")
    assert estimate.value == pytest.approx(truth, abs=0.03)
    assert estimate.low <= estimate.value <= estimate.high
    assert estimate.ceiling == pytest.approx(math.log(4), abs=1e-2)
    assert estimate.value <= estimate.ceiling
    assert estimate.saturated == (truth > 1.3)
    assert (estimate.kind, estimate.estimator) == ("lower bound", "variational")
    assert 4996 <= estimate.samples <= 5000


@pytest.mark.parametrize("estimator", ["infonce", "variational"])
@pytest.mark.parametrize(("d", "nats"), [(1, 0.5), (5, 1.0), (5, 2.0)])
def test_gaussians(estimator: str, d: int, nats: float) -> None:
    x, y = gaussian(10_000, d, nats, seed=d)
    estimate = held_out_mi(x, y, kind="continuous", estimator=estimator, seed=1)
    assert estimate.value == pytest.approx(nats, abs=0.15)
    assert estimate.low < estimate.value < estimate.high


@pytest.mark.parametrize("estimator", ["infonce", "variational"])
def test_independent_variables_have_none(estimator: str) -> None:
    x, y = gaussian(10_000, 5, 0.0, seed=4)
    assert abs(held_out_mi(x, y, kind="continuous", estimator=estimator).value) < 0.03


def test_many_columns_and_few_samples_do_not_over_fit() -> None:
    rng = np.random.default_rng(0)
    x, label = rng.normal(size=(800, 64)), rng.integers(7, size=800)
    assert abs(held_out_mi(x, label, kind="discrete").value) < 0.03


def test_infonce_stays_below_its_ceiling_and_says_when_it_saturates() -> None:
    x, y = gaussian(4000, 5, 8.0, seed=0)
    estimate = held_out_mi(x, y, kind="continuous", estimator="infonce", batch=32)
    assert estimate.ceiling == pytest.approx(math.log(32))
    assert estimate.value <= math.log(32)
    assert estimate.saturated


def test_repeated_rows_lower_the_ceiling() -> None:
    rng = np.random.default_rng(0)
    sentences = rng.normal(size=(5, 8))
    which = rng.integers(5, size=2000)
    x = sentences[which] + 0.1 * rng.normal(size=(2000, 8))
    estimate = held_out_mi(x, sentences[which], kind="continuous")
    assert estimate.ceiling == pytest.approx(math.log(5), abs=0.01)
    assert estimate.value == pytest.approx(math.log(5), abs=0.05)


def test_interval_covers_the_mean_over_repetitions() -> None:
    estimates = []
    for seed in range(20):
        x, label, _ = channel(800, CONFUSION, seed=100 + seed)
        estimates.append(held_out_mi(x, label, kind="discrete", seed=seed, steps=100, bootstrap=300))
    mean = np.mean([estimate.value for estimate in estimates])
    assert sum(estimate.low <= mean <= estimate.high for estimate in estimates) >= 17


def test_same_seed_same_figure_and_global_state_untouched() -> None:
    x, y = gaussian(600, 2, 1.0, seed=0)
    before = torch.get_rng_state()
    with torch.no_grad():
        first = held_out_mi(x, y, kind="continuous", seed=5, steps=60)
    assert bool((torch.get_rng_state() == before).all())
    assert held_out_mi(torch.tensor(x), y, kind="continuous", seed=5, steps=60) == first
    assert held_out_mi(x, y, kind="continuous", seed=6, steps=60) != first


def test_labels_may_be_names() -> None:
    x, label, _ = channel(1000, CONFUSION, seed=0)
    names = np.array(["angry", "happy", "neutral", "sad"])[label]
    by_name = held_out_mi(x, names.tolist(), kind="discrete", steps=60)
    assert by_name == held_out_mi(x, label, kind="discrete", steps=60)


def test_pointwise_discrete() -> None:
    x, label, truth = channel(6000, np.eye(4) * 0.8 + 0.05, seed=0)
    names = np.array(["angry", "happy", "neutral", "sad"])[label]
    fitted = fit_estimator(x[:4000], names[:4000], kind="discrete")
    values = pointwise_mi(fitted, x[4000:], names[4000:])
    assert values.shape == (2000,)
    assert values.mean() == pytest.approx(truth, abs=0.05)
    shown = x[4000:].argmax(axis=1) == label[4000:]
    assert values[shown].min() > 0.0 > values[~shown].max()
    assert values.max() <= -math.log(0.2)
    with pytest.raises(BadInputError, match="boredom"):
        pointwise_mi(fitted, x[:2], ["angry", "boredom"])
    with pytest.raises(BadInputError, match="fitted on 4"):
        pointwise_mi(fitted, x[:2, :3], names[:2])


@pytest.mark.parametrize("estimator", ["infonce", "variational"])
def test_pointwise_continuous(estimator: str) -> None:
    x, y = gaussian(6000, 1, 1.0, seed=0)
    fitted = fit_estimator(x[:4000], y[:4000], kind="continuous", estimator=estimator)
    values = pointwise_mi(fitted, x[4000:], y[4000:])
    rho2 = 1.0 - math.exp(-2.0)
    gap = (y - math.sqrt(rho2) * x)[4000:, 0] ** 2 / (1.0 - rho2)
    truth = 1.0 - 0.5 * gap + 0.5 * y[4000:, 0] ** 2
    assert np.corrcoef(values, truth)[0, 1] > 0.97
    assert values.mean() == pytest.approx(1.0, abs=0.15)


def test_posterior_pointwise_is_finite_where_the_posterior_is_zero() -> None:
    values = posterior_pointwise_mi([[1.0, 0.0], [0.25, 0.75]], [1, 1], [0.5, 0.5])
    assert np.isfinite(values).all()
    assert values[1] == pytest.approx(math.log(1.5))
    with pytest.raises(BadInputError, match="do not fit"):
        posterior_pointwise_mi([[1.0, 0.0]], [0], [1.0])


def test_faults_are_named() -> None:
    x, y = gaussian(100, 2, 1.0, seed=0)
    with pytest.raises(BadInputError, match="rows"):
        held_out_mi(x, y[:50], kind="continuous")
    with pytest.raises(BadInputError, match="at least 40"):
        held_out_mi(x[:10], y[:10], kind="continuous")
    with pytest.raises(BadInputError, match="there is no estimator 'guess'"):
        held_out_mi(x, y, kind="continuous", estimator="guess")
    with pytest.raises(BadInputError, match="kind"):
        held_out_mi(x, y, kind="ordinal")  # type: ignore[arg-type]
    with pytest.raises(BadInputError, match=r"N\(0, 1\)"):
        held_out_mi(x, 3.0 * y, kind="continuous", estimator="variational")
    x[7, 1] = np.nan
    with pytest.raises(BadInputError, match="row 7"):
        held_out_mi(x, y, kind="continuous")


def test_divergence_is_an_error_not_a_figure() -> None:
    class Diverging(InfoNCECritic):
        def statistics(self, x: torch.Tensor, y: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
            return super().statistics(x, y, generator) * float("nan")

    x, y = gaussian(100, 2, 1.0, seed=0)
    ESTIMATORS["diverging"] = {"continuous": Diverging}
    try:
        with pytest.raises(FailureError, match="not finite"):
            held_out_mi(x, y, kind="continuous", estimator="diverging", steps=10)
        with pytest.raises(BadInputError, match="not for a discrete y"):
            held_out_mi(x, y[:, 0] > 0.0, kind="discrete", estimator="diverging", steps=10)
        estimate = measured_mi(x, y, kind="continuous", estimator="diverging", steps=10)
    finally:
        del ESTIMATORS["diverging"]
    assert estimate.diverged
    assert not estimate.saturated
    assert math.isnan(estimate.value)
    assert "not finite" in estimate.reason
    content = json.loads(json.dumps(estimate.to_dict(), allow_nan=False))
    assert (content["value"], content["low"], content["diverged"]) == (None, None, True)
    again = Estimate.from_dict(content)
    assert again.diverged
    assert math.isnan(again.value)
    with pytest.raises(FailureError, match="diverged"):
        Estimate(quantity="I(c; h_hat)", value=float("nan"), low=0.0, high=1.0)


def test_estimators_follow_one_protocol() -> None:
    for family in ESTIMATORS.values():
        for build in family.values():
            assert isinstance(build(steps=10, batch=16), Estimator)


def test_estimate_survives_json() -> None:
    estimate = Estimate(quantity="I(t; h_hat)", value=4.9, low=4.8, high=5.0, ceiling=math.log(256), samples=10)
    content = estimate.to_dict()
    assert content["saturated"] is False
    assert Estimate.from_dict(content) == estimate
    with pytest.raises(BadInputError, match="not an estimate"):
        Estimate.from_dict({"value": 1.0})


def test_a_constant_label_has_none_and_does_not_saturate() -> None:
    x, _ = gaussian(60, 3, 0.0, seed=0)
    estimate = held_out_mi(x, np.zeros(60, dtype=int), kind="discrete", steps=10)
    assert (estimate.value, estimate.ceiling, estimate.saturated) == (0.0, 0.0, False)
