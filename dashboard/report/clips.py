"""Which clips a report lets people hear, and their sound as bytes that every browser plays."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from core import BadInputError

if TYPE_CHECKING:
    import pandas as pd

    from core import LoadedRun

MOST = 50
RATE = 16_000
SECONDS = 8
"""Of a longer clip the beginning is taken, and it is said."""
MEDIA_TYPE = "audio/mpeg"
_FADE = 800
_FAILED = 200
"""Clips that could not be read before it is given up: a corpus without its sound has thousands."""


@dataclass(frozen=True)
class Clip:
    """A clip: the row of the run's utterances, its sound, whether it was cut."""

    row: int
    sound: bytes
    cut: bool


@dataclass(frozen=True)
class Clips:
    """The clips of a report, or none and the reason; ``heard`` says of which part of the corpus they are."""

    clips: tuple[Clip, ...]
    reason: str = ""
    heard: str = ""


def clips_of(run: LoadedRun, *, most: int = MOST) -> Clips:
    """Clips of held-out speakers, evenly over emotions and speakers; the same for the same run."""
    if not run.permissions.audio:
        return Clips((), "The licence of the corpus lets nobody hear its clips here.")
    table = run.utterances
    held_out = bool((table["part"] == "test").any())
    found: list[Clip] = []
    failed, why = 0, ""
    for row in order(table, run.classes, "test" if held_out else None):
        if len(found) == most or failed == _FAILED:
            break
        try:
            found.append(_clip(row, run.waveform(row, RATE)))
        except BadInputError as error:
            failed, why = failed + 1, why or _sentence(str(error))
    heard = "speakers that training never heard" if held_out else "all speakers: none was held out in this run"
    return Clips(tuple(found), why if not found else "", heard)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def order(table: pd.DataFrame, classes: Sequence[str], part: str | None) -> list[int]:
    """Rows in turn: one of each emotion, each time of its next speaker, and so on until all are named.

    Args:
        table: columns label, speaker, part. part: of which they are taken; None for all.
    """
    speakers = table["speaker"].fillna("").astype(str)
    inside = np.ones(len(table), dtype=bool) if part is None else (table["part"] == part).to_numpy()
    turns: list[Iterator[int]] = []
    for shift, emotion in enumerate(classes):
        rows = np.flatnonzero(inside & (table["label"] == emotion).to_numpy())
        own: dict[str, list[int]] = {}
        for row in rows.tolist():
            own.setdefault(str(speakers.iat[row]), []).append(row)
        names = sorted(own)
        # Each emotion begins with another speaker: with few clips all are heard.
        names = names[shift % len(names) :] + names[: shift % len(names)] if names else []
        turns.append(_in_turn([own[name] for name in names]))
    return list(_in_turn([list(turn) for turn in turns]))


def _in_turn(lists: Sequence[list[int]]) -> Iterator[int]:
    for group in zip_longest(*lists):
        yield from (row for row in group if row is not None)


def _clip(row: int, samples: np.ndarray) -> Clip:
    cut = len(samples) > SECONDS * RATE
    kept = np.clip(samples[: SECONDS * RATE], -1.0, 1.0).astype(np.float32)
    if cut:
        kept = kept.copy()
        kept[-_FADE:] *= np.linspace(1.0, 0.0, _FADE, dtype=np.float32)
    buffer = io.BytesIO()
    # Safari plays Ogg only since 2025; MP3 is as small at this rate, and is played everywhere.
    soundfile.write(buffer, kept, RATE, format="MP3", subtype="MPEG_LAYER_III", compression_level=0.8)
    return Clip(row, buffer.getvalue(), cut)
