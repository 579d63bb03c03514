"""Stage 1 for many members at once: the same draws and the same loss as ``AlignmentStage``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from core.alignment import Aligner, AlignmentData, AlignmentStage
from core.benchmarks.training.layers import Room, product
from core.benchmarks.training.stack import Balanced, Stack, refuse_divergence, sphere, width
from core.config import AlignmentConfig


def train_aligners(
    parts: Sequence[AlignmentData],
    seeds: Sequence[int],
    classes: list[str],
    config: AlignmentConfig,
    step: Callable[[], None] = lambda: None,
) -> list[Aligner]:
    """One aligner for each member, in evaluation mode, on the CPU.

    Up to float error each is what ``AlignmentStage`` makes of its data and seed. Stacks hold the default form, a
    linear map; with a hidden layer, whose dropout draws elsewhere, the members are trained one after the other.

    Args:
        parts: training data of each member, all with text or none. seeds: as many.
        step: called after every step of a stack; what it raises ends the work.
    """
    trained: list[Aligner] = []
    pairs, most = list(zip(parts, seeds, strict=True)), width(config.batch)
    for start in range(0, len(pairs), most):
        stages = [_stage(part, classes, config, seed) for part, seed in pairs[start : start + most]]
        if config.hidden:
            for stage in stages:
                while stage.state.done < stage.total:
                    stage.step()
                    step()
            trained += [stage.finished() for stage in stages]
        else:
            trained += _AlignerStack(stages, classes, config).run(step)
    return trained


def _stage(part: AlignmentData, classes: list[str], config: AlignmentConfig, seed: int) -> AlignmentStage:
    """The plain stage, for its prepared inputs, styles and first weights."""
    torch.manual_seed(seed)
    return AlignmentStage(part, None, classes, config, seed=seed, device=torch.device("cpu"))


class _AlignerStack:
    def __init__(self, stages: Sequence[AlignmentStage], classes: list[str], config: AlignmentConfig) -> None:
        self.stages, self.config, self.classes = stages, config, len(classes)
        names = [name for name, _ in stages[0].aligner.named_parameters()]
        self.with_text = stages[0].text is not None
        if not self.with_text:
            names.remove("log_temperature")
        self.room = Room()
        self.stack = Stack([stage.aligner for stage in stages], names, self.room, decay=0.99)
        self.optimiser = torch.optim.AdamW(
            [self.stack.flat], lr=config.learning_rate, weight_decay=config.weight_decay, fused=True
        )
        self.draws = [Balanced(stage.train.labels, self.classes) for stage in stages]
        shape = (len(stages), config.batch)
        self.audio = torch.empty((*shape, stages[0].audio.shape[1]))
        self.text = None if stages[0].text is None else torch.empty((*shape, stages[0].text.shape[1]))

    def run(self, step: Callable[[], None]) -> list[Aligner]:
        for done in range(self.config.steps):
            self._step(done)
            step()
        networks = [Aligner(**stage.aligner.config) for stage in self.stages]
        for network, stage in zip(networks, self.stages, strict=True):
            network.load_state_dict(stage.aligner.state_dict())
        self.stack.copy_to(networks)
        return [network.eval() for network in networks]

    def _step(self, done: int) -> None:
        config, stack = self.config, self.stack
        self.room.begin()
        labels, has_text, groups = self._draw()
        h = sphere(stack.linear(self.audio, "audio.linear"))
        t = None
        if self.text is not None:
            t = sphere(stack.linear(self.text, "text.linear"))
        losses = self._losses(h, t, labels, has_text, groups)
        refuse_divergence(losses, "alignment", done)
        rate = config.learning_rate * self.stages[0]._schedule(done)
        stack.descend(losses.sum(), self.optimiser, rate, clip=5.0)
        stack.average()

    def _draw(self) -> tuple[Tensor, Tensor, Tensor]:
        """Fills the inputs; labels, has_text and transcript groups (K, b)."""
        config, labels, has_text, groups = self.config, [], [], []
        for index, (stage, balanced) in enumerate(zip(self.stages, self.draws, strict=True)):
            generator, data = stage.state.generator, stage.train
            rows = balanced.draw(config.batch, generator)
            audio = stage.audio[rows]
            if stage.styles is not None and data.speakers is not None:
                audio = stage.styles.swap(audio, data.speakers[rows], config.speaker_swap, generator)
            _noisy(audio, config.noise, generator, self.audio[index])
            if self.text is not None and stage.text is not None:
                _noisy(stage.text[rows], config.text_noise, generator, self.text[index])
            labels.append(data.labels[rows])
            has_text.append(data.has_text[rows])
            groups.append(data.groups[rows])
        return torch.stack(labels), torch.stack(has_text), torch.stack(groups)

    def _losses(self, h: Tensor, t: Tensor | None, labels: Tensor, has_text: Tensor, groups: Tensor) -> Tensor:
        """(K,) losses, as ``alignment_terms`` and ``total``."""
        config, stack = self.config, self.stack
        loss = self._entropy(stack.linear(h, "head_audio"), labels).mean(dim=1)
        if t is not None:
            count = has_text.sum(dim=1)
            enough, share = count >= 2, has_text / count.clamp_min(1)[:, None]
            both = stack.linear(torch.cat([h, t], dim=-1), "head_both")
            alone = stack.linear(t, "head_text")
            spoken = ((self._entropy(alone, labels) + self._entropy(both, labels)) * share).sum(dim=1)
            bounds = torch.zeros_like(loss)
            if config.w_con:
                temperature = stack["log_temperature"].exp().clamp(0.01, 1.0)[:, None, None]
                scores = _cosines(h, t) / temperature
                bounds = bounds + config.w_con * masked_infonce(scores, has_text, groups)
            if config.w_mi:
                critic = product(self._critic(h, "audio"), self._critic(t, "text").transpose(1, 2), self.room)
                bounds = bounds + config.w_mi * masked_jensen_shannon(critic / h.shape[-1] ** 0.5, has_text)
            loss = torch.where(enough, (loss + spoken) / 3.0 - bounds, loss)
        if config.w_sup:
            loss = loss + config.w_sup * _supervised(h, labels, config.sup_temperature)
        return loss

    def _entropy(self, logits: Tensor, labels: Tensor) -> Tensor:
        """(K, b) cross-entropy of logits (K, b, k)."""
        smoothing = self.config.label_smoothing
        entropies = functional.cross_entropy(
            logits.flatten(0, 1), labels.flatten(), label_smoothing=smoothing, reduction="none"
        )
        return entropies.view(labels.shape)

    def _critic(self, x: Tensor, side: str) -> Tensor:
        hidden = functional.gelu(self.stack.linear(x, f"critic_{side}.0"))
        return self.stack.linear(hidden, f"critic_{side}.2")


def _noisy(x: Tensor, deviation: float, generator: torch.Generator, out: Tensor) -> None:
    """``out`` = x + noise."""
    if not deviation:
        out.copy_(x)
        return
    torch.add(x, torch.randn(x.shape, generator=generator), alpha=deviation, out=out)


def _cosines(x: Tensor, y: Tensor) -> Tensor:
    """(K, b, d), (K, b, d) to (K, b, b)."""
    return product(functional.normalize(x, dim=-1), functional.normalize(y, dim=-1).transpose(1, 2))


def _supervised(h: Tensor, labels: Tensor, temperature: float) -> Tensor:
    """(K,) ``supervised_contrastive``."""
    itself = torch.eye(h.shape[1], dtype=torch.bool)
    scores = (_cosines(h, h) / temperature).masked_fill(itself, -torch.inf)
    log_share = (scores - scores.logsumexp(dim=2, keepdim=True)).masked_fill(itself, 0.0)
    positives = (labels[:, :, None] == labels[:, None, :]) & ~itself
    count = positives.sum(dim=2)
    each = -(log_share * positives).sum(dim=2) / count.clamp_min(1)
    return each.sum(dim=1) / (count > 0).sum(dim=1).clamp_min(1)


def masked_infonce(scores: Tensor, rows: Tensor, groups: Tensor) -> Tensor:
    """(K,) ``core.information.infonce`` of the rows that count, transcript groups as positives.

    Args:
        scores: (K, b, b). rows: (K, b) bool, at least two of each member. groups: (K, b).
    """
    count = rows.sum(dim=1).clamp_min(1)
    pairs = rows[:, :, None] & rows[:, None, :]
    positives = (groups[:, :, None] == groups[:, None, :]) & pairs
    across = _masked_logsumexp(scores, positives, 2) - _masked_logsumexp(scores, pairs, 2)
    down = _masked_logsumexp(scores, positives, 1) - _masked_logsumexp(scores, pairs, 1)
    share = rows / count[:, None]
    entropy = count.log() - (positives.sum(dim=2).clamp_min(1).log() * share).sum(dim=1)
    return entropy + 0.5 * ((across + down) * share).sum(dim=1)


def _masked_logsumexp(scores: Tensor, mask: Tensor, dim: int) -> Tensor:
    """logsumexp of what the mask lets through; anything finite where it lets nothing through.

    The others are filled with e^-60 of the greatest: nothing beside it in float32, and ordinary numbers, whose
    exponential takes a tenth of the time of that of infinite or very small ones.
    """
    greatest = scores.detach().masked_fill(~mask, -1e9).amax(dim=dim, keepdim=True)
    return torch.where(mask, scores, greatest - 60.0).logsumexp(dim=dim)


def masked_jensen_shannon(scores: Tensor, rows: Tensor) -> Tensor:
    """(K,) ``core.information.jensen_shannon`` of the rows that count; arguments as for ``masked_infonce``."""
    count = rows.sum(dim=1).clamp_min(2)
    pairs = rows[:, :, None] & rows[:, None, :] & ~torch.eye(scores.shape[1], dtype=torch.bool)
    joint = -(functional.softplus(-scores.diagonal(dim1=1, dim2=2)) * rows).sum(dim=1) / count
    return joint - (functional.softplus(scores) * pairs).sum(dim=(1, 2)) / (count * (count - 1))
