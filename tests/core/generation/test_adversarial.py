"""The adversarial losses against their formulas."""

from __future__ import annotations

import math

import pytest
import torch

from core.generation.adversarial import discriminator_loss, generator_loss, gradient_penalty

REAL, FAKE = torch.tensor([2.0, 0.5, -1.0]), torch.tensor([0.0, -3.0])


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def test_hinge() -> None:
    assert float(discriminator_loss("hinge", REAL, FAKE)) == pytest.approx((0 + 0.5 + 2) / 3 + (1 + 0) / 2)
    assert float(generator_loss("hinge", FAKE)) == pytest.approx(1.5)


def test_non_saturating() -> None:
    real = -sum(math.log(sigmoid(x)) for x in REAL.tolist()) / 3
    fake = -sum(math.log(1 - sigmoid(x)) for x in FAKE.tolist()) / 2
    assert float(discriminator_loss("non-saturating", REAL, FAKE)) == pytest.approx(real + fake, rel=1e-5)
    wanted = -sum(math.log(sigmoid(x)) for x in FAKE.tolist()) / 2
    assert float(generator_loss("non-saturating", FAKE)) == pytest.approx(wanted, rel=1e-5)


def test_wasserstein() -> None:
    assert float(discriminator_loss("wgan-gp", REAL, FAKE)) == pytest.approx(-1.5 - 0.5)
    assert float(generator_loss("wgan-gp", FAKE)) == pytest.approx(1.5)


@pytest.mark.parametrize("pair", [False, True])
def test_gradient_penalty_of_a_linear_score(pair: bool) -> None:
    # The gradient of w.x is w everywhere: the penalty is (|w| - 1)^2, whatever the points are.
    generator = torch.Generator().manual_seed(0)
    weights = [torch.randn(4, generator=generator) for _ in range(2 if pair else 1)]
    real = [torch.randn((5, 4), generator=generator) for _ in weights]
    fake = [torch.randn((5, 4), generator=generator) for _ in weights]
    penalty = gradient_penalty(
        lambda *x: sum(part @ weight for part, weight in zip(x, weights, strict=True)), real, fake, generator
    )
    assert float(penalty) == pytest.approx((float(torch.cat(weights).norm()) - 1) ** 2, rel=1e-5)


def test_gradient_penalty_teaches_the_score() -> None:
    weight = torch.tensor([3.0, 0.0], requires_grad=True)
    penalty = gradient_penalty(
        lambda x: x @ weight, [torch.ones(4, 2)], [torch.zeros(4, 2)], torch.Generator().manual_seed(0)
    )
    penalty.backward()
    assert weight.grad is not None
    assert weight.grad.tolist() == pytest.approx([4.0, 0.0])
