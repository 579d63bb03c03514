"""Clips of a run's utterances: the sound where the file is on this machine, else one line that says why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core import BadInputError

if TYPE_CHECKING:
    from core import LoadedRun

RATE = 16_000


@dataclass(frozen=True)
class Clip:
    """Samples (n,) at 16 kHz, or None and the reason as one line."""

    samples: np.ndarray | None
    reason: str = ""


def clip_of(run: LoadedRun, row: int) -> Clip:
    """The clip of utterance ``row`` of ``run``."""
    try:
        return Clip(run.waveform(row, RATE))
    except BadInputError as error:
        return Clip(None, str(error))


@dataclass(frozen=True)
class Sound:
    """A clip as a WAV file, ready for a player, or None and the reason as one line."""

    wav: bytes | None
    reason: str = ""


def audio_of(run: LoadedRun, row: int) -> Sound:
    """The clip of utterance ``row`` of ``run`` as a WAV file."""
    if not run.permissions.audio:
        # Not from the cache either: a switch holds at once.
        return Sound(None, clip_of(run, row).reason)
    try:
        return Sound(_wav(str(run.path), _stamp(run), row, run))
    except BadInputError as error:
        return Sound(None, str(error))


def _stamp(run: LoadedRun) -> tuple[int, int]:
    """Another run of that name, or a corpus read anew, has other clips."""
    times = []
    for path in (run.path / "config.yaml", run.workspace.corpus_file(run.corpus)):
        try:
            times.append(path.stat().st_mtime_ns)
        except OSError:
            times.append(0)
    return times[0], times[1]


# The lab shows the same few neighbours again and again while a code moves.
@st.cache_resource(max_entries=128, ttl="10m", show_spinner=False)
def _wav(path: str, stamp: tuple[int, int], row: int, _run: LoadedRun) -> bytes:
    return wav_bytes(_run.waveform(row, RATE))


def wav_bytes(samples: np.ndarray) -> bytes:
    """Samples (n,) in [-1, 1] at 16 kHz as a 16-bit mono WAV file."""
    import io
    import wave

    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes())
    return buffer.getvalue()
