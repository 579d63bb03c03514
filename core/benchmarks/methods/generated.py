"""Methods that add what a generator of MIRAGE makes: MIRAGE itself, its ablations, and the plain conditional GAN."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from core.augmentation.policy import added_rows, keep_drawing
from core.benchmarks.methods.base import PAIR_SETTINGS, Method, Setting, TrainingSet, amounts, counts_of, crossed
from core.benchmarks.problems import Features
from core.benchmarks.training import GeneratorProblem, train_generators
from core.config import AlignmentConfig, Config, GenerationConfig
from core.generation import Discriminator, GenerationData, Generator

SETTINGS = amounts(0.25, 0.5, 1.0, 2.0)
# Codes whose information nobody asks for are further noise, and begin with nothing.
_NO_MI = {"w_c": 0.0, "w_u": 0.0, "w_t": 0.0, "w_pair": 0.0, "code_share": 0.0}


@dataclass(frozen=True, eq=False)
class Made:
    """A trained generator with the features it has learnt from.

    Attributes:
        filtered: whether only rows are kept from which the Q head reads the emotion that was asked for.
    """

    generator: Generator
    discriminator: Discriminator
    mode: str
    filtered: bool

    @torch.no_grad()
    def rows(self, features: Features, emotion: int, count: int, with_text: bool, rng: np.random.Generator):
        """(count, d), or (count, 2 d) with text, of one class.

        The text is that of a real utterance of the class: the one that the row was generated from, where the
        generator asks for text; in paired mode it is generated too.
        """
        usable = (features.labels == emotion) & (features.has_text if with_text else True)
        sources = np.flatnonzero(usable)
        dim = features.h.shape[1]

        def draw(number: int) -> np.ndarray:
            chosen = rng.choice(sources, size=number)
            noise = torch.Generator().manual_seed(int(rng.integers(2**31)))
            config = self.generator.config
            z = torch.randn((number, config["noise"]), generator=noise)
            u = torch.randn((number, config["codes"]), generator=noise)
            c = torch.eye(features.classes)[emotion].expand(number, -1)
            t = None if features.t is None else torch.from_numpy(features.t[chosen])
            h_hat, t_hat = self.generator(z, c, u, t if self.mode == "text" else None)
            if not with_text and not (self.filtered and self.mode == "paired"):
                return h_hat.numpy()
            return torch.cat([h_hat, t if t_hat is None else t_hat], dim=1).numpy()  # type: ignore[list-item]

        def keep(rows: np.ndarray) -> np.ndarray:
            if not self.filtered or not len(rows):
                return np.ones(len(rows), dtype=bool)
            h = torch.from_numpy(rows[:, :dim])
            pair = torch.from_numpy(rows[:, dim:]) if self.mode == "paired" else None
            shares = self.discriminator.class_logits(self.discriminator.features(h, pair))
            return (shares.argmax(dim=1) == emotion).numpy()

        found, _ = keep_drawing(count, draw, keep)
        return found if with_text else found[:, :dim]


@dataclass(frozen=True)
class Gan:
    """A generator of stage 2: its mode, its configuration, and whether its Q head filters what it makes."""

    mode: str
    config: GenerationConfig
    filtered: bool

    def train(self, features: Sequence[Features], step: Callable[[], None]) -> list[Any]:
        """A ``Made`` for each."""
        problems = [
            GeneratorProblem(
                GenerationData(
                    h=torch.from_numpy(own.h),
                    labels=torch.from_numpy(own.labels),
                    t=None if own.t is None else torch.from_numpy(own.t),
                    groups=torch.from_numpy(own.groups),
                ),
                own.classes,
                self.mode,
                own.seed,
            )
            for own in features
        ]
        pairs = train_generators(problems, self.config, step)
        return [Made(generator, judge, self.mode, self.filtered) for generator, judge in pairs]


def generated(
    features: Features, made: Made, setting: Setting, with_text: bool, rng: np.random.Generator
) -> TrainingSet:
    """Real rows and generated ones."""
    X, Y = features.real(with_text)
    more, shares = [X[:0]], [Y[:0]]
    for emotion, count in enumerate(added_rows(counts_of(Y), setting.value)):
        if count:
            more.append(made.rows(features, emotion, int(count), with_text, rng))
            shares.append(np.repeat(np.eye(Y.shape[1])[[emotion]], count, axis=0))
    return TrainingSet.joined(X, Y, *crossed(np.concatenate(more), np.concatenate(shares), setting, rng))


def mode_of(config: Config, text: bool) -> str:
    """``text``, ``free`` or ``paired``: what the configured mode comes to where there is text, or none."""
    if not text:
        return "free"
    return "text" if config.generation.mode == "auto" else config.generation.mode


def _full(config: Config, text: bool) -> Gan:
    return Gan(mode_of(config, text), config.generation, filtered=True)


def _without_text(config: Config, text: bool) -> Gan:
    return Gan("free", config.generation, filtered=True)


def _without_mi(config: Config, text: bool) -> Gan:
    # No head says what is recovered: nothing is filtered.
    return Gan(mode_of(config, text), config.generation.model_copy(update=_NO_MI), filtered=False)


def _conditional(config: Config, text: bool) -> Gan:
    # Nothing but the discriminator can hold such a generator to its text.
    mode = mode_of(config, text)
    changed = {**_NO_MI, "judge_text": True} if mode == "text" else _NO_MI
    return Gan(mode, config.generation.model_copy(update=changed), filtered=False)


def _no_contrast(config: AlignmentConfig) -> AlignmentConfig:
    return config.model_copy(update={"w_con": 0.0, "w_sup": 0.0})


def _no_mi(config: AlignmentConfig) -> AlignmentConfig:
    return config.model_copy(update={"w_mi": 0.0})


CGAN = Method(
    "cgan",
    "conditional GAN, no MI",
    SETTINGS,
    generated,
    networks=_conditional,
    teacher="gaussians",
    pair_settings=PAIR_SETTINGS,
)
MIRAGE = Method(
    "mirage", "MIRAGE", SETTINGS, generated, networks=_full, teacher="gaussians", pair_settings=PAIR_SETTINGS
)
NO_CONTRAST = Method(
    "mirage-no-contrastive",
    "MIRAGE, no contrast",
    SETTINGS,
    generated,
    align=_no_contrast,
    networks=_full,
    teacher="gaussians",
    pair_settings=PAIR_SETTINGS,
)
NO_TEXT = Method(
    "mirage-no-text",
    "MIRAGE, generator without text",
    SETTINGS,
    generated,
    networks=_without_text,
    teacher="gaussians",
    pair_settings=PAIR_SETTINGS,
)
NO_MI = Method(
    "mirage-no-mi",
    "MIRAGE, no MI in either stage",
    SETTINGS,
    generated,
    align=_no_mi,
    networks=_without_mi,
    teacher="gaussians",
    pair_settings=PAIR_SETTINGS,
)
"""``cgan`` has no mutual information in the generator, whose discriminator judges the text as well, but the alignment
of all methods; here the alignment has none either. Without text the two are the same."""
