"""An adversarial data augmentation network after ADAN (Yi and Mak 2019; settings of Louisa-Luyi/adan), on features h.

Taken over: an auto-encoder, a generator of codes from 100 noise values and a one-hot emotion, a discriminator of
codes, an emotion classifier on codes, hidden layers 100-100, batch 128, two discriminator steps for each generator
step, Adam with beta1 0.5, up to ten generated rows for each real one. Different: it works on aligned features instead
of 1,582 acoustic functionals, so the auto-encoder is 2d-2d-d/2 instead of 800-800-100; all members train side by
side; the learning rate is 1e-3 instead of 1e-4 and the number of steps that of MIRAGE's generator instead of 1,500
epochs; how much is added is chosen on validation speakers, not on the training data. In the multimodal case the
features are (h, t) side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.augmentation.policy import added_rows
from core.benchmarks.methods.base import Method, Setting, TrainingSet, amounts, counts_of
from core.benchmarks.problems import Features
from core.benchmarks.training.layers import Room, chain
from core.benchmarks.training.stack import Balanced, Stack, refuse_divergence, width
from core.config import Config

NOISE, HIDDEN, BATCH, RATE = 100, 100, 128, 1e-3


def _layers(*sizes: int) -> nn.Sequential:
    return nn.Sequential(*(nn.Linear(before, after) for before, after in pairwise(sizes)))


class AdanNetwork(nn.Module):
    """The parts of one member; ``width`` of the features, ``classes`` k."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        code = max(2, width // 2)
        self.encoder = _layers(width, 2 * width, 2 * width, code)
        self.decoder = _layers(code, 2 * width, 2 * width, width)
        self.generator = _layers(NOISE + classes, HIDDEN, HIDDEN, code)
        self.discriminator = _layers(code, HIDDEN, HIDDEN, 1)
        self.classifier = _layers(code, HIDDEN, classes)


class _Side:
    """One part of all members: linear layers with leaky rectifiers between."""

    def __init__(self, networks: Sequence[AdanNetwork], part: str, room: Room) -> None:
        modules = [getattr(network, part) for network in networks]
        self.stack = Stack(modules, [name for name, _ in modules[0].named_parameters()], room)
        self.modules, self.depth = modules, len(modules[0])

    def __call__(self, x: Tensor) -> Tensor:
        return chain(x, [self.stack.layer(str(layer)) for layer in range(self.depth)], self.stack.room)


class _Adan:
    def __init__(self, parts: Sequence[tuple[Tensor, Tensor]], seeds: Sequence[int], classes: int) -> None:
        self.parts, self.classes = parts, classes
        networks = []
        for (x, _), seed in zip(parts, seeds, strict=True):
            torch.manual_seed(seed)
            networks.append(AdanNetwork(x.shape[1], classes))
        self.generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        self.draws = [Balanced(labels, classes) for _, labels in parts]
        sides = ("encoder", "decoder", "generator", "discriminator", "classifier")
        self.room = Room()
        self.sides = {name: _Side(networks, name, self.room) for name in sides}
        self.adams = {
            name: torch.optim.Adam([side.stack.flat], lr=RATE, betas=(0.5, 0.999), fused=True)
            for name, side in self.sides.items()
        }

    def _batch(self) -> tuple[Tensor, Tensor]:
        rows = [draw.draw(BATCH, generator) for draw, generator in zip(self.draws, self.generators, strict=True)]
        pairs = list(zip(self.parts, rows, strict=True))
        return torch.stack([x[row] for (x, _), row in pairs]), torch.stack([y[row] for (_, y), row in pairs])

    def _codes(self, labels: Tensor) -> Tensor:
        z = torch.stack([torch.randn((BATCH, NOISE), generator=generator) for generator in self.generators])
        return self.sides["generator"](torch.cat([z, torch.eye(self.classes)[labels]], dim=-1))

    def step(self, done: int) -> None:
        sides = self.sides
        for _ in range(2):
            self.room.begin()
            x, labels = self._batch()
            with torch.no_grad():
                real, fake = sides["encoder"](x), self._codes(labels)
            losses = functional.softplus(-sides["discriminator"](real)).mean(dim=(1, 2)) + functional.softplus(
                sides["discriminator"](fake)
            ).mean(dim=(1, 2))
            refuse_divergence(losses, "adan", done)
            sides["discriminator"].stack.descend(losses.sum(), self.adams["discriminator"], RATE)
        self.room.begin()
        x, labels = self._batch()
        code = sides["encoder"](x)
        auto = (sides["decoder"](code) - x).square().mean(dim=(1, 2)) + self._entropy(code, labels)
        fake = self._codes(labels)
        fooling = functional.softplus(-sides["discriminator"](fake)).mean(dim=(1, 2)) + self._entropy(fake, labels)
        refuse_divergence(auto + fooling, "adan", done)
        # One loss each: the generator follows its own, the classifier and the auto-encoder theirs. All move at the end.
        moves = []
        for names, loss in ((("encoder", "decoder", "classifier"), auto), (("generator",), fooling)):
            tensors = [sides[name].stack.tensors for name in names]
            gradients = iter(
                torch.autograd.grad(loss.sum(), [one for own in tensors for one in own], retain_graph=True)
            )
            moves += [(name, [next(gradients) for _ in own]) for name, own in zip(names, tensors, strict=True)]
        for name, found in moves:
            sides[name].stack.move(found, self.adams[name], RATE)

    def _entropy(self, code: Tensor, labels: Tensor) -> Tensor:
        logits = self.sides["classifier"](code)
        each = functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none")
        return each.view(labels.shape).mean(dim=1)

    def finished(self) -> list[AdanNetwork]:
        networks = [AdanNetwork(x.shape[1], self.classes) for x, _ in self.parts]
        for name, side in self.sides.items():
            side.stack.copy_to([getattr(network, name) for network in networks])
        return networks


