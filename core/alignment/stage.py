"""Stage 1 of training: steps of AdamW on the aligner, validated on speakers of the training part."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from core.alignment.data import AlignmentData
from core.alignment.networks import Aligner
from core.alignment.objective import alignment_terms, total
from core.alignment.styles import SpeakerStyles
from core.config import AlignmentConfig
from core.networks import WeightAverage
from core.stages import StageState, check_finite, class_balanced

_AVERAGE_DECAY = 0.99
_WARM_UP = 0.1


class AlignmentStage:
    """Trains an :class:`Aligner`; ``measure`` gives UA on the validation speakers.

    Args:
        name: of the stage, where a run aligns more than once. labelled: the rows of ``train`` whose label nobody
            guessed, on which it is measured; None: all of them.
    """

    def __init__(
        self,
        train: AlignmentData,
        validation: AlignmentData | None,
        classes: list[str],
        config: AlignmentConfig,
        *,
        seed: int,
        device: torch.device,
        name: str = "alignment",
        labelled: AlignmentData | None = None,
    ) -> None:
        self.name, self.labelled = name, labelled or train
        self.train, self.validation, self.config, self.device = train, validation, config, device
        self.classes = len(classes)
        self.total = config.steps
        aligner = Aligner(
            audio=train.audio.shape[1],
            text=0 if train.text is None else train.text.shape[1],
            classes=classes,
            dim=config.dim,
            hidden=config.hidden,
            dropout=config.dropout,
            temperature=config.temperature,
            shrinkage=config.shrinkage,
        )
        aligner.audio.fit_inputs(train.audio, train.labels, config.shrinkage)
        if train.text is not None:
            # Text is not whitened: acted corpora say a handful of sentences, which leave no covariance to estimate.
            rows = train.has_text
            aligner.text.fit_inputs(train.text[rows], train.labels[rows], 1.0)
        # Once for all steps: preparing a batch would cost more than learning from it.
        self.audio = aligner.audio.prepare(train.audio)
        self.text = None if train.text is None else aligner.text.prepare(train.text)
        self.styles = SpeakerStyles.fit(self.audio, train.labels, train.speakers) if config.speaker_swap else None
        self.aligner = aligner.to(device)
        optimiser = torch.optim.AdamW(
            self.aligner.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay, foreach=True
        )
        self.state = StageState(
            modules={"aligner": self.aligner},
            optimisers={"aligner": optimiser},
            averages={"aligner": WeightAverage(self.aligner, _AVERAGE_DECAY)},
            generator=torch.Generator().manual_seed(seed),
        )

    def step(self) -> dict[str, Tensor]:
        """One step on a class-balanced batch."""
        config, state, data = self.config, self.state, self.train
        self.aligner.train()
        rows = class_balanced(data.labels, config.batch, self.classes, state.generator)
        audio = self.audio[rows]
        if self.styles is not None and data.speakers is not None:
            audio = self.styles.swap(audio, data.speakers[rows], config.speaker_swap, state.generator)
        h = self.aligner.audio.project(self._noisy(audio, config.noise))
        t = None if self.text is None else self.aligner.text.project(self._noisy(self.text[rows], config.text_noise))
        terms = alignment_terms(
            self.aligner,
            h,
            data.labels[rows].to(self.device),
            t,
            data.has_text[rows].to(self.device),
            data.groups[rows].to(self.device),
            config,
        )
        loss = total(terms, config)
        check_finite(loss, self.name, state.done)
        optimiser = state.optimisers["aligner"]
        for group in optimiser.param_groups:
            group["lr"] = config.learning_rate * self._schedule(state.done)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.aligner.parameters(), 5.0)
        optimiser.step()
        state.averages["aligner"].update(self.aligner)
        state.done += 1
        shown = {"loss": loss, **{name: value for name, value in terms.items() if name != "mi_objective"}}
        if t is not None:
            shown["temperature"] = self.aligner.temperature()
        return {name: value.detach() for name, value in shown.items()}

    @torch.no_grad()
    def measure(self) -> dict[str, float]:
        """UA of the averaged network on h: training part and validation speakers."""
        network = self.finished()
        parts = {"ua_train": self.labelled, "ua_validation": self.validation}
        return {name: self._ua(network, part) for name, part in parts.items() if part is not None}

    def finished(self) -> Aligner:
        """The averaged network, for the CPU, in evaluation mode."""
        network = Aligner(**self.aligner.config)
        self.state.averages["aligner"].copy_to(network)
        return network.eval()

    def _noisy(self, prepared: Tensor, deviation: float) -> Tensor:
        if deviation:
            prepared = prepared + deviation * torch.randn(prepared.shape, generator=self.state.generator)
        return prepared.to(self.device)

    def _schedule(self, step: int) -> float:
        """Linear warm-up over a tenth of the steps, then a half cosine to zero."""
        share = (step + 1) / max(self.total, 1)
        if share < _WARM_UP:
            return share / _WARM_UP
        return 0.5 * (1.0 + math.cos(math.pi * (share - _WARM_UP) / (1.0 - _WARM_UP)))

    def _ua(self, network: Aligner, part: AlignmentData) -> float:
        predicted = network.head_audio(network.audio(part.audio)).argmax(dim=1)
        right = torch.bincount(part.labels[predicted == part.labels], minlength=self.classes)
        sizes = torch.bincount(part.labels, minlength=self.classes)
        present = sizes > 0
        return float((right[present] / sizes[present]).mean())
