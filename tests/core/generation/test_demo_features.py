"""Every mode with every adversarial loss on real features: those of the demo's training speakers."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch

from core.config import Config
from core.corpora import transcript_groups
from core.demo import ASSETS
from core.generation import GenerationData, GenerationStage
from core.runs import LoadedRun, load_run

MODES, LOSSES = ("text", "free", "paired"), ("hinge", "non-saturating", "wgan-gp")


@pytest.fixture(scope="module")
def demo() -> LoadedRun:
    return load_run(ASSETS / "workspace" / "runs" / "demo")


@pytest.fixture(scope="module")
def train_features(demo: LoadedRun) -> GenerationData:
    rows = (demo.utterances["part"] == "train").to_numpy()
    table = demo.utterances[rows]
    assert demo.t is not None
    return GenerationData(
        h=torch.from_numpy(demo.h[rows]),
        labels=torch.tensor([demo.classes.index(name) for name in table["label"]]),
        t=torch.from_numpy(demo.t[rows]),
        groups=torch.as_tensor(transcript_groups(table)),
    )


def trained(data: GenerationData, mode: str, steps: int, **keys: Any) -> GenerationStage:
    small = {"batch": 64, "hidden": 64, "learning_rate": 2e-3, "critic_learning_rate": 4e-3, "steps": steps}
    config = Config().changed(generation=small | keys)
    torch.manual_seed(0)
    stage = GenerationStage(data, 4, mode, config.generation, config.information, seed=0, device=torch.device("cpu"))
    for _ in range(steps):
        stage.step()
    return stage


@pytest.mark.parametrize(("mode", "loss"), product(MODES, LOSSES))
def test_every_mode_and_loss_learns_the_emotions(
    demo: LoadedRun, train_features: GenerationData, mode: str, loss: str
) -> None:
    stage = trained(train_features, mode, 200, adversarial=loss)
    conditions, h_hat, t_hat = stage.sample(400, seed=1)
    assert conditions.u.shape[1] >= 4
    assert torch.isfinite(h_hat).all()
    asked = conditions.c.argmax(dim=1).numpy()
    # The demo's own classifier, which saw none of this, reads the emotion that was asked for; chance is 0.25.
    assert (demo.posterior(h_hat.numpy()).argmax(axis=1) == asked).mean() > 0.8
    # Not one feature for all: within the emotions they differ.
    assert sum(float(h_hat[asked == emotion].std(dim=0).mean()) for emotion in range(4)) / 4 > 0.05
    assert (t_hat is None) == (mode != "paired")
    if t_hat is not None:
        # Pairs belong together: a generated text is nearer to its own speech than to that of another row.
        assert torch.isfinite(t_hat).all()
        own, other = (t_hat * h_hat).sum(dim=1), (t_hat * h_hat.roll(1, 0)).sum(dim=1)
        assert float(own.mean()) > float(other.mean())


@pytest.mark.parametrize(
    ("mode", "loss", "weight"),
    [
        *(("text", "hinge", weight) for weight in ("w_adv", "w_c", "w_u", "w_t")),
        ("paired", "hinge", "w_pair"),
        ("free", "wgan-gp", "gradient_penalty"),
    ],
)
def test_every_weight_is_a_key_that_does_something(
    train_features: GenerationData, mode: str, loss: str, weight: str
) -> None:
    with_it, again, without = (
        trained(train_features, mode, 3, adversarial=loss, **{weight: value}).generator.state_dict()
        for value in (2.0, 2.0, 0.0)
    )
    assert all(torch.equal(with_it[name], again[name]) for name in with_it)
    assert not all(torch.equal(with_it[name], without[name]) for name in with_it)
