"""The adversarial losses, each for the discriminator and for the generator."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as functional
from torch import Tensor

from core.config import Adversarial


def discriminator_loss(kind: Adversarial, real: Tensor, fake: Tensor) -> Tensor:
    """The discriminator's loss on scores (n,) of real and of generated features.

    hinge: Lim and Ye 2017; non-saturating: Goodfellow et al. 2014; wgan-gp: Gulrajani et al. 2017, without the penalty.
    """
    if kind == "hinge":
        return functional.relu(1.0 - real).mean() + functional.relu(1.0 + fake).mean()
    if kind == "non-saturating":
        return functional.softplus(-real).mean() + functional.softplus(fake).mean()
    return fake.mean() - real.mean()


def generator_loss(kind: Adversarial, fake: Tensor) -> Tensor:
    """The generator's loss on the scores (n,) of what it made."""
    if kind == "non-saturating":
        return functional.softplus(-fake).mean()
    return -fake.mean()


def gradient_penalty(
    score: Callable[..., Tensor], real: Sequence[Tensor], fake: Sequence[Tensor], generator: torch.Generator
) -> Tensor:
    """Mean squared distance of the gradient norm from 1 between real and generated (Gulrajani et al. 2017, eq. 3).

    Args:
        score: from the tensors of ``real`` to (n,) scores.
        real, fake: the features, (n, d) each: one, or two in paired mode.
    """
    share = torch.rand((len(real[0]), 1), generator=generator).to(real[0].device)
    between = [(share * r + (1 - share) * f).detach().requires_grad_() for r, f in zip(real, fake, strict=True)]
    gradients = torch.autograd.grad(score(*between).sum(), between, create_graph=True)
    norm = torch.cat(gradients, dim=-1).norm(dim=-1)
    return (norm - 1.0).square().mean()
