"""What a run makes of the controls: features, their places, and what they say of themselves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dashboard.lab.controls import Controls, arguments

if TYPE_CHECKING:
    import pandas as pd

    from core import LoadedRun


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


Meaning = tuple[float, str]
"""A value up to this bound means this; the last bound is infinite."""

NOVELTY: tuple[Meaning, ...] = (
    (0.7, "nearer to real speech than real utterances are to each other: typical, with little variety"),
    (1.4, "as typical as real speech"),
    (2.2, "at the edge of real speech"),
    (math.inf, "far from all real speech: read the rest with care"),
)
INFORMATION: tuple[Meaning, ...] = (
    (-0.1, "speaks against the asked emotion"),
    (0.1, "says little about the asked emotion"),
    (math.inf, "speaks for the asked emotion"),
)
