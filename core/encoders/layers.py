"""Which blocks of an encoder are pooled: one, a range, or a sum with given weights."""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import dataclass
from typing import Any

import torch

from core.errors import BadInputError

_LONGEST_LABEL = 26  # a store's name has 128 characters for encoder, layers and pooling


@dataclass(frozen=True)
class Layers:
    """Blocks, counted from 1, and their weights, which sum to 1; ascending.

    The weights are fixed: weights that are learnt belong to the alignment, which sees the labels.

    Attributes:
        weights: (block, weight) pairs.
        text: how the choice is written, and written again: ``3``, ``4-8`` or ``1:0.2,2:0.8``.
    """

    weights: tuple[tuple[int, float], ...]
    text: str

    @property
    def top(self) -> int:
        """The highest block; those above it need not be run."""
        return self.weights[-1][0]

    @property
    def value(self) -> int | str:
        """For meta.json: the number where there is one block, else the text."""
        return self.top if len(self.weights) == 1 else self.text

    @property
    def label(self) -> str:
        """For the store's name, where neither colons nor commas may stand.

        >>> choose_layers("1:0.2,2:0.8", 4, "m").label
        '1x0.2+2x0.8'
        """
        label = self.text.replace(":", "x").replace(",", "+")
        if len(label) > _LONGEST_LABEL:
            label = f"weighted-{hashlib.blake2b(self.text.encode('ascii'), digest_size=4).hexdigest()}"
        return label


def choose_layers(layer: int | str, depth: int, name: str) -> Layers:
    """The blocks that ``layer`` asks for, of an encoder of ``depth`` blocks.

    Args:
        layer: ``auto`` (three quarters of the depth, where emotion is told best), a block from 1 to ``depth``, a range
            such as ``4-8`` (its mean), ``all`` (the mean of all), or weights such as ``1:0.2,2:0.8``.
        depth: the number of blocks.
        name: of the encoder, for the messages.

    >>> [choose_layers("auto", depth, "m").top for depth in (4, 12, 24, 32)]
    [3, 9, 18, 24]
    >>> choose_layers("2-3", 4, "m").weights
    ((2, 0.5), (3, 0.5))
    >>> choose_layers("1:1,3:3", 4, "m").text
    '1:0.25,3:0.75'

    Raises:
        BadInputError: none of these, or a block that the model does not have.
    """
    text = str(layer).replace(" ", "")
    if text == "auto":
        text = str(max(1, round(0.75 * depth)))
    if text == "all":
        text = f"1-{depth}"
    if re.fullmatch(r"-?\d{1,6}", text):
        chosen = Layers(((int(text), 1.0),), str(int(text)))
    elif found := re.fullmatch(r"(\d{1,6})-(\d{1,6})", text):
        first, last = int(found[1]), int(found[2])
        if first > last:
            raise BadInputError(f"layer {layer}: a range goes from the lower block to the higher; use {last}-{first}")
        if last > depth:
            raise BadInputError(f"layer {layer}: {name} has the layers 1 to {depth}")
        blocks = range(first, last + 1)
        chosen = Layers(tuple((block, 1 / len(blocks)) for block in blocks), f"{first}-{last}")
    elif ":" in text:
        chosen = _weighted(text)
    else:
        raise BadInputError(
            f"layer {layer!r}: use 'auto', 'all', a number from 1 to {depth}, a range such as 1-{depth} or weights "
            "such as 1:0.2,2:0.8"
        )
    for block, _ in chosen.weights:
        if not 1 <= block <= depth:
            raise BadInputError(f"layer {block}: {name} has the layers 1 to {depth}")
    return chosen


def _weighted(text: str) -> Layers:
    weights: dict[int, float] = {}
    for part in text.split(","):
        block, _, number = part.partition(":")
        try:
            position, weight = int(block), float(number)
        except ValueError:
            raise BadInputError(f"layer {text!r}: {part!r} is no block and weight; write 1:0.2,2:0.8") from None
        if position in weights:
            raise BadInputError(f"layer {text!r}: block {position} has two weights")
        if not (math.isfinite(weight) and weight >= 0):
            raise BadInputError(f"layer {text!r}: the weight {number} of block {position} must be 0 or more")
        weights[position] = weight
    total = sum(weights.values())
    if not 0 < total < math.inf:
        raise BadInputError(f"layer {text!r}: the weights sum to {total:g}; at least one must be above 0")
    kept = sorted((block, weight / total) for block, weight in weights.items() if weight > 0)
    return Layers(tuple(kept), ",".join(f"{block}:{weight:.6g}" for block, weight in kept))


class LayerSum:
    """Adds up what the chosen blocks below the top one give, while the model runs.

    Nothing is kept but the sum: the states of all blocks of a batch can be larger than the model.
    """

    def __init__(self, layers: Layers, blocks: torch.nn.ModuleList) -> None:
        self._top = layers.weights[-1][1]
        self._sum: torch.Tensor | None = None
        for block, weight in layers.weights[:-1]:
            blocks[block - 1].register_forward_hook(self._adder(weight))

    def begin(self) -> None:
        """Forgets what a broken-off pass has left."""
        self._sum = None

    def add(self, hidden: torch.Tensor, weight: float) -> None:
        """Adds one block's output (b, frames, width), in float32."""
        part = hidden.float() * weight
        self._sum = part if self._sum is None else self._sum + part

    def total(self, last: torch.Tensor) -> torch.Tensor:
        """The weighted sum, float32, given the output of the top block."""
        if self._sum is None:
            return last.float()
        self.add(last, self._top)
        total, self._sum = self._sum, None
        return total

    def _adder(self, weight: float) -> Any:
        def hook(module: torch.nn.Module, args: Any, output: Any) -> None:
            self.add(output[0] if isinstance(output, tuple) else output, weight)

        return hook
