"""The supervised contrastive loss against its formula written out."""

from __future__ import annotations

import math

import pytest
import torch

from core.alignment.objective import supervised_contrastive


def written_out(h: torch.Tensor, labels: torch.Tensor, temperature: float) -> float:
    u = h / h.norm(dim=1, keepdim=True)
    losses = []
    for i in range(len(u)):
        others = [j for j in range(len(u)) if j != i]
        same = [j for j in others if labels[j] == labels[i]]
        if not same:
            continue
        below = math.log(sum(math.exp(float(u[i] @ u[j]) / temperature) for j in others))
        losses.append(-sum(float(u[i] @ u[j]) / temperature - below for j in same) / len(same))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("temperature", [0.1, 1.0])
def test_is_equation_2_of_khosla(temperature: float) -> None:
    draw = torch.Generator().manual_seed(1)
    h, labels = torch.randn(12, 5, generator=draw), torch.tensor([0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 0, 1])
    loss = supervised_contrastive(h, labels, temperature)
    assert float(loss) == pytest.approx(written_out(h, labels, temperature), rel=1e-5)


def test_alone_in_every_emotion_costs_nothing_and_moves_nothing() -> None:
    h = torch.randn(4, 5, requires_grad=True)
    loss = supervised_contrastive(h, torch.arange(4), 0.1)
    loss.backward()
    assert float(loss.detach()) == 0.0
    assert h.grad is not None
    assert torch.isfinite(h.grad).all()


def test_descending_gathers_the_emotions() -> None:
    draw = torch.Generator().manual_seed(2)
    h, labels = torch.randn(20, 6, generator=draw).requires_grad_(), torch.arange(20) % 2
    optimiser = torch.optim.SGD([h], lr=0.5)
    for _ in range(200):
        optimiser.zero_grad()
        supervised_contrastive(h, labels, 0.5).backward()
        optimiser.step()
    u = torch.nn.functional.normalize(h.detach(), dim=1)
    assert (u @ u.T)[labels[:, None] == labels[None]].mean() > (u @ u.T)[labels[:, None] != labels[None]].mean() + 0.5