def train_adan(
    parts: Sequence[tuple[Tensor, Tensor]],
    seeds: Sequence[int],
    classes: int,
    steps: int,
    step: Callable[[], None] = lambda: None,
) -> list[AdanNetwork]:
    """One network for each part: features (n, d) and labels (n,), every class with a row."""
    trained: list[AdanNetwork] = []
    for start in range(0, len(parts), width(BATCH)):
        chunk = slice(start, start + width(BATCH))
        adan = _Adan(parts[chunk], seeds[chunk], classes)
        for done in range(steps):
            adan.step(done)
            step()
        trained += adan.finished()
    return trained


@dataclass(frozen=True)
class Adan:
    """The networks of the method: one on h and, where there is text, one on (h, t)."""

    steps: int

    def train(self, features: Sequence[Features], step: Callable[[], None]) -> list[Any]:
        """By ``with_text``, a network or None where a class has no row with text."""
        seeds = [own.seed for own in features]
        classes = features[0].classes
        found: list[dict[bool, AdanNetwork | None]] = [{} for _ in features]
        for with_text in (False, True) if features[0].t is not None else (False,):
            usable = []
            for index, own in enumerate(features):
                X, Y = own.real(with_text)
                found[index][with_text] = None
                if counts_of(Y).all():
                    usable.append((index, (torch.from_numpy(X), torch.from_numpy(Y.argmax(axis=1)))))
            parts = [part for _, part in usable]
            networks = train_adan(parts, [seeds[index] for index, _ in usable], classes, self.steps, step)
            for (index, _), network in zip(usable, networks, strict=True):
                found[index][with_text] = network
        return found


@torch.no_grad()
def adan(features: Features, made: Any, setting: Setting, with_text: bool, rng: np.random.Generator) -> TrainingSet:
    """Real rows and decoded codes."""
    X, Y = features.real(with_text)
    network: AdanNetwork | None = made[with_text]
    if network is None:
        return TrainingSet.joined(X, Y, X[:0], Y[:0])
    labels = np.repeat(np.arange(Y.shape[1]), added_rows(counts_of(Y), setting.value))
    z = torch.randn((len(labels), NOISE), generator=torch.Generator().manual_seed(int(rng.integers(2**31))))
    x = torch.cat([z, torch.eye(Y.shape[1])[torch.from_numpy(labels)]], dim=1)
    for part in (network.generator, network.decoder):
        for layer, module in enumerate(part):
            x = module(x)
            if layer < len(part) - 1:
                x = functional.leaky_relu(x, 0.2)
    return TrainingSet.joined(X, Y, x.numpy(), np.eye(Y.shape[1])[labels])


def _networks(config: Config, text: bool) -> Adan:
    return Adan(config.generation.steps)


ADAN = Method(
    "adan",
    "ADAN-like",
    amounts(1.0, 2.0, 5.0, 10.0),
    adan,
    networks=_networks,
    teacher="gaussians",
)
