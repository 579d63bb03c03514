"""A recording or a sentence of one's own, put into the aligned space of a run."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core import BadInputError
from core.corpora import read_audio
from dashboard.space.clip import RATE

if TYPE_CHECKING:
    from core import LoadedRun

LONGEST = 60.0
"""Seconds of a recording that are taken."""
MOST = 12
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
    """The sound file ``content`` as a point of ``run``; of more than a minute, the first minute.

    Raises:
        BadInputError: no sound file, or the encoder that the run names is none.
        FailureError: the encoder is not on this machine and cannot be fetched.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "recording.wav"
        file.write_bytes(content)
        try:
            samples = read_audio(file, rate=RATE)
        except BadInputError as error:
            raise BadInputError(str(error).replace(f"{file}: ", "the recording: ")) from None
    h = run.encode_audio(samples[: int(LONGEST * RATE)], RATE)
    return Own(name[:_NAME], "audio", h[0], run.project(h)[0], run.posterior(h)[0])


def from_sentence(run: LoadedRun, sentence: str) -> Own:
    """A sentence as a point of ``run``.

    Raises:
        BadInputError: the run has no text, or the encoder that it names is none.
        FailureError: the encoder is not on this machine and cannot be fetched.
    """
    t = run.encode_text([sentence])
    words = sentence if len(sentence) <= _NAME else sentence[: _NAME - 1] + "…"
    return Own(words, "text", t[0], run.project(t)[0], run.text_posterior(t)[0])
