"""Shapes, the sphere, and what each output depends on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor

from core.generation import Discriminator, Generator

SHAPE = {"dim": 8, "classes": 3, "codes": 2, "hidden": 16}


def conditions(n: int = 5) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    c = torch.nn.functional.one_hot(torch.arange(n) % 3, 3).float()
    return (
        torch.randn((n, 4), generator=generator),
        c,
        torch.randn((n, 2), generator=generator),
        torch.randn((n, 8), generator=generator),
    )


@pytest.mark.parametrize(("text", "paired"), [(False, False), (True, False), (False, True)])
def test_generator(text: bool, paired: bool) -> None:
    torch.manual_seed(0)
    network = Generator(noise=4, text=text, paired=paired, **SHAPE)
    z, c, u, t = conditions()
    h_hat, t_hat = network(z, c, u, t if text else None)
    assert h_hat.shape == (5, 8)
    assert (t_hat is not None) == paired
    for x in (h_hat, t_hat) if t_hat is not None else (h_hat,):
        torch.testing.assert_close(x.norm(dim=1), torch.full((5,), 8**0.5), atol=1e-2, rtol=0)
    # Every input matters, soft mixtures of c lie between.
    for changed in (network(-z, c, u, t)[0], network(z, c.roll(1, 0), u, t)[0], network(z, c, -u, t)[0]):
        assert (changed - h_hat).abs().max() > 1e-3
    assert ((network(z, c, u, -t)[0] - h_hat).abs().max() > 1e-3) == text
    assert torch.isfinite(network(z, torch.full((5, 3), 1 / 3), u, t)[0]).all()


@pytest.mark.parametrize(
    ("text", "paired", "judged"),
    [(False, False, False), (True, False, True), (True, False, False), (False, True, False)],
)
def test_discriminator(text: bool, paired: bool, judged: bool) -> None:
    torch.manual_seed(0)
    network = Discriminator(text=text, paired=paired, judge_text=judged, **SHAPE)
    _, c, _, t = conditions()
    h = torch.randn((5, 8), generator=torch.Generator().manual_seed(1))
    phi = network.features(h, t)
    score = network.judgement(phi, c, t)
    assert phi.shape == (5, 16)
    assert score.shape == (5,)
    assert (network.judgement(phi, c.roll(1, 0), t) - score).abs().max() > 1e-4
    assert ((network.judgement(phi, c, -t) - score).abs().max() > 1e-4) == judged
    assert ((network.features(h, -t) - phi).abs().max() > 1e-4) == paired
    mean, log_variance = network.code_moments(100 * phi)
    assert mean.shape == log_variance.shape == (5, 2)
    log_variance = log_variance.detach()
    assert float(log_variance.min()) >= -4.0
    assert float(log_variance.max()) <= 1.0
    assert network.class_logits(phi).shape == (5, 3)
    if text:
        assert network.text_scores(phi, t).shape == (5, 5)
    if paired:
        assert network.pair_scores(h, t).shape == (5, 5)


def test_discriminator_of_an_earlier_version_judges_the_text(tmp_path: Path) -> None:
    network = Discriminator(text=True, paired=False, **SHAPE)
    network.save_pretrained(tmp_path / "d")
    path = tmp_path / "d" / "config.json"
    kept = json.loads(path.read_text())
    del kept["judge_text"]
    path.write_text(json.dumps(kept))
    again = Discriminator.from_pretrained(tmp_path / "d")
    assert again.config["judge_text"] is True


def test_log_variance_keeps_a_gradient_at_its_ends() -> None:
    network = Discriminator(text=False, paired=False, **SHAPE)
    with torch.no_grad():
        network.q_codes.bias.copy_(torch.tensor([0.0, 0.0, 6.0, -6.0]))
        network.q_codes.weight.zero_()
    _, log_variance = network.code_moments(torch.zeros(1, 16))
    log_variance.sum().backward()
    assert network.q_codes.bias.grad is not None
    assert float(network.q_codes.bias.grad[2:].abs().min()) > 1e-3
