"""Stacks of networks against the plain stages, one member at a time."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from core.alignment import AlignmentData, AlignmentStage
from core.benchmarks.methods.adan import train_adan
from core.benchmarks.training import GeneratorProblem, train_aligners, train_generators
from core.benchmarks.training.stack import Balanced
from core.config import AlignmentConfig, GenerationConfig, InformationConfig
from core.generation import GenerationData, GenerationStage
from core.stages import class_balanced

CLASSES = ["angry", "happy", "sad"]
CPU = torch.device("cpu")


def utterances(seed: int, *, text: bool, rows: int = 70) -> AlignmentData:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(rows) % 3
    groups = torch.arange(rows) % 5
    return AlignmentData(
        audio=torch.randn((rows, 10), generator=generator) + labels[:, None],
        labels=labels,
        text=torch.randn((5, 7), generator=generator)[groups] if text else None,
        has_text=torch.rand(rows, generator=generator) < 0.7 if text else torch.zeros(rows, dtype=torch.bool),
        groups=groups,
        speakers=torch.arange(rows) % 4,
    )


@pytest.mark.parametrize("change", [{}, {"w_sup": 0.0, "w_con": 0.0}, {"w_mi": 0.0, "speaker_swap": 0.0, "noise": 0.0}])
@pytest.mark.parametrize("text", [False, True])
def test_aligners_are_those_of_the_plain_stage(text: bool, change: dict[str, Any]) -> None:
    config = AlignmentConfig(dim=8, steps=30, batch=32, **change)
    # Members of different sizes, one of them twice with other seeds.
    parts = [utterances(0, text=text), utterances(1, text=text, rows=41), utterances(0, text=text)]
    seeds = [3, 4, 5]
    stacked = train_aligners(parts, seeds, CLASSES, config)
    for part, seed, found in zip(parts, seeds, stacked, strict=True):
        torch.manual_seed(seed)
        stage = AlignmentStage(part, None, CLASSES, config, seed=seed, device=CPU)
        while stage.state.done < stage.total:
            stage.step()
        plain = stage.finished()
        with torch.no_grad():
            torch.testing.assert_close(found.audio(part.audio), plain.audio(part.audio), rtol=1e-3, atol=2e-3)
            if part.text is not None:
                torch.testing.assert_close(found.text(part.text), plain.text(part.text), rtol=1e-3, atol=2e-3)
    assert not torch.allclose(stacked[0].audio(parts[0].audio), stacked[2].audio(parts[0].audio), atol=0.05)


def problem(seed: int, mode: str, rows: int = 60) -> GeneratorProblem:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(rows) % 3
    h = torch.nn.functional.layer_norm(torch.randn((rows, 6), generator=generator) + labels[:, None], (6,))
    t = torch.randn((5, 6), generator=generator)[torch.arange(rows) % 5]
    data = GenerationData(h, labels, None if mode == "free" else t, torch.arange(rows) % 5)
    return GeneratorProblem(data, 3, mode, seed)


@pytest.mark.parametrize(
    ("mode", "change"),
    [
        ("free", {}),
        ("free", {"w_c": 0.0, "w_u": 0.0, "w_t": 0.0}),
        ("text", {"adversarial": "non-saturating", "critic_steps": 2}),
        ("text", {"w_t": 0.0}),
        ("text", {"judge_text": True, "code_share": 0.0}),
        ("paired", {}),
    ],
)
def test_generators_are_those_of_the_plain_stage(mode: str, change: dict[str, Any]) -> None:
    config = GenerationConfig(steps=15, batch=32, hidden=16, noise=5, codes=2, **change)
    problems = [problem(1, mode), problem(2, mode, rows=31)]
    for own, (generator, discriminator) in zip(problems, train_generators(problems, config), strict=True):
        torch.manual_seed(own.seed + 1)
        stage = GenerationStage(own.data, 3, mode, config, InformationConfig(), seed=own.seed, device=CPU)
        while stage.state.done < stage.total:
            stage.step()
        conditions, h_hat, t_hat = stage.sample(50, seed=9)
        with torch.no_grad():
            torch.testing.assert_close(conditions.generate(generator)[0], h_hat, rtol=1e-3, atol=1e-3)
            if config.w_c:
                logits = [
                    network.class_logits(network.features(h_hat, t_hat))
                    for network in (discriminator, stage.finished()[1])
                ]
                torch.testing.assert_close(*logits, rtol=1e-3, atol=1e-3)


def test_no_member_knows_its_companions() -> None:
    """Bit for bit: what is resumed, or done by another process, is trained beside others than the first time."""
    parts = [utterances(seed, text=True) for seed in range(4)]
    config = AlignmentConfig(dim=8, steps=12, batch=32)
    together = train_aligners(parts, [0, 1, 2, 3], CLASSES, config)
    (alone,) = train_aligners(parts[2:3], [2], CLASSES, config)
    assert all(map(torch.equal, together[2].state_dict().values(), alone.state_dict().values()))
    problems = [problem(seed, "text") for seed in range(3)]
    sizes = GenerationConfig(steps=12, batch=32, hidden=16, noise=5, codes=2)
    pair, (single,) = train_generators(problems, sizes)[1], train_generators(problems[1:2], sizes)
    for found, again in zip(pair, single, strict=True):
        assert all(map(torch.equal, found.state_dict().values(), again.state_dict().values()))
    adan = [(own.data.h, own.data.labels) for own in problems]
    both, (one,) = train_adan(adan, [0, 1, 2], 3, 10)[1], train_adan(adan[1:2], [1], 3, 10)
    assert all(map(torch.equal, both.state_dict().values(), one.state_dict().values()))


def test_hidden_layers_are_trained_too() -> None:
    config = AlignmentConfig(dim=8, steps=5, batch=32, hidden=6)
    counted = []
    (found,) = train_aligners([utterances(0, text=False)], [0], CLASSES, config, lambda: counted.append(1))
    assert found.config["hidden"] == 6
    assert len(counted) == 5


def test_draws_are_those_of_the_stage() -> None:
    labels = torch.tensor([2, 0, 1, 1, 2, 2, 0])
    own = Balanced(labels, 3).draw(40, torch.Generator().manual_seed(1))
    assert torch.equal(own, class_balanced(labels, 40, 3, torch.Generator().manual_seed(1)))
