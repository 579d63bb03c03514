"""What the map holds: the utterances of a run with the places of their audio and text features."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from core import LoadedRun

MODALITIES = ("audio", "text")


@dataclass(frozen=True)
class MapPoints:
    """The map of a run, one row per utterance (row i is utterance i of the run).

    ``audio`` and ``text`` are (n, 2) places in map units, NaN where the utterance has none. ``mi`` (n,) is the
    pointwise mutual information of the audio feature with the utterance's label (its class in the run), in nats, NaN
    where it has none. ``table`` has the columns of ``LoadedRun.utterances``.
    """

    table: pd.DataFrame
    audio: np.ndarray
    text: np.ndarray
    mi: np.ndarray
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.table)

    @cached_property
    def has_text(self) -> bool:
        return bool(np.isfinite(self.text[:, 0]).any())

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """``x low, x high, y low, y high`` of all places, with a margin of 4 %."""
        places = np.concatenate([self.audio, self.text])
        places = places[np.isfinite(places).all(axis=1)]
        return frame_of(places)


@dataclass(frozen=True)
class GeneratedPoints:
    """Generated features on the map: their asked emotion, place (m, 2), most probable class, pointwise MI (nats)."""

    emotion: tuple[str, ...]
    places: np.ndarray
    predicted: tuple[str, ...]
    mi: np.ndarray


def frame_of(places: np.ndarray) -> tuple[float, float, float, float]:
    """The rectangle around ``places`` (n, 2) with a margin of 4 %, never of zero size.

    >>> frame_of(np.array([[0.0, 0.0], [1.0, 2.0]]))
    (-0.04, 1.04, -0.08, 2.08)
    >>> frame_of(np.empty((0, 2)))
    (-1.0, 1.0, -1.0, 1.0)
    """
    if len(places) == 0:
        return (-1.0, 1.0, -1.0, 1.0)
    low, high = places.min(axis=0), places.max(axis=0)
    pad = np.maximum(0.04 * (high - low), 1e-3)
    low, high = low - pad, high + pad
    return (
        round(float(low[0]), 4),
        round(float(high[0]), 4),
        round(float(low[1]), 4),
        round(float(high[1]), 4),
    )


def map_points(run: LoadedRun) -> MapPoints:
    """Gathers the map of ``run``; the pointwise MI is taken with each utterance's own label."""
    table = run.utterances.reset_index(drop=True)
    places = {name: np.full((len(table), 2), np.nan, dtype=np.float32) for name in MODALITIES}
    coordinates = run.map()
    for name in MODALITIES:
        part = coordinates[coordinates["modality"] == name]
        places[name][part["row"].to_numpy()] = part[["x", "y"]].to_numpy(dtype=np.float32)
    return MapPoints(
        table=table,
        audio=places["audio"],
        text=places["text"],
        mi=own_information(run, run.h, table["label"].to_list()),
        classes=tuple(run.classes),
    )


def own_information(run: LoadedRun, h: np.ndarray, emotions: list[str | None]) -> np.ndarray:
    """Pointwise MI (n,) in nats of each feature with its own emotion; NaN for an emotion that the run does not know."""
    values = np.full(len(h), np.nan, dtype=np.float32)
    labels = np.array([name if isinstance(name, str) else "" for name in emotions], dtype=object)
    for emotion in run.classes:
        rows = np.flatnonzero(labels == emotion)
        if len(rows):
            values[rows] = run.pointwise_mi(h[rows], emotion)
    return values


def generated_points(run: LoadedRun, per_emotion: int, seed: int) -> GeneratedPoints:
    """``per_emotion`` generated features of each emotion of ``run``, on the map."""
    emotions: list[str] = []
    features: list[np.ndarray] = []
    for number, emotion in enumerate(run.classes):
        features.append(run.generate(emotion, n=per_emotion, seed=seed + number).audio)
        emotions += [emotion] * per_emotion
    h = np.concatenate(features).astype(np.float32)
    best = run.posterior(h).argmax(axis=1)
    return GeneratedPoints(
        emotion=tuple(emotions),
        places=np.asarray(run.project(h), dtype=np.float32),
        predicted=tuple(run.classes[k] for k in best),
        mi=own_information(run, h, list(emotions)),
    )
