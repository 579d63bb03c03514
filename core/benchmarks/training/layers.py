"""Layers of K networks of one shape: each member's whole way through them at a time.

At these sizes a product for each member is as fast as ``torch.bmm``, which chooses its way by the number of members and
by where in memory each begins: it does not give the same bits with other companions. Member by member, not layer by
layer, what one layer leaves is in the processor's cache when the next one reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

SLOPE = 0.2
"""Of the leaky rectifier between layers."""

Layer = tuple[Tensor, Tensor | None]
"""Weight (K, i, o) and bias (K, o) or None."""


class Room:
    """Memory for what the layers leave in a step, asked for in the same order at each step and so the same again.

    Memory that is asked for anew comes from the system as empty pages: a tenth of the time went into these.
    """

    def __init__(self) -> None:
        self._kept: list[Tensor] = []
        self._next = 0

    def begin(self) -> None:
        """A step begins: nothing that an earlier one left here is read any more."""
        self._next = 0

    def take(self, like: Tensor, rows: int, columns: int) -> Tensor:
        """(K, rows, columns) of any values, in which each member begins at a multiple of 64 bytes."""
        size = -(-rows * columns // 16) * 16
        if self._next == len(self._kept):
            self._kept.append(like.new_empty(0))
        kept = self._kept[self._next]
        if kept.shape != (len(like), size):
            kept = self._kept[self._next] = like.new_empty((len(like), size))
        self._next += 1
        return kept[:, : rows * columns].view(len(like), rows, columns)


def chain(x: Tensor, layers: Sequence[Layer], room: Room) -> Tensor:
    """x (K, b, i) through linear layers with a leaky rectifier between each two: (K, b, o).

    Args:
        room: where the products go; nothing of them outlives its next ``begin``.
    """
    return _Chain.apply(room, x, *(tensor for layer in layers for tensor in layer))


def product(x: Tensor, w: Tensor, room: Room | None = None) -> Tensor:
    """x (K, b, i) times w (K, i, o): (K, b, o), bit for bit the same whoever the other members are."""
    return chain(x, [(w, None)], room or Room())


class _Chain(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, room: Room, x: Tensor, *parameters: Any) -> Tensor:
        weights, biases = parameters[::2], parameters[1::2]
        made = [room.take(x, x.shape[1], w.shape[2]) for w in weights]
        last = len(made) - 1
        for member, into in enumerate(x.unbind()):
            for layer, (w, bias, out) in enumerate(zip(weights, biases, made, strict=True)):
                own = out[member]
                torch.mm(into, w[member], out=own)
                if bias is not None:
                    own.add_(bias[member])
                if layer < last:
                    functional.leaky_relu_(own, SLOPE)
                into = own
        ctx.save_for_backward(x, *parameters)
        ctx.room, ctx.made = room, made[:-1]
        return made[-1]

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, *parameters = ctx.saved_tensors
        room, needed = ctx.room, ctx.needs_input_grad[1:]
        of_x = room.take(x, *x.shape[1:]) if needed[0] else None
        of_parameters: list[Tensor | None] = []
        for parameter, wanted in zip(parameters, needed[1:], strict=True):
            if not wanted:
                of_parameters.append(None)
            elif parameter.ndim == 3:
                of_parameters.append(room.take(parameter, *parameter.shape[1:]))
            else:
                of_parameters.append(torch.empty_like(parameter))
        # What flows back through the rectifiers: one member's is not kept for the next.
        flow = [room.take(gradient[:1], *made.shape[1:])[0] for made in ctx.made]
        for member in range(len(x)):
            own = gradient[member]
            for layer in reversed(range(len(flow) + 1)):
                into = ctx.made[layer - 1][member] if layer else x[member]
                of_w, of_bias = of_parameters[2 * layer : 2 * layer + 2]
                if of_w is not None:
                    torch.mm(into.T, own, out=of_w[member])
                if of_bias is not None:
                    torch.sum(own, dim=0, out=of_bias[member])
                w = parameters[2 * layer][member]
                if layer:
                    before = torch.mm(own, w.T, out=flow[layer - 1])
                    own = torch.ops.aten.leaky_relu_backward(before, into, SLOPE, True, grad_input=before)
                elif of_x is not None:
                    torch.mm(own, w.T, out=of_x[member])
        return None, of_x, *of_parameters
