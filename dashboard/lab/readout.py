"""What a run makes of the controls: features, their places, and what they say of themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dashboard.lab.controls import CODE_LIMIT, Controls, arguments

if TYPE_CHECKING:
    import pandas as pd

    from core import LoadedRun

STRIP_STEPS = 25


@dataclass(frozen=True)
class Readout:
    """n generated samples.

    Attributes:
        h: (n, d). places: (n, 2) in map units. posterior: (n, k) of the classifier. recovered_emotion: (n, k) and
            recovered_codes: (n, m) as read back by the Q heads. mi: (n,) pointwise MI with the asked emotion, nats.
            novelty: (n,), 1 = as near to real utterances as these are to one another. codes: the full latent codes.
            condition: (n, d) text features that went in, or None.
    """

    h: np.ndarray
    places: np.ndarray
    posterior: np.ndarray
    recovered_emotion: np.ndarray
    recovered_codes: np.ndarray
    mi: np.ndarray
    novelty: np.ndarray
    codes: pd.DataFrame
    condition: np.ndarray | None


@dataclass(frozen=True)
class Strip:
    """One code moved over its range with all else held: ``at`` (s,) in sigma, posterior (s, k), places (s, 2)."""

    at: np.ndarray
    posterior: np.ndarray
    places: np.ndarray


def read(run: LoadedRun, controls: Controls) -> Readout:
    """Generates what the controls ask for and reads it back."""
    batch = run.generate(**arguments(controls, run.classes, run.code_names))
    emotion, codes = run.recovered(batch.audio, batch.text) if batch.text is not None else run.recovered(batch.audio)
    return Readout(
        h=batch.audio,
        places=run.project(batch.audio),
        posterior=run.posterior(batch.audio),
        recovered_emotion=emotion,
        recovered_codes=codes,
        mi=run.pointwise_mi(batch.audio, controls.asked(run.classes)),
        novelty=run.novelty(batch.audio),
        codes=batch.codes,
        condition=batch.condition,
    )


def traverse(run: LoadedRun, controls: Controls, readout: Readout) -> Strip:
    """Moves code ``controls.strip`` of the looked-at sample from -3 to 3 sigma; noise, text and the rest stay."""
    at = np.linspace(-CODE_LIMIT, CODE_LIMIT, STRIP_STEPS, dtype=np.float32)
    row = readout.codes.iloc[[controls.sample]]

    def held(names: list[str]) -> np.ndarray:
        return np.repeat(row[names].to_numpy(dtype=np.float32), len(at), axis=0)

    z = held([f"z{i + 1}" for i in range(run.noise_size)])
    c = held([f"c_{name}" for name in run.classes])
    u = held(list(run.code_names))
    u[:, controls.strip] = at
    t = None
    if readout.condition is not None:
        t = np.repeat(readout.condition[controls.sample][None], len(at), axis=0)
    h, _ = run.decode(z, c, u, t)
    return Strip(at, run.posterior(h), run.project(h))


def novelty_words(value: float) -> str:
    """What a novelty score means.

    >>> novelty_words(1.05)
    'as typical as real speech'
    """
    if value < 0.7:
        return "nearer to real speech than real utterances are to each other: typical, with little variety"
    if value <= 1.4:
        return "as typical as real speech"
    if value <= 2.2:
        return "at the edge of real speech"
    return "far from all real speech: read the rest with care"


def information_words(value: float) -> str:
    """What a pointwise mutual information (nats) means."""
    if value > 0.1:
        return "speaks for the asked emotion"
    if value < -0.1:
        return "speaks against the asked emotion"
    return "says little about the asked emotion"
