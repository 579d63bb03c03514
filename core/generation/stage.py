"""Stage 2 of training: the InfoGAN-style generator in the aligned space."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from core.config import GenerationConfig, InformationConfig
from core.generation.adversarial import discriminator_loss, generator_loss, gradient_penalty
from core.generation.mixture import Mixture
from core.generation.networks import Discriminator, Generator
from core.generation.quantities import PAIR, C, T, U, held_out_figures
from core.information import infonce, variational_discrete, variational_gaussian
from core.networks import WeightAverage
from core.stages import StageState, check_finite, class_balanced

_HELD_OUT_SAMPLES = 2400
_HELD_OUT_STEPS = 300


@dataclass(frozen=True)
class GenerationData:
    """Aligned features of the training part, on the CPU.

    Attributes:
        h: (n, d). labels: (n,) class indices. t: (n, d), zero where there is no text, or None.
        groups: (n,) transcript groups, -1 where there is none.
    """

    h: Tensor
    labels: Tensor
    t: Tensor | None
    groups: Tensor


@dataclass(frozen=True)
class Conditions:
    """What a batch is generated from: noise z, emotion c, codes u, text t (and its transcript group)."""

    z: Tensor
    c: Tensor
    u: Tensor
    t: Tensor | None
    groups: Tensor

    def generate(self, generator: Generator) -> tuple[Tensor, Tensor | None]:
        """(h_hat, t_hat or None)."""
        return generator(self.z, self.c, self.u, self.t)


class GenerationStage:
    """Trains generator and discriminator; ``measure`` gives held-out mutual information by fresh critics."""

    name = "generation"

    def __init__(
        self,
        data: GenerationData,
        classes: int,
        mode: str,
        config: GenerationConfig,
        information: InformationConfig,
        *,
        seed: int,
        device: torch.device,
    ) -> None:
        self.data, self.classes, self.config, self.information = data, classes, config, information
        self.device, self.mode, self.total, self.seed = device, mode, config.steps, seed
        self._rates = {"generator": config.learning_rate, "discriminator": config.critic_learning_rate}
        self.weights = {C: config.w_c, U: config.w_u, T: config.w_t, PAIR: config.w_pair}
        shape: dict[str, Any] = {
            "dim": data.h.shape[1],
            "classes": classes,
            "codes": config.codes,
            "hidden": config.hidden,
            "text": mode == "text",
            "paired": mode == "paired",
        }
        coded = config.base and config.code_share > 0.0
        self.generator = Generator(noise=config.noise, base=config.base, coded=coded, **shape)
        if config.base:
            self._begin()
        self.generator.to(device)
        self.discriminator = Discriminator(judge_text=config.judge_text, **shape).to(device)

        def adam(network: torch.nn.Module, rate: float) -> torch.optim.Optimizer:
            return torch.optim.Adam(network.parameters(), lr=rate, betas=(0.5, 0.99), foreach=True)

        self.state = StageState(
            modules={"generator": self.generator, "discriminator": self.discriminator},
            optimisers={
                "generator": adam(self.generator, config.learning_rate),
                "discriminator": adam(self.discriminator, config.critic_learning_rate),
            },
            averages={"generator": WeightAverage(self.generator, config.average)},
            generator=torch.Generator().manual_seed(seed + 1),
        )

    def _begin(self) -> None:
        """Fits the Gaussians at which the generator begins."""
        data = self.data
        x = data.h if self.mode != "paired" or data.t is None else torch.cat([data.h, data.t], dim=1)
        mixture = Mixture.fit(x.numpy(), np.eye(self.classes)[data.labels.numpy()])
        config = self.config
        noise, codes = mixture.shared_spread(config.noise, config.codes, config.code_share)
        self.generator.begin_at(*(torch.from_numpy(part) for part in (mixture.centres, noise, codes)))

    def conditions(self, count: int, generator: torch.Generator) -> Conditions:
        """Draws ``count`` conditions: c uniform, t of a training utterance of that emotion, z and u standard normal."""
        rows = class_balanced(self.data.labels, count, self.classes, generator)
        t = self.data.t[rows].to(self.device) if self.mode == "text" and self.data.t is not None else None
        return Conditions(
            z=torch.randn((count, self.config.noise), generator=generator).to(self.device),
            c=one_hot(self.data.labels[rows], self.classes).float().to(self.device),
            u=torch.randn((count, self.config.codes), generator=generator).to(self.device),
            t=t,
            groups=self.data.groups[rows].to(self.device),
        )

    def step(self) -> dict[str, Tensor]:
        """``critic_steps`` steps of the discriminator with its Q heads, one of the generator."""
        for _ in range(self.config.critic_steps):
            shown = self._discriminator_step()
        shown |= self._generator_step()
        self.state.averages["generator"].update(self.generator)
        self.state.done += 1
        return shown

    def _discriminator_step(self) -> dict[str, Tensor]:
        config, network = self.config, self.discriminator
        conditions = self.conditions(config.batch, self.state.generator)
        rows = class_balanced(self.data.labels, config.batch, self.classes, self.state.generator)
        h = self.data.h[rows].to(self.device)
        t = None if self.data.t is None else self.data.t[rows].to(self.device)
        c = one_hot(self.data.labels[rows], self.classes).float().to(self.device)
        with torch.no_grad():
            h_hat, t_hat = conditions.generate(self.generator)
        paired = self.mode == "paired"
        phi = network.features(h, t if paired else None)
        phi_hat = network.features(h_hat, t_hat)
        real = network.judgement(phi, c, t)
        fake = network.judgement(phi_hat, conditions.c, conditions.t)
        adversarial = discriminator_loss(config.adversarial, real, fake)
        loss = config.w_adv * adversarial
        if config.adversarial == "wgan-gp":

            def score(*x: Tensor) -> Tensor:
                return network.judgement(network.features(*x), c, t)

            real_x = [x for x in (h, t if paired else None) if x is not None]
            fake_x = [x for x in (h_hat, t_hat) if x is not None]
            penalty = gradient_penalty(score, real_x, fake_x, self.state.generator)
            loss = loss + config.gradient_penalty * penalty
        # A head without weight is trained all the same, on features that feel nothing of it: its curve then shows
        # what the generator reveals of itself.
        loss = loss - self._weighted(self._bounds(phi_hat, conditions, h_hat, t_hat, shield=True), least=True)
        if config.w_c:
            # What "recovered" means is anchored in real speech: the head for c learns from labelled features too.
            loss = loss + config.w_c * torch.nn.functional.cross_entropy(network.class_logits(phi), c)
        check_finite(loss, self.name, self.state.done)
        self._descend("discriminator", loss)
        return {"d_loss": adversarial.detach()}

    def _generator_step(self) -> dict[str, Tensor]:
        config, network = self.config, self.discriminator
        conditions = self.conditions(config.batch, self.state.generator)
        h_hat, t_hat = conditions.generate(self.generator)
        phi_hat = network.features(h_hat, t_hat)
        adversarial = generator_loss(config.adversarial, network.judgement(phi_hat, conditions.c, conditions.t))
        bounds = self._bounds(phi_hat, conditions, h_hat, t_hat)
        loss = config.w_adv * adversarial - self._weighted(bounds)
        check_finite(loss, self.name, self.state.done)
        self._descend("generator", loss)
        return {"g_loss": adversarial.detach(), **{name: value.detach() for name, value in bounds.items()}}

    def _schedule(self) -> float:
        """1 for the first half, then falling to 0: the averaged generator and the Q heads come to rest together.

        Without it the heads read the codes of the last generator, not those of the averaged one that is kept.
        """
        share = self.state.done / max(self.total, 1)
        return 1.0 if share < 0.5 else 2.0 * (1.0 - share)

    def _bounds(
        self, phi: Tensor, conditions: Conditions, h_hat: Tensor, t_hat: Tensor | None, shield: bool = False
    ) -> dict[str, Tensor]:
        """The lower bounds of this batch, in nats; ``shield`` keeps heads without weight from moving the trunk."""
        network = self.discriminator

        def read(name: str) -> Tensor:
            return phi.detach() if shield and not self.weights[name] else phi

        mean, log_variance = network.code_moments(read(U))
        bounds = {
            C: variational_discrete(network.class_logits(read(C)), conditions.c, math.log(self.classes)),
            U: variational_gaussian(mean, log_variance, conditions.u).sum(),
        }
        if conditions.t is not None:
            # The same words are positives of one another; rows without a transcript share the zero text.
            positives = conditions.groups[:, None] == conditions.groups[None, :]
            bounds[T] = infonce(network.text_scores(read(T), conditions.t), positives)
        if t_hat is not None:
            bounds[PAIR] = infonce(network.pair_scores(h_hat, t_hat))
        return bounds

    def _weighted(self, bounds: dict[str, Tensor], least: bool = False) -> Tensor:
        """The weighted sum; with ``least`` a bound without weight counts once."""
        weights = {name: self.weights[name] or float(least) for name in bounds}
        return torch.stack([weights[name] * value for name, value in bounds.items()]).sum()

    def _descend(self, name: str, loss: Tensor) -> None:
        optimiser = self.state.optimisers[name]
        for group in optimiser.param_groups:
            group["lr"] = self._rates[name] * self._schedule()
        # Only this network's gradients: those that flow through the other one are not kept.
        parameters = list(self.state.modules[name].parameters())
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        optimiser.step()

    @torch.no_grad()
    def sample(self, count: int, seed: int) -> tuple[Conditions, Tensor, Tensor | None]:
        """Fresh conditions and what the averaged generator makes of them."""
        conditions = self.conditions(count, torch.Generator().manual_seed(seed))
        network = Generator(**self.generator.config).to(self.device)
        self.state.averages["generator"].copy_to(network)
        h_hat, t_hat = conditions.generate(network.eval())
        return conditions, h_hat, t_hat

    @torch.no_grad()
    def training_bounds(self, conditions: Conditions, h_hat: Tensor, t_hat: Tensor | None) -> dict[str, float]:
        """What training's own Q heads say of given samples, in nats; contrastive bounds in batches of ``batch``.

        The difference to a held-out figure shows how far the heads and the generator have come to suit each other.
        """
        size = self.config.batch
        totals: dict[str, list[float]] = {}
        for start in range(0, max(len(h_hat) - size + 1, 1), size):
            rows = slice(start, start + size)
            part = Conditions(
                z=conditions.z[rows],
                c=conditions.c[rows],
                u=conditions.u[rows],
                t=None if conditions.t is None else conditions.t[rows],
                groups=conditions.groups[rows],
            )
            pair = None if t_hat is None else t_hat[rows]
            phi = self.discriminator.features(h_hat[rows], pair)
            for name, value in self._bounds(phi, part, h_hat[rows], pair).items():
                totals.setdefault(name, []).append(float(value))
        return {name: sum(values) / len(values) for name, values in totals.items()}

    def measure(self) -> dict[str, float]:
        """Held-out bounds on fresh samples, by critics that share no weight with training; small and quick."""
        conditions, h_hat, t_hat = self.sample(_HELD_OUT_SAMPLES, self.seed + 7919 + self.state.done)
        smaller = self.information.model_copy(
            update={"steps": min(_HELD_OUT_STEPS, self.information.steps), "bootstrap": 50}
        )
        figures = held_out_figures(conditions, h_hat, t_hat, smaller, seed=self.seed)
        return {f"held_out/{figure.quantity}": figure.value for figure in figures}

    def finished(self) -> tuple[Generator, Discriminator]:
        """The averaged generator and the discriminator with its Q heads, for the CPU, in evaluation mode."""
        generator = Generator(**self.generator.config)
        self.state.averages["generator"].copy_to(generator)
        discriminator = Discriminator(**self.discriminator.config)
        discriminator.load_state_dict(self.discriminator.state_dict())
        return generator.eval(), discriminator.eval()
