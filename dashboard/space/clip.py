"""Clips of a run's utterances: the sound where the file is on this machine, else one line that says why not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
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
    """The clip of utterance ``row`` of ``run``; the last 64 stay in memory."""
    record = run.utterances.iloc[row]
    if not isinstance(record["audio"], str) or run.corpus_root is None:
        return Clip(None, "This utterance has no audio file.")
    path = Path(run.corpus_root) / record["audio"]
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        return Clip(None, f"The audio file is not on this machine: {path}")
    try:
        return Clip(_read(str(path), _seconds(record["start"]), _seconds(record["end"]), changed))
    except BadInputError as error:
        return Clip(None, str(error))


@st.cache_resource(max_entries=64, show_spinner=False)
def _read(path: str, start: float | None, end: float | None, changed: int) -> np.ndarray:
    from core.corpora import read_audio

    return read_audio(path, start, end, rate=RATE)


def _seconds(value: float | None) -> float | None:
    return None if value is None or value != value else float(value)


@dataclass(frozen=True)
class Sound:
    """A clip as a WAV file, ready for a player, or None and the reason as one line."""

    wav: bytes | None
    reason: str = ""


def audio_of(run: LoadedRun, row: int) -> Sound:
    """The clip of utterance ``row`` of ``run`` as a WAV file."""
    clip = clip_of(run, row)
    return Sound(None, clip.reason) if clip.samples is None else Sound(wav_bytes(clip.samples))


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
