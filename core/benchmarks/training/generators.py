"""Stage 2 for many members at once: the same draws and the same losses as ``GenerationStage``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from core.benchmarks.training.aligners import masked_infonce
from core.benchmarks.training.layers import Room, chain, product
from core.benchmarks.training.stack import Balanced, Stack, refuse_divergence, sphere, width
from core.config import GenerationConfig, InformationConfig
from core.generation import Discriminator, GenerationData, GenerationStage, Generator
from core.generation.adversarial import generator_loss

Pair = tuple[Generator, Discriminator]


@dataclass(frozen=True, eq=False)
class GeneratorProblem:
    """What one generator learns from: aligned features, its mode (``text``, ``free`` or ``paired``) and its seed."""

    data: GenerationData
    classes: int
    mode: str
    seed: int


def train_generators(
    problems: Sequence[GeneratorProblem], config: GenerationConfig, step: Callable[[], None] = lambda: None
) -> list[Pair]:
    """The averaged generator and the discriminator of each problem, in evaluation mode, on the CPU.

    Up to float error each is what ``GenerationStage`` makes of its problem. Stacks hold the modes text and free with
    hinge or non-saturating loss; what else there is (paired, wgan-gp) is trained one after the other. A Q head
    without weight moves nothing in the generator and is left untrained.

    Args:
        problems: of one number of classes and one mode. step: called after every step of a stack.
    """
    trained: list[Pair] = []
    most = width(config.batch)
    for start in range(0, len(problems), most):
        stages = [_stage(problem, config) for problem in problems[start : start + most]]
        if config.adversarial == "wgan-gp" or stages[0].mode == "paired":
            for stage in stages:
                while stage.state.done < stage.total:
                    stage.step()
                    step()
            trained += [stage.finished() for stage in stages]
        else:
            trained += _GeneratorStack(stages, config).run(step)
    return trained


def _stage(problem: GeneratorProblem, config: GenerationConfig) -> GenerationStage:
    """The plain stage, for its first weights and its source of randomness."""
    torch.manual_seed(problem.seed + 1)
    return GenerationStage(
        problem.data,
        problem.classes,
        problem.mode,
        config,
        InformationConfig(),
        seed=problem.seed,
        device=torch.device("cpu"),
    )


@dataclass(frozen=True, eq=False)
class _Batch:
    """Conditions of K members: the generator's whole input (K, b, i), and its parts."""

    inputs: Tensor
    c: Tensor
    u: Tensor
    t: Tensor | None
    groups: Tensor


