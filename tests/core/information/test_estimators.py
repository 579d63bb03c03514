"""Every estimator by name against closed forms: the quick part of ``python -m benchmarks.information``."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from core.errors import BadInputError, FailureError
from core.information import (
    ESTIMATORS,
    KSG,
    MINE,
    SMILE,
    UnsuitedError,
    fit_estimator,
    held_out_mi,
    measured_mi,
    pointwise_mi,
)
from core.information.critics import fit
from core.information.samples import ShortTails, Standard
from tests.core.information.test_held_out import CONFUSION, channel, gaussian

RATIO = ("smile", "nwj", "mine")
NEURAL = (*RATIO, "infonce", "club")


@pytest.mark.parametrize("d", [1, 5, 20])
def test_two_nats_of_gaussians(d: int) -> None:
    # With fewer, NWJ comes out at the edge of what is asked, on one side or the other by the processor's rounding.
    samples, steps = {1: (6000, 300), 5: (4000, 200), 20: (10_000, 400)}[d]
    x, y = gaussian(samples, d, 2.0, seed=d)
    for name in RATIO:
        estimate = held_out_mi(x, y, kind="continuous", estimator=name, seed=1, steps=steps)
        assert estimate.value == pytest.approx(2.0, abs=0.16), name
        assert estimate.low < estimate.value < estimate.high
        assert estimate.kind == ("biased" if name == "smile" else "lower bound")


@pytest.mark.parametrize(("d", "nats"), [(1, 0.5), (5, 2.0), (20, 4.0)])
def test_club_is_not_below_the_truth(d: int, nats: float) -> None:
    x, y = gaussian(5000, d, nats, seed=d)
    estimate = held_out_mi(x, y, kind="continuous", estimator="club", steps=150)
    assert estimate.kind == "upper bound"
    assert estimate.value >= nats - 0.1
    # E log p(y|x) - E E log p(y|x) of the very Gaussian: d rho^2 / (1 - rho^2).
    assert estimate.value == pytest.approx(d * math.expm1(2.0 * nats / d), rel=0.25)


@pytest.mark.parametrize("nats", [0.0, 0.5, 1.0, 2.0, 4.0])
def test_ksg_in_one_dimension(nats: float) -> None:
    x, y = gaussian(10_000, 1, nats, seed=7)
    estimate = held_out_mi(x, y, kind="continuous", estimator="ksg")
    assert estimate.value == pytest.approx(nats, abs=0.05)
    assert estimate.samples == 10_000
    if nats <= 2.0:
        bent = held_out_mi(-np.exp(x), y**3, kind="continuous", estimator="ksg")
        assert bent.value == pytest.approx(nats, abs=0.05)


def test_ksg_is_its_formula() -> None:
    """Counted by hand, sample by sample."""
    from scipy.special import digamma

    x, y = gaussian(60, 2, 1.0, seed=3)
    terms = []
    for i in range(60):
        in_x, in_y = np.abs(x - x[i]).max(axis=1), np.abs(y - y[i]).max(axis=1)
        radius = np.sort(np.maximum(in_x, in_y))[3]
        terms.append(digamma(3) + digamma(60) - digamma((in_x < radius).sum()) - digamma((in_y < radius).sum()))
    got = KSG().statistics(torch.tensor(x), torch.tensor(y), torch.Generator())
    np.testing.assert_allclose(got[:, 0].numpy(), terms, rtol=1e-9)


@pytest.mark.parametrize("name", [*NEURAL, "ksg"])
def test_independent_variables_have_none(name: str) -> None:
    x, y = gaussian(2000, 5, 0.0, seed=4)
    assert abs(held_out_mi(x, y, kind="continuous", estimator=name, steps=100).value) <= 0.03


@pytest.mark.parametrize("name", ["variational", *RATIO, "infonce", "ksg"])
def test_a_label_through_a_known_confusion(name: str) -> None:
    x, label, truth = channel(5000, CONFUSION, seed=2)
    estimate = held_out_mi(x, label, kind="discrete", estimator=name, steps=100)
    assert estimate.value == pytest.approx(truth, abs=0.03 if name == "variational" else 0.1)


def test_club_of_a_label_is_its_formula() -> None:
    """Of the exact posterior of a channel: sum p(c,r) log p(c|r) - sum p(c) p(r) log p(c|r)."""
    confusion = np.full((3, 3), 0.1) + 0.7 * np.eye(3)
    x, label, truth = channel(6000, confusion, seed=1)
    expected = 0.8 * math.log(0.8) + 0.2 * math.log(0.1) - (math.log(0.8) + 2.0 * math.log(0.1)) / 3.0
    estimate = held_out_mi(x, label, kind="discrete", estimator="club", steps=80)
    assert estimate.value == pytest.approx(expected, abs=0.08)
    assert estimate.value > truth


def test_intervals_hold_the_mean_over_repetitions() -> None:
    for name, least in (("nwj", 10), ("club", 10), ("ksg", 10)):
        estimates = [
            held_out_mi(
                *gaussian(400, 1, 0.5, seed=50 + seed),
                kind="continuous",
                estimator=name,
                seed=seed,
                steps=20,
                bootstrap=200,
            )
            for seed in range(12)
        ]
        mean = np.mean([estimate.value for estimate in estimates])
        assert sum(estimate.low <= mean <= estimate.high for estimate in estimates) >= least, name


def test_ksg_intervals_know_that_neighbours_vary_together() -> None:
    estimates = [
        held_out_mi(*gaussian(1000, 2, 1.0, seed), kind="continuous", estimator="ksg", seed=seed, bootstrap=300)
        for seed in range(500, 560)
    ]
    values = np.array([estimate.value for estimate in estimates])
    held = [estimate.low <= values.mean() <= estimate.high for estimate in estimates]
    # Of independent terms the interval would be a quarter too narrow and hold it in five of six.
    assert sum(held) >= 54
    width = np.mean([estimate.high - estimate.low for estimate in estimates]) / 3.92
    assert width > 0.8 * values.std(ddof=1)


def test_infonce_says_that_a_batch_is_too_small() -> None:
    x, y = gaussian(10_000, 5, 4.0, seed=5)
    small = held_out_mi(x, y, kind="continuous", estimator="infonce", batch=32, steps=200)
    assert small.value <= math.log(32)
    assert small.saturated
    x, y = gaussian(4000, 5, 1.0, seed=5)
    assert not held_out_mi(x, y, kind="continuous", estimator="infonce", steps=100).saturated


def test_joint_critic() -> None:
    x, y = gaussian(2000, 1, 1.0, seed=0)
    estimator = SMILE(steps=60, batch=48, critic="joint")
    x_tensor, y_tensor = torch.tensor(x).float(), torch.tensor(y).float()
    generator = torch.Generator().manual_seed(0)
    estimator.fit(x_tensor[:1000], y_tensor[:1000], generator)
    read = estimator.statistics(x_tensor[1000:], y_tensor[1000:], generator)
    assert float(estimator.reduce(read.mean(dim=0))) == pytest.approx(1.0, abs=0.25)
    with pytest.raises(BadInputError, match="separable, joint"):
        SMILE(critic="bilinear")


def test_mine_follows_the_corrected_gradient() -> None:
    """With a constant margin the moving average is the margin: the gradient of Donsker-Varadhan itself."""
    scores = torch.randn(8, 8, generator=torch.Generator().manual_seed(0)).requires_grad_()
    estimator = MINE()
    estimator.begin()
    for _ in range(3):
        value = estimator.objective(scores)
    value.backward()
    off = ~torch.eye(8, dtype=torch.bool)
    plain = scores.detach().clone().requires_grad_()
    bound = plain.diagonal().mean() - (plain[off].logsumexp(dim=0) - math.log(56))
    bound.backward()
    assert value.item() == pytest.approx(bound.item(), abs=1e-5)
    torch.testing.assert_close(scores.grad, plain.grad)


@pytest.mark.parametrize("name", [*RATIO, "ksg"])
def test_pointwise(name: str) -> None:
    x, y = gaussian(4000, 1, 1.0, seed=0)
    fitted = fit_estimator(x[:3000], y[:3000], kind="continuous", estimator=name, steps=150)
    values = pointwise_mi(fitted, x[3000:], y[3000:])
    rho2 = 1.0 - math.exp(-2.0)
    truth = 1.0 - 0.5 * (y - math.sqrt(rho2) * x)[3000:, 0] ** 2 / (1.0 - rho2) + 0.5 * y[3000:, 0] ** 2
    assert values.shape == (1000,)
    assert np.corrcoef(values, truth)[0, 1] > (0.6 if name == "ksg" else 0.9)
    assert values.mean() == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("name", NEURAL)
def test_same_seed_same_figure_and_global_state_untouched(name: str) -> None:
    x, y = gaussian(300, 2, 1.0, seed=0)
    before = torch.get_rng_state()
    first = held_out_mi(x, y, kind="continuous", estimator=name, seed=5, steps=20, bootstrap=50)
    assert bool((torch.get_rng_state() == before).all())
    assert held_out_mi(x, y, kind="continuous", estimator=name, seed=5, steps=20, bootstrap=50) == first


def test_what_an_estimator_is_not_for_is_said() -> None:
    x, y = gaussian(200, 20, 1.0, seed=0)
    with pytest.raises(UnsuitedError, match="40 columns"):
        held_out_mi(x, y, kind="continuous", estimator="ksg")
    for name, values, why in (("ksg", y, "low dimension"), ("variational", 3.0 * y, r"N(0, 1)")):
        estimate = measured_mi(x, values, kind="continuous", estimator=name)
        assert (estimate.status, estimate.diverged) == ("unsuited", False)
        assert why in estimate.reason
        assert math.isnan(estimate.value)
    with pytest.raises(BadInputError, match="there is no estimator"):
        measured_mi(x, y, kind="continuous", estimator="guess")


def test_divergence_is_named_for_what_it_is() -> None:
    class Awful(SMILE):
        def reduce(self, means: torch.Tensor) -> torch.Tensor:
            return super().reduce(means) - 40.0

    x, y = gaussian(100, 2, 1.0, seed=0)
    ESTIMATORS["awful"] = {"continuous": Awful}
    try:
        estimate = measured_mi(x, y, kind="continuous", estimator="awful", steps=5)
    finally:
        del ESTIMATORS["awful"]
    assert estimate.diverged
    assert "there cannot be less than 0" in estimate.reason

    network = torch.nn.Linear(1, 1)
    with pytest.raises(FailureError, match="diverged at step"):
        fit(
            network,
            lambda x, y: network(x).mean() * float("nan"),
            lambda x, y: network(x).mean(),
            torch.ones(20, 1),
            torch.ones(20, 1),
            steps=5,
            batch=4,
            generator=torch.Generator().manual_seed(0),
        )


def test_only_long_tails_are_bent() -> None:
    values = torch.randn(4000, 3, generator=torch.Generator().manual_seed(0))
    values[:, 1] = values[:, 1] ** 5
    values[:, 2] = torch.where(values[:, 2] > 0.5, 4.0, 0.0) + 0.1 * values[:, 0]
    bent, plain = ShortTails(values)(values), Standard(values)(values)
    torch.testing.assert_close(bent[:, [0, 2]], plain[:, [0, 2]])
    assert float(plain[:, 1].abs().max()) > 10.0 > 5.0 > float(bent[:, 1].abs().max())
    order = values[:, 1].argsort()
    assert bool((bent[order, 1].diff() >= 0.0).all())
    assert bool(torch.isfinite(ShortTails(values)(torch.full((1, 3), 1e30))).all())
    lone = torch.zeros(1000, 1).index_fill(0, torch.tensor([3]), 5.0)
    assert bool(torch.isfinite(ShortTails(lone)(lone)).all())
    assert not bool(ShortTails(torch.ones(50, 1))(torch.ones(3, 1)).any())


def test_clusters_stay_apart() -> None:
    x, label, truth = channel(2000, CONFUSION, seed=2)
    assert held_out_mi(x, label, kind="discrete", estimator="nwj", steps=100).value == pytest.approx(truth, abs=0.08)


@pytest.mark.parametrize("name", RATIO)
def test_long_tails_of_the_margins_matter_little(name: str) -> None:
    x, y = gaussian(2000, 2, 1.0, seed=0)
    estimate = held_out_mi(np.sinh(2.0 * x), y**3, kind="continuous", estimator=name, steps=60)
    assert estimate.value == pytest.approx(1.0, abs=0.3)


@pytest.mark.parametrize("name", ["nwj", "mine"])
def test_a_mean_that_is_one_sample_is_no_figure(name: str) -> None:
    x, y = gaussian(200, 1, 1.0, seed=0)
    fitted = fit_estimator(x, y, kind="continuous", estimator=name, steps=60).estimator
    far = torch.tensor(x).float()
    far[:2] = 40.0
    with pytest.raises(FailureError, match="one sample of 200 makes up"):
        fitted.statistics(far, far, torch.Generator())


def test_heavy_tails_give_a_finite_figure_or_none() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_t(1, size=(400, 2))
    y = x + rng.standard_t(1, size=(400, 2))
    for name in NEURAL:
        estimate = measured_mi(x, y, kind="continuous", estimator=name, steps=20, bootstrap=50)
        assert estimate.status != "measured" or estimate.low <= estimate.value <= estimate.high
