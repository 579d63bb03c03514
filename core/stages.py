"""A stage of training: something that takes steps and whose whole state can be kept and put back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor, nn

from core.errors import BadInputError, FailureError
from core.networks import WeightAverage


@dataclass
class StageState:
    """Everything a stage changes while it runs; a checkpoint holds exactly this.

    ``generator`` is the stage's own source of randomness; it lives on the CPU, so that the same seed draws the same
    numbers whatever the device. Dropout draws from PyTorch's global state, which the loop keeps beside it.
    """

    modules: dict[str, nn.Module]
    optimisers: dict[str, torch.optim.Optimizer]
    averages: dict[str, WeightAverage]
    generator: torch.Generator
    done: int = 0
    extra: dict[str, float] = field(default_factory=dict)


class Stage(Protocol):
    """What the loop needs of a stage."""

    name: str
    total: int
    state: StageState

    def step(self) -> dict[str, Tensor]:
        """Takes one step and returns named values without gradient: what is plotted."""
        ...

    def measure(self) -> dict[str, float]:
        """Slower figures, asked for now and then and at the end."""
        ...


def pick_device(name: str) -> torch.device:
    """The device for ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.

    Raises:
        BadInputError: the device is not there.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    device = torch.device(name)
    present = {
        "cpu": True,
        "cuda": torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available(),
    }
    if not present[device.type]:
        raise BadInputError(f"training.device = {name}: this machine has no such device; use auto or cpu")
    return device


def check_finite(loss: Tensor, stage: str, step: int) -> None:
    """Raises FailureError where the loss is NaN or infinite: training on would only spoil the networks."""
    if not torch.isfinite(loss):
        raise FailureError(
            f"{stage}, step {step}: the loss is {float(loss.detach())}; lower the learning rate and resume from the "
            "checkpoint"
        )


def class_balanced(labels: Tensor, count: int, classes: int, generator: torch.Generator) -> Tensor:
    """(count,) row indices drawn so that every class is equally likely, each row of a class too.

    Args:
        labels: (n,) class indices; every class must occur.
    """
    sizes = torch.bincount(labels, minlength=classes)
    order = torch.argsort(labels, stable=True)
    first = torch.cumsum(sizes, 0) - sizes
    drawn = torch.randint(classes, (count,), generator=generator)
    within = torch.rand(count, generator=generator, dtype=torch.float64)
    return order[first[drawn] + (within * sizes[drawn]).long()]
