"""A recording or a sentence of one's own, put into the aligned space of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core import BadInputError
from core.sandbox import read_sound
from dashboard.space.clip import RATE
from dashboard.theme import visible

if TYPE_CHECKING:
    from core import LoadedRun

_NAME = 40


@dataclass(frozen=True, eq=False)
class Own:
    """One of a person's own: its name, ``audio`` or ``text``, its feature (d,), place (2,) and posterior (k,)."""

    name: str
    modality: str
    feature: np.ndarray
    place: np.ndarray
    posterior: np.ndarray


def from_recording(run: LoadedRun, content: bytes, name: str) -> Own:
    """The sound file ``content`` as a point of ``run``; of a long one the beginning, see ``core.limits``.

    It is decoded in a process of its own.

    Raises:
        BadInputError: no sound file, one that is too large or takes too much to decode, or the encoder that the run
            names is none.
        FailureError: the encoder is not on this machine and cannot be fetched.
    """
    if not content:
        raise BadInputError("the recording: the file is empty (0 bytes); record it again")
    h = run.encode_audio(read_sound(content, "the recording", rate=RATE), RATE)
    return Own(_short(name), "audio", h[0], run.project(h)[0], run.posterior(h)[0])


def from_sentence(run: LoadedRun, sentence: str) -> Own:
    """A sentence as a point of ``run``.

    Raises:
        BadInputError: the run has no text, or the encoder that it names is none.
        FailureError: the encoder is not on this machine and cannot be fetched.
    """
    t = run.encode_text([sentence])
    return Own(_short(sentence), "text", t[0], run.project(t)[0], run.text_posterior(t)[0])


def _short(name: str) -> str:
    """A name for the map: control characters and what turns the direction of writing made visible, cut to fit."""
    name = visible(name)
    return name if len(name) <= _NAME else name[: _NAME - 1] + "…"
