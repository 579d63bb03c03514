"""Networks of one shape as one: every parameter of K members is one tensor with a first axis of K.

The plain loop spends as much time on the calls around the matrix products as on these; K networks in one call spend it
once. Each member draws from a generator of its own, in the order of the plain stages, and no operation mixes members:
what a member learns does not depend on who is trained beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from core.benchmarks.training.layers import Layer, Room, chain

MOST = 10
"""Members of a stack at most: with more nothing is gained any more."""


class Stack:
    """The parameters of K networks of one architecture, and their averages.

    All parameters of a member are one row of ``flat`` (K, size), each from a multiple of 16 numbers on: an optimiser
    then treats every number alike wherever its member stands, to the last bit. Matrices are kept transposed,
    (K, inputs, outputs), as ``chain`` takes them.

    Args:
        networks: K modules of one shape; their values are copied.
        used: names of the parameters that are trained; the others are left as they are.
        room: where products of the layers go. decay: of the averages (``WeightAverage``), whose schedule is kept.
    """

    def __init__(
        self, networks: Sequence[nn.Module], used: Sequence[str], room: Room, decay: float | None = None
    ) -> None:
        self.room = room
        states = [dict(network.named_parameters()) for network in networks]
        first = {name: _turned(states[0][name]) for name in used}
        size = sum(_padded(value) for value in first.values())
        self.flat = torch.zeros((len(networks), size))
        self.flat.grad = torch.zeros_like(self.flat)
        self.values: dict[str, Tensor] = {}
        self._slots: list[Tensor] = []
        start = 0
        for name, value in first.items():
            shape = (len(networks), *value.shape)
            own = self.flat[:, start : start + value.numel()].view(shape)
            own.copy_(torch.stack([_turned(state[name].detach()) for state in states]))
            self.values[name] = own.requires_grad_()
            self._slots.append(self.flat.grad[:, start : start + value.numel()].view(shape))
            start += _padded(value)
        self.decay, self.count = decay, 0
        self.averages = self.flat.clone() if decay else None

    def __getitem__(self, name: str) -> Tensor:
        return self.values[name]

    @property
    def tensors(self) -> list[Tensor]:
        """The stacked parameters."""
        return list(self.values.values())

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Inside, the layers pass gradients on and want none for themselves: half the work of their way back."""
        values = self.values
        self.values = {name: value.detach() for name, value in values.items()}
        try:
            yield
        finally:
            self.values = values

    def layer(self, name: str) -> Layer:
        """Weight and bias."""
        return self[f"{name}.weight"], self[f"{name}.bias"]

    def linear(self, x: Tensor, name: str) -> Tensor:
        """``nn.Linear`` of each member: x (K, b, i) to (K, b, o)."""
        return chain(x, [self.layer(name)], self.room)

    def descend(self, loss: Tensor, optimiser: torch.optim.Optimizer, rate: float, clip: float | None = None) -> None:
        """One step of ``optimiser`` down the gradient of ``loss``, the sum of the members' losses."""
        self.move(torch.autograd.grad(loss, self.tensors, materialize_grads=True), optimiser, rate, clip)

    @torch.no_grad()
    def move(
        self, gradients: Sequence[Tensor], optimiser: torch.optim.Optimizer, rate: float, clip: float | None = None
    ) -> None:
        """One step of ``optimiser``, which has ``flat``.

        Args:
            gradients: one for each of ``tensors``. clip: greatest gradient norm of a member (as ``clip_grad_norm_``).
        """
        torch._foreach_copy_(self._slots, list(gradients))
        if clip is not None and self.flat.grad is not None:
            # Row by row: a sum over several rows at once may be ordered otherwise with other companions.
            for row in self.flat.grad:
                row.mul_((clip / (row.square().sum().sqrt() + 1e-6)).clamp_max(1.0))
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.step()

    @torch.no_grad()
    def average(self) -> None:
        """Moves the averages towards the present values."""
        assert self.decay is not None
        assert self.averages is not None
        self.count += 1
        decay = min(self.decay, (1 + self.count) / (10 + self.count))
        self.averages.lerp_(self.flat, 1.0 - decay)

    @torch.no_grad()
    def copy_to(self, networks: Sequence[nn.Module]) -> None:
        """Gives each member its values: the averages where there are any."""
        flat = self.flat if self.averages is None else self.averages
        for row, network in zip(flat, networks, strict=True):
            own, start = dict(network.named_parameters()), 0
            for name in self.values:
                target = _turned(own[name])
                target.copy_(row[start : start + target.numel()].view(target.shape))
                start += _padded(target)


def _turned(value: Tensor) -> Tensor:
    return value.T if value.ndim == 2 else value


def _padded(value: Tensor) -> int:
    return -(-value.numel() // 16) * 16


def width(batch: int) -> int:
    """Members of a stack at most, for batches of this size.

    A batch that is no multiple of 16 would let members begin anywhere in memory, which changes the last bits of
    their results: they are then trained alone.
    """
    return MOST if batch % 16 == 0 else 1


def sphere(x: Tensor) -> Tensor:
    """``core.networks.Sphere``."""
    return nn.functional.layer_norm(x, x.shape[-1:])


class Balanced:
    """``core.stages.class_balanced`` for one member, with what no step changes computed once.

    Args:
        labels: (n,) class indices; every class must occur.
    """

    def __init__(self, labels: Tensor, classes: int) -> None:
        self.classes = classes
        self.sizes = torch.bincount(labels, minlength=classes)
        self.order = torch.argsort(labels, stable=True)
        self.first = torch.cumsum(self.sizes, 0) - self.sizes

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """(count,) row indices, the same as ``class_balanced`` draws."""
        drawn = torch.randint(self.classes, (count,), generator=generator)
        within = torch.rand(count, generator=generator, dtype=torch.float64)
        return self.order[self.first[drawn] + (within * self.sizes[drawn]).long()]


def refuse_divergence(losses: Tensor, what: str, step: int) -> None:
    """Raises FailureError where a member's loss (K,) is NaN or infinite."""
    from core.stages import check_finite

    check_finite(losses.sum(), what, step)
