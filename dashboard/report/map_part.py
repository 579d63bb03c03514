"""The report's map: what its script needs, and the same map as a picture for paper and for where no script runs."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core.printable import one_line
from dashboard.components import quantised
from dashboard.palette import UNKNOWN, emotion_colour
from dashboard.report.packing import packed
from dashboard.space.points import MapPoints, generated_points
from dashboard.theme import short

if TYPE_CHECKING:
    import pandas as pd

    from core import LoadedRun
    from dashboard.report.clips import Clip

MOST_POINTS = 20_000
"""Utterances on the map of a report; of more, so many drawn by lot, the same for the same run."""
MOST_DRAWN = 1_500
"""Points on the picture for paper."""
GENERATED = 12
"""Generated features of each emotion on the map."""
SAID = 80
_SEED = 0


@dataclass(frozen=True)
class Still:
    """The map as a picture: places in a drawing of ``width`` x ``height``, by emotion with its colour."""

    width: float
    height: float
    groups: list[tuple[str, str, str, list[tuple[float, float]]]]


@dataclass(frozen=True)
class MapPart:
    """What the map needs; without it, why it is not there.

    ``rows`` are those of the run that are on it; ``of``: how many the run has.
    """

    data: dict[str, Any] | None
    pack: bytes
    rows: np.ndarray
    of: int
    still: Still | None
    reason: str = ""


def chosen_rows(count: int, needed: list[int], most: int = MOST_POINTS) -> np.ndarray:
    """Sorted rows of a map: all, or ``most`` by lot with all that are ``needed``.

    >>> chosen_rows(3, []).tolist(), len(chosen_rows(100, [7], 10)), 7 in chosen_rows(100, [7], 10)
    ([0, 1, 2], 10, True)
    """
    if count <= most:
        return np.arange(count)
    others = np.setdiff1d(np.arange(count), needed)
    drawn = np.random.default_rng(_SEED).choice(others, most - len(needed), replace=False)
    return np.sort(np.concatenate([drawn, np.asarray(needed, dtype=drawn.dtype)]))


def part_of(points: MapPoints, rows: np.ndarray) -> MapPoints:
    """The map with these rows alone."""
    if len(rows) == len(points):
        return points
    table = points.table.iloc[rows].reset_index(drop=True)
    return replace(points, table=table, audio=points.audio[rows], text=points.text[rows], mi=points.mi[rows])


def map_part(run: LoadedRun, whole: MapPoints, clips: tuple[Clip, ...]) -> MapPart:
    """The map of ``run`` with its clips; ``whole`` is that of ``dashboard.space.points.map_points``."""
    rows = chosen_rows(len(whole), [clip.row for clip in clips])
    points = part_of(whole, rows)
    place = {row: index for index, row in enumerate(rows.tolist())}
    names = [*points.classes, "no label"]
    number = {name: index for index, name in enumerate(points.classes)}
    paint = points.table["label"].map(number).astype("float64").fillna(len(number)).to_numpy(dtype=np.uint8)
    colours = [*(emotion_colour(name) for name in points.classes), UNKNOWN]
    words = spoken(points.table)
    tensors = {"audio": quantised(points.audio, points.bounds), "paint": paint}
    if points.has_text:
        tensors["text"] = quantised(points.text, points.bounds)
    pack = packed(tensors, "words", json.dumps(words, separators=(",", ":")))
    made = generated_points(run, GENERATED, _SEED)
    stars = [
        {"x": round(float(x), 4), "y": round(float(y), 4), "colour": number[asked], "asked": asked, "predicted": found}
        for (x, y), asked, found in zip(made.places, made.emotion, made.predicted, strict=True)
    ]
    data = {
        "frame": list(points.bounds),
        "rows": len(points),
        "colours": {"title": "Emotions", "names": names, "colours": colours, "scale": None},
        "generated": stars,
        "clips": [_clip(words[place[clip.row]], place[clip.row], clip.cut) for clip in clips],
        "parts": ["audio", *(["text"] if points.has_text else []), "generated"],
    }
    return MapPart(data, pack, rows, len(whole), _still(points, paint, names, colours, made.places, stars))


def spoken(table: pd.DataFrame) -> list[list[str]]:
    """What is said of each utterance: id, emotion, speaker and part, and its transcript where it may be read."""
    return [
        [
            one_line(short(identity, 60)),
            short(label, 40) if isinstance(label, str) else "no label",
            " · ".join(
                one_line(short(value, 40)) for value in (speaker, PARTS.get(part, part)) if isinstance(value, str)
            ),
            one_line(short(text, SAID)) if isinstance(text, str) else "",
        ]
        for identity, label, speaker, part, text in zip(
            table["utterance_id"], table["label"], table["speaker"], table["part"], table["text"], strict=True
        )
    ]


PARTS = {
    "train": "heard in training",
    "validation": "used to choose settings",
    "test": "held out",
    "unlabelled": "heard without its label",
    "unused": "not used",
}
"""What the parts of a corpus are to somebody who reads it for the first time."""


def _clip(words: list[str], row: int, cut: bool) -> dict[str, Any]:
    identity, emotion, who, said = words
    about = " · ".join(filter(None, (emotion, who.split(" · ")[0], "beginning" if cut else "")))
    return {"row": row, "name": identity, "about": about, "said": said}


def _still(
    points: MapPoints,
    paint: np.ndarray,
    names: list[str],
    colours: list[str],
    made: np.ndarray,
    stars: list[dict[str, Any]],
) -> Still:
    left, right, low, high = points.bounds
    width, height = 1000.0, round(1000.0 * (high - low) / (right - left), 1)
    scale = width / (right - left)

    def placed(places: np.ndarray) -> list[tuple[float, float]]:
        known = places[np.isfinite(places).all(axis=1)]
        return [(round(float((x - left) * scale), 1), round(float((high - y) * scale), 1)) for x, y in known]

    drawn = np.zeros(len(points), dtype=bool)
    drawn[chosen_rows(len(points), [], MOST_DRAWN)] = True
    groups = []
    for index, name in enumerate(names):
        own = drawn & (paint == index)
        groups.append((name, colours[index], "audio", placed(points.audio[own])))
    for index, name in enumerate(names[:-1]):
        own = np.array([star["colour"] == index for star in stars], dtype=bool)
        groups.append((name, colours[index], "generated", placed(np.asarray(made)[own])))
    return Still(width, height, [group for group in groups if group[3]])
