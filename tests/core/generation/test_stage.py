"""Stage 2: every mode with every adversarial loss, who learns from what, and that the regulariser does something."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

import pytest
import torch
from torch import Tensor

from core.errors import FailureError
from core.generation import PAIR, C, GenerationData, GenerationStage, T, U, held_out_figures
from core.stages import class_balanced

Make = Callable[..., GenerationStage]
EXTRA = {"text": {T}, "free": set(), "paired": {PAIR}}


def values(network: torch.nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}


def moved(network: torch.nn.Module, before: dict[str, Tensor]) -> set[str]:
    """The parts (first component of the parameters' names) that changed."""
    return {name.split(".")[0] for name, value in network.state_dict().items() if not torch.equal(value, before[name])}


@pytest.mark.parametrize(("mode", "loss"), product(EXTRA, ("hinge", "non-saturating", "wgan-gp")))
def test_every_mode_and_loss(make_stage: Make, mode: str, loss: str) -> None:
    stage = make_stage(mode, adversarial=loss, critic_steps=2, steps=4)
    before = {name: values(module) for name, module in stage.state.modules.items()}
    for done in range(1, 5):
        shown = stage.step()
        assert stage.state.done == done
        assert set(shown) == {"d_loss", "g_loss", C, U} | EXTRA[mode]
        for name, value in shown.items():
            assert value.ndim == 0, name
            assert torch.isfinite(value), name
            assert not value.requires_grad, name
    for name, module in stage.state.modules.items():
        assert moved(module, before[name]), name
    conditions, h_hat, t_hat = stage.sample(50, seed=1)
    assert h_hat.shape == (50, 12)
    assert (t_hat is not None) == (mode == "paired")
    assert (conditions.t is not None) == (mode == "text")
    bounds = stage.training_bounds(conditions, h_hat, t_hat)
    assert set(bounds) == {C, U} | EXTRA[mode]
    assert all(map(math.isfinite, bounds.values()))
    generator, discriminator = stage.finished()
    assert not generator.training
    assert not discriminator.training
    assert torch.equal(generator(conditions.z, conditions.c, conditions.u, conditions.t)[0], h_hat)


def test_measure_names_held_out_figures(make_stage: Make) -> None:
    stage = make_stage("paired")
    stage.information = stage.information.model_copy(update={"steps": 15})
    stage.step()
    before = values(stage.discriminator), stage.state.generator.get_state()
    figures = stage.measure()
    assert set(figures) == {f"held_out/{name}" for name in (C, U, PAIR)}
    assert all(map(math.isfinite, figures.values()))
    assert stage.measure() == figures
    # Measuring is no training: neither weights nor the stage's own randomness move.
    assert not moved(stage.discriminator, before[0])
    assert torch.equal(stage.state.generator.get_state(), before[1])


def test_each_network_learns_from_its_own_step_only(make_stage: Make) -> None:
    stage = make_stage("text")
    before = values(stage.discriminator)
    stage._generator_step()
    assert not moved(stage.discriminator, before)
    assert all(parameter.grad is None for parameter in stage.discriminator.parameters())
    before = values(stage.generator)
    gradients = [None if p.grad is None else p.grad.clone() for p in stage.generator.parameters()]
    stage._discriminator_step()
    assert not moved(stage.generator, before)
    for parameter, gradient in zip(stage.generator.parameters(), gradients, strict=True):
        assert (parameter.grad is None) == (gradient is None)
        assert gradient is None or torch.equal(parameter.grad, gradient)


HEADS = {"w_c": "q_class", "w_u": "q_codes", "w_t": "q_text"}


@pytest.mark.parametrize("off", HEADS)
def test_a_head_without_weight_learns_but_leaves_the_trunk_alone(make_stage: Make, off: str) -> None:
    nothing = dict.fromkeys(HEADS, 0.0)
    # With no weight at all, nothing moves the trunk, and every head learns all the same.
    stage = make_stage("text", w_adv=0.0, **nothing)
    before = values(stage.discriminator)
    stage._discriminator_step()
    assert moved(stage.discriminator, before) == set(HEADS.values())
    # One head with weight moves it.
    stage = make_stage("text", w_adv=0.0, **(nothing | {off: 1.0}))
    before = values(stage.discriminator)
    stage._discriminator_step()
    assert moved(stage.discriminator, before) == set(HEADS.values()) | {"trunk"}


def test_without_weight_the_generator_feels_no_head(make_stage: Make) -> None:
    quiet = {"w_c": 0.0, "w_u": 0.0, "w_t": 0.0}
    stages = [make_stage("text", **quiet), make_stage("text", **quiet)]
    with torch.no_grad():
        for name in HEADS.values():
            for parameter in getattr(stages[1].discriminator, name).parameters():
                parameter.add_(1.0)
    for stage in stages:
        stage._generator_step()
    first, second = (values(stage.generator) for stage in stages)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_the_same_seed_gives_the_same_weights(make_stage: Make) -> None:
    stages = [make_stage("text", seed=5), make_stage("text", seed=5), make_stage("text", seed=6)]
    for stage in stages:
        for _ in range(3):
            stage.step()
    first, same, other = (values(stage.generator) for stage in stages)
    assert all(torch.equal(first[name], same[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_a_loss_that_is_not_finite_stops_the_training(make_stage: Make) -> None:
    stage = make_stage("text")
    before = values(stage.generator)
    with torch.no_grad():
        stage.discriminator.judge.bias.fill_(float("nan"))
    with pytest.raises(FailureError, match=r"generation, step 0: the loss is nan; lower the learning rate") as caught:
        stage.step()
    assert "\n" not in str(caught.value)
    assert not moved(stage.generator, before)


def test_conditions_follow_the_data(make_stage: Make, space: GenerationData) -> None:
    stage = make_stage("text")
    drawn = stage.conditions(6000, torch.Generator().manual_seed(0))
    torch.testing.assert_close(drawn.c.mean(dim=0), torch.full((3,), 1 / 3), atol=0.03, rtol=0)
    assert float(drawn.u.std()) == pytest.approx(1.0, abs=0.03)
    assert float(drawn.z.mean()) == pytest.approx(0.0, abs=0.03)
    # t is the text of an utterance of that very emotion, with its transcript group.
    assert space.t is not None
    assert drawn.t is not None
    rows = torch.cdist(drawn.t[:200], space.t).argmin(dim=1)
    assert torch.equal(space.labels[rows], drawn.c[:200].argmax(dim=1))
    assert torch.equal(space.groups[rows], drawn.groups[:200])


def test_class_balanced() -> None:
    labels = torch.tensor([2, 0, 1, 1, 1, 1, 2, 1, 1, 1])
    rows = class_balanced(labels, 30_000, 3, torch.Generator().manual_seed(0))
    shares = torch.bincount(labels[rows], minlength=3) / len(rows)
    torch.testing.assert_close(shares, torch.full((3,), 1 / 3), atol=0.01, rtol=0)
    # Within a class every row is as likely as the next.
    ones = torch.bincount(rows, minlength=10)[labels == 1]
    assert float(ones.min() / ones.max()) > 0.85
    assert torch.equal(rows, class_balanced(labels, 30_000, 3, torch.Generator().manual_seed(0)))


def test_the_regulariser_does_something(make_stage: Make) -> None:
    """With the default weights the codes are in the features; with w_u = 0 they are visibly less so (held out)."""
    keys = {"steps": 250, "batch": 64, "hidden": 64, "learning_rate": 1e-3, "critic_learning_rate": 2e-3}
    found = {}
    for name, weights in {"default": {}, "without": {"w_u": 0.0}}.items():
        stage = make_stage("free", **keys, **weights)
        for _ in range(stage.total):
            stage.step()
        conditions, h_hat, t_hat = stage.sample(1600, seed=99)
        figures = held_out_figures(conditions, h_hat, t_hat, stage.information, seed=0)
        found[name] = {figure.quantity: figure for figure in figures}
    with_it, without = found["default"][U], found["without"][U]
    assert with_it.low > without.high + 1.0, (with_it, without)
    emotion = found["default"][C]
    assert emotion.ceiling == pytest.approx(math.log(3), abs=0.01)
    assert emotion.value >= 0.6 * math.log(3), emotion
