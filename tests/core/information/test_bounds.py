"""The bounds against their formulas, written out by hand."""

from __future__ import annotations

import math

import pytest
import torch

from core.errors import BadInputError
from core.information import (
    infonce,
    infonce_ceiling,
    jensen_shannon,
    nwj,
    smile,
    variational_discrete,
    variational_gaussian,
)


@pytest.fixture
def scores() -> torch.Tensor:
    return torch.randn(6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(3))


GROUPS = torch.tensor([0, 0, 1, 1, 1, 2])
POSITIVES = GROUPS[:, None] == GROUPS[None]


def test_infonce_is_its_formula(scores: torch.Tensor) -> None:
    e = scores.exp()
    rows = sum(math.log(6 * e[i, i] / e[i].sum()) for i in range(6)) / 6
    columns = sum(math.log(6 * e[i, i] / e[:, i].sum()) for i in range(6)) / 6
    assert float(infonce(scores)) == pytest.approx((rows + columns) / 2)
    assert float(infonce(scores, torch.eye(6, dtype=torch.bool))) == pytest.approx((rows + columns) / 2)


def test_infonce_is_symmetric_and_shift_free(scores: torch.Tensor) -> None:
    assert float(infonce(scores)) == pytest.approx(float(infonce(scores.T)))
    assert float(infonce(scores + 5.0, POSITIVES)) == pytest.approx(float(infonce(scores.T, POSITIVES)))


def test_infonce_with_positives_is_its_formula(scores: torch.Tensor) -> None:
    def one_way(table: torch.Tensor) -> float:
        total = 0.0
        for i in range(6):
            group = POSITIVES[i]
            total += math.log(6 / int(group.sum())) + math.log(table[i][group].sum() / table[i].sum())
        return total / 6

    expected = (one_way(scores.exp()) + one_way(scores.T.exp())) / 2
    assert float(infonce(scores, POSITIVES)) == pytest.approx(expected)


def test_infonce_never_pushes_a_positive_away(scores: torch.Tensor) -> None:
    free = scores.clone().requires_grad_()
    infonce(free, POSITIVES).backward()
    assert bool((free.grad[POSITIVES] >= -1e-12).all())
    assert bool((free.grad[~POSITIVES] <= 0.0).all())


def test_infonce_ceilings() -> None:
    shares = torch.tensor([2, 3, 1]) / 6
    entropy = float(-(shares * shares.log()).sum())
    assert infonce_ceiling(6, POSITIVES) == pytest.approx(entropy)
    assert float(infonce(200.0 * POSITIVES.double(), POSITIVES)) == pytest.approx(entropy)
    assert float(infonce(200.0 * torch.eye(32))) == pytest.approx(math.log(32), abs=1e-4)
    assert infonce_ceiling(32) == pytest.approx(math.log(32))


def test_infonce_gradient_is_finite_at_extreme_scores() -> None:
    table = (1e4 * torch.randn(6, 6)).requires_grad_()
    infonce(table, POSITIVES).backward()
    assert bool(torch.isfinite(table.grad).all())


def test_infonce_refuses_wrong_shapes() -> None:
    with pytest.raises(BadInputError, match=r"square.*\(3, 4\)"):
        infonce(torch.zeros(3, 4))
    with pytest.raises(BadInputError, match="positives"):
        infonce(torch.zeros(3, 3), torch.zeros(2, 2, dtype=torch.bool))
    with pytest.raises(BadInputError, match="bool"):
        infonce(torch.zeros(3, 3), torch.eye(3))


def test_variational_discrete() -> None:
    logits = torch.tensor([[2.0, 0.0], [0.0, 2.0], [2.0, 0.0]])
    right = 2.0 - math.log(math.exp(2.0) + 1.0)
    value = variational_discrete(logits, torch.tensor([0, 1, 1]), math.log(2.0))
    assert float(value) == pytest.approx(math.log(2.0) + (2 * right + right - 2.0) / 3)
    soft = variational_discrete(logits[:1], torch.tensor([[0.5, 0.5]]), 0.0)
    assert float(soft) == pytest.approx((right + right - 2.0) / 2)


def test_variational_gaussian() -> None:
    mean, log_variance = torch.tensor([[0.5, 0.0]]), torch.tensor([[-1.0, 0.0]])
    codes = torch.tensor([[1.0, 1.0]])
    normal = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
    expected = 0.5 * math.log(2 * math.pi * math.e) + normal.log_prob(codes)[0]
    assert variational_gaussian(mean, log_variance, codes).tolist() == pytest.approx(expected.tolist())
    with pytest.raises(BadInputError, match="one shape"):
        variational_gaussian(mean, log_variance, codes.T)


def test_margin_bounds_are_their_formulas(scores: torch.Tensor) -> None:
    off = scores[~torch.eye(6, dtype=torch.bool)]
    joint = scores.diagonal().mean()
    assert float(nwj(scores)) == pytest.approx(float(joint - off.exp().mean() / math.e))
    clipped = off.exp().clamp(math.exp(-0.5), math.exp(0.5))
    assert float(smile(scores, clip=0.5)) == pytest.approx(float(joint - clipped.mean().log()))
    soft = torch.nn.functional.softplus
    expected = -soft(-scores.diagonal()).mean() - soft(off).mean()
    assert float(jensen_shannon(scores)) == pytest.approx(float(expected))
    with pytest.raises(BadInputError, match="square"):
        nwj(torch.zeros(1, 1))


def test_exact_critic_reaches_the_truth() -> None:
    """With the true log density ratio of a Gaussian pair, every bound tells I = 1 nat."""
    rho, size = math.sqrt(1.0 - math.exp(-2.0)), 2000
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(size, generator=generator)
    y = rho * x + math.sqrt(1.0 - rho**2) * torch.randn(size, generator=generator)
    # log p(y | x) - log p(y) for each pair of the table
    gap = (y[None] - rho * x[:, None]).square() / (1.0 - rho**2)
    ratio = -0.5 * math.log(1.0 - rho**2) - 0.5 * gap + 0.5 * y[None].square()
    # Against the mean of this very draw, which itself lies 0.07 from 1 by chance.
    drawn = float(ratio.diagonal().mean())
    assert drawn == pytest.approx(1.0, abs=0.1)
    for bound in (infonce(ratio), nwj(1.0 + ratio), smile(ratio, clip=20.0)):
        assert float(bound) == pytest.approx(drawn, abs=0.01)