class _GeneratorStack:
    def __init__(self, stages: Sequence[GenerationStage], config: GenerationConfig) -> None:
        self.stages, self.config, self.classes = stages, config, stages[0].classes
        self.with_text = stages[0].mode == "text"
        self.w_t = config.w_t if self.with_text else 0.0
        generators = [stage.generator for stage in stages]
        discriminators = [stage.discriminator for stage in stages]
        self.room = Room()
        own = [name for name, _ in generators[0].named_parameters()]
        self.g = Stack(generators, own, self.room, decay=config.average)
        used = self._used(discriminators[0])
        self.d = Stack(discriminators, used, self.room)
        self.heads = list(dict.fromkeys(name.split(".")[0] for name in used if not name.startswith("trunk")))
        self.g_adam = torch.optim.Adam([self.g.flat], lr=config.learning_rate, betas=(0.5, 0.99), fused=True)
        self.d_adam = torch.optim.Adam([self.d.flat], lr=config.critic_learning_rate, betas=(0.5, 0.99), fused=True)
        self.draws = [Balanced(stage.data.labels, self.classes) for stage in stages]
        self.eye = torch.eye(self.classes)
        self.base: Tensor | None = None
        if config.base:
            # z, c and u lead the inputs, c scaled: one product with all parts of the Gaussians.
            self.base = torch.stack([self._gaussians(network) for network in generators])

    def _gaussians(self, network: Generator) -> Tensor:
        """(inputs, d) of what the network begins at."""
        codes = [network.code_spread] if network.config["coded"] else []
        return torch.cat([network.spread, network.centres / self.classes**0.5, *codes])

    def _used(self, discriminator: Discriminator) -> list[str]:
        unused = [
            head
            for head, weight in (("q_class", self.config.w_c), ("q_codes", self.config.w_u), ("q_text", self.w_t))
            if not weight
        ]
        return [name for name, _ in discriminator.named_parameters() if name.split(".")[0] not in unused]

    def run(self, step: Callable[[], None]) -> list[Pair]:
        for done in range(self.config.steps):
            self._step(done)
            step()
        pairs = [stage.finished() for stage in self.stages]
        self.g.copy_to([generator for generator, _ in pairs])
        self.d.copy_to([discriminator for _, discriminator in pairs])
        return pairs

    def _step(self, done: int) -> None:
        config = self.config
        share = done / max(config.steps, 1)
        rate = 1.0 if share < 0.5 else 2.0 * (1.0 - share)
        for _ in range(config.critic_steps):
            self.room.begin()
            losses = self._discriminator_losses()
            refuse_divergence(losses, "generation", done)
            self.d.descend(losses.sum(), self.d_adam, config.critic_learning_rate * rate)
        self.room.begin()
        with self.d.frozen():
            losses = self._generator_losses()
        refuse_divergence(losses, "generation", done)
        self.g.descend(losses.sum(), self.g_adam, config.learning_rate * rate)
        self.g.average()

    def _discriminator_losses(self) -> Tensor:
        """(K,)"""
        config = self.config
        batch = self._conditions()
        rows = [
            balanced.draw(config.batch, stage.state.generator)
            for balanced, stage in zip(self.draws, self.stages, strict=True)
        ]
        h = torch.stack([stage.data.h[row] for stage, row in zip(self.stages, rows, strict=True)])
        labels = torch.stack([stage.data.labels[row] for stage, row in zip(self.stages, rows, strict=True)])
        t = None
        if self.with_text:
            t = torch.cat([self._texts(rows), batch.t], dim=1)  # type: ignore[list-item]
        with torch.no_grad():
            h_hat = self._generate(batch.inputs)
        # Real and generated features in one pass: rows do not meet in the discriminator.
        c = self.eye[labels]
        said = self._said(torch.cat([h, h_hat], dim=1))
        judged = self._judge(said, torch.cat([c, batch.c], dim=1), t)
        real, fake = judged[:, : config.batch], judged[:, config.batch :]
        if config.adversarial == "hinge":
            losses = functional.relu(1.0 - real).mean(dim=1) + functional.relu(1.0 + fake).mean(dim=1)
        else:
            losses = functional.softplus(-real).mean(dim=1) + functional.softplus(fake).mean(dim=1)
        losses = config.w_adv * losses - self._bounds(said, batch)
        if config.w_c:
            # What "recovered" means is anchored in real speech.
            losses = losses - config.w_c * _log_likelihood(said["q_class"][:, : config.batch], c)
        return losses

    def _generator_losses(self) -> Tensor:
        """(K,)"""
        batch = self._conditions()
        said = self._said(self._generate(batch.inputs))
        fake = self._judge(said, batch.c, batch.t)
        adversarial = torch.stack([generator_loss(self.config.adversarial, own) for own in fake])
        return self.config.w_adv * adversarial - self._bounds(said, batch)

    def _texts(self, rows: Sequence[Tensor]) -> Tensor:
        return torch.stack([stage.data.t[row] for stage, row in zip(self.stages, rows, strict=True)])  # type: ignore[index]

    def _conditions(self) -> _Batch:
        config, size = self.config, self.config.batch
        rows, z, u = [], [], []
        for stage, balanced in zip(self.stages, self.draws, strict=True):
            generator = stage.state.generator
            rows.append(balanced.draw(size, generator))
            z.append(torch.randn((size, config.noise), generator=generator))
            u.append(torch.randn((size, config.codes), generator=generator))
        pairs = list(zip(self.stages, rows, strict=True))
        c = self.eye[torch.stack([stage.data.labels[row] for stage, row in pairs])]
        codes = torch.stack(u)
        t = self._texts(rows) if self.with_text else None
        parts = [torch.stack(z), c * self.classes**0.5, codes]
        inputs = torch.cat(parts if t is None else [*parts, t], dim=-1)
        return _Batch(inputs, c, codes, t, torch.stack([stage.data.groups[row] for stage, row in pairs]))

    def _generate(self, inputs: Tensor) -> Tensor:
        """(K, b, i) to h_hat (K, b, d)."""
        layers = [self.g.layer(name) for name in ("body.0", "body.2", "body.4", "audio")]
        h = chain(inputs, layers, self.room)
        return sphere(h if self.base is None else h + product(inputs[..., : self.base.shape[1]], self.base, self.room))

    def _said(self, h: Tensor) -> dict[str, Tensor]:
        """What every head makes of h (K, n, d): (K, n, its outputs) by name.

        One product for all of them: narrow ones take as long as one of 32 columns. The heads that judge a condition
        give E' phi and V' phi, so that (E c + V t).phi = c.(E' phi) + t.(V' phi) never is as wide as phi.
        """
        weights = [self.d[f"{name}.weight"] for name in self.heads]
        turned = [
            weight.transpose(1, 2) if name.startswith("judge_") else weight
            for name, weight in zip(self.heads, weights, strict=True)
        ]
        biases = [
            h.new_zeros((len(h), weight.shape[2])) if name.startswith("judge_") else self.d[f"{name}.bias"]
            for name, weight in zip(self.heads, turned, strict=True)
        ]
        sizes = [weight.shape[2] for weight in turned]
        more = -sum(sizes) % 16
        heads = (
            torch.cat([*turned, h.new_zeros((*turned[0].shape[:2], more))], dim=2),
            torch.cat([*biases, h.new_zeros((len(h), more))], dim=1),
        )
        out = chain(h, [self.d.layer("trunk.0"), self.d.layer("trunk.2"), heads], self.room)
        return dict(zip(self.heads, out.split([*sizes, more], dim=2), strict=False))

    def _judge(self, said: dict[str, Tensor], c: Tensor, t: Tensor | None) -> Tensor:
        """(K, n) scores, as ``Discriminator.judgement``."""
        condition = (said["judge_class"] * c).sum(dim=-1)
        if t is not None and "judge_text" in said:
            condition = condition + (said["judge_text"] * t).sum(dim=-1)
        return said["judge"].squeeze(-1) + condition / self.d["judge.weight"].shape[1] ** 0.5

    def _bounds(self, said: dict[str, Tensor], batch: _Batch) -> Tensor:
        """(K,) weighted sums of the bounds of the last ``batch`` rows: ``GenerationStage._bounds`` less constants."""
        config, total = self.config, torch.zeros(len(batch.c))
        own = {name: values[:, -config.batch :] for name, values in said.items()}
        if config.w_c:
            total = total + config.w_c * _log_likelihood(own["q_class"], batch.c)
        if config.w_u:
            mean, log_variance = own["q_codes"].chunk(2, dim=-1)
            # Discriminator.code_moments, with its limits.
            log_variance = -4.0 + 5.0 * torch.sigmoid(log_variance)
            gain = 1.0 - log_variance - (batch.u - mean).square() * torch.exp(-log_variance)
            total = total + config.w_u * 0.5 * gain.mean(dim=1).sum(dim=-1)
        if self.w_t and batch.t is not None:
            scores = product(own["q_text"], batch.t.transpose(1, 2)) / batch.t.shape[-1] ** 0.5
            everyone = torch.ones(scores.shape[:2], dtype=torch.bool)
            total = total + self.w_t * masked_infonce(scores, everyone, batch.groups)
        return total


def _log_likelihood(logits: Tensor, c: Tensor) -> Tensor:
    """(K,) mean log share that logits (K, n, k) give to c (K, n, k)."""
    return (functional.log_softmax(logits, dim=-1) * c).sum(dim=-1).mean(dim=1)
