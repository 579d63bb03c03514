"""What a colour on the map means: categories with counts, or a magnitude with its scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dashboard.palette import MANY_COLOURS, UNKNOWN, colour_map
from dashboard.space.points import GeneratedPoints, MapPoints

COLOUR_BY: dict[str, str] = {
    "emotion": "Emotion",
    "predicted": "Predicted emotion",
    "error": "Right or wrong",
    "mi": "Pointwise MI",
    "speaker": "Speaker",
    "session": "Session",
    "gender": "Gender",
    "part": "Part",
    "language": "Language",
    "split": "Split",
    "p_true": "p(own)",
    "arousal": "Arousal",
    "valence": "Valence",
    "dominance": "Dominance",
}
"""The choices of "Colour by" and their labels."""
UNITS: dict[str, str] = {
    "mi": "nats",
    "p_true": "probability of its own emotion",
    "arousal": "as annotated",
    "valence": "as annotated",
    "dominance": "as annotated",
}
"""The choices that are magnitudes, and what they are measured in."""

RIGHT, WRONG = "right", "wrong"
RIGHT_COLOURS = {RIGHT: "#3F8F3B", WRONG: "#C41B07"}
PART_COLOURS = {
    "train": "#0E7490",
    "unlabelled": "#6D5BD0",
    "validation": "#8C6D1F",
    "test": "#B83280",
    "unused": UNKNOWN,
}
VIRIDIS = ("#440154", "#46327E", "#365C8D", "#277F8E", "#1FA187", "#4AC16D", "#A0DA39", "#FDE725")
MOST = len(MANY_COLOURS)
"""Categories that get a colour of their own; the rest share one grey and the legend says how many they are."""
STEPS = 32
"""Colours into which a magnitude is divided."""


@dataclass(frozen=True)
class Colouring:
    """A colour for each utterance and each generated point.

    ``code`` (n,) and ``generated`` (m,) index ``colours``. A magnitude (``scale`` is then its low and high end) has
    ``STEPS`` colours and one more for "unknown"; categories have one colour for each of ``names``.
    """

    by: str
    title: str
    code: np.ndarray
    generated: np.ndarray
    names: tuple[str, ...]
    colours: tuple[str, ...]
    scale: tuple[float, float] | None = None

    def counts(self, rows: np.ndarray) -> list[int]:
        """How many of the utterances ``rows`` have each of ``names``."""
        return np.bincount(self.code[rows], minlength=len(self.colours))[: len(self.names)].tolist()


def choices(points: MapPoints) -> list[str]:
    """The colourings that this corpus can show: a column without a value is left out."""
    always = ("emotion", "predicted", "error", "mi")
    return [name for name in COLOUR_BY if name in always or (name in points.table and points.table[name].notna().any())]


def colouring(points: MapPoints, by: str, generated: GeneratedPoints | None = None) -> Colouring:
    """The colours of the map. What has no value (no agreement, no such column for generated points) is grey."""
    title = COLOUR_BY[by]
    if by in UNITS:
        values = points.mi if by == "mi" else points.table[by].to_numpy(dtype=np.float64)
        others = np.empty(0) if generated is None else np.full(len(generated.emotion), np.nan)
        if by == "mi" and generated is not None:
            others = generated.mi
        return _magnitude(by, f"{title} ({UNITS[by]})", values, others)
    labels, made = _labels(points, by), _generated_labels(generated, by)
    names = _order(points, by, labels, made)
    if by in ("emotion", "predicted"):
        known = colour_map(names, emotions=True)
    elif by == "error":
        known = {name: RIGHT_COLOURS[name] for name in names}
    elif by == "part":
        known = {name: PART_COLOURS.get(name, UNKNOWN) for name in names}
    else:
        known = colour_map(names)
    shown = tuple(names)
    colours = [known[name] for name in names]
    rest = sorted(set(labels.dropna()) - set(names))
    unlabelled = int(labels.isna().sum()) > 0
    if rest:
        shown += (f"{len(rest)} others",)
        colours.append(UNKNOWN)
    elif unlabelled or made.isna().any():
        shown += ("none",)
        colours.append(UNKNOWN)
    place = {name: number for number, name in enumerate(names)}
    return Colouring(by, title, _codes(labels, place), _codes(made, place), shown, tuple(colours))


def _labels(points: MapPoints, by: str) -> pd.Series:
    if by != "error":
        return points.table[by].astype("object")
    label, predicted = points.table["label"], points.table["predicted"]
    verdict = pd.Series(np.where(label == predicted, RIGHT, WRONG), dtype="object")
    return verdict.where(label.isin(points.classes) & predicted.notna(), None)


def _generated_labels(generated: GeneratedPoints | None, by: str) -> pd.Series:
    if generated is None:
        return pd.Series([], dtype="object")
    if by == "emotion":
        return pd.Series(generated.emotion, dtype="object")
    if by == "predicted":
        return pd.Series(generated.predicted, dtype="object")
    if by == "error":
        pairs = zip(generated.emotion, generated.predicted, strict=True)
        return pd.Series([RIGHT if asked == found else WRONG for asked, found in pairs], dtype="object")
    return pd.Series([None] * len(generated.emotion), dtype="object")


def _order(points: MapPoints, by: str, values: pd.Series, others: pd.Series) -> list[str]:
    found = set(values.dropna()) | set(others.dropna())
    if by == "error":
        return [name for name in (RIGHT, WRONG) if name in found]
    if by == "part":
        return [name for name in PART_COLOURS if name in found]
    if by in ("emotion", "predicted"):
        rest = sorted(found - set(points.classes))
        return [name for name in points.classes if name in found] + rest
    counts = values.value_counts()
    largest = sorted(counts.index, key=lambda name: (-counts[name], str(name)))
    return sorted(largest if len(largest) <= MOST else largest[: MOST - 1], key=str)


def _codes(values: pd.Series, place: dict[str, int]) -> np.ndarray:
    codes = values.map(place).astype("float64").fillna(len(place))
    return codes.to_numpy(dtype=np.int64)


def _magnitude(by: str, title: str, values: np.ndarray, others: np.ndarray) -> Colouring:
    known = values[np.isfinite(values)]
    # The tails are clipped: a few extreme values would leave one colour to all others.
    low, high = (float(q) for q in np.quantile(known, [0.02, 0.98])) if len(known) else (0.0, 1.0)
    if high - low < 1e-6:
        low, high = low - 0.5, high + 0.5

    def codes(given: np.ndarray) -> np.ndarray:
        steps = np.clip((np.nan_to_num(given, nan=low) - low) / (high - low) * STEPS, 0, STEPS - 1).astype(np.int64)
        return np.where(np.isfinite(given), steps, STEPS)

    colours = (*gradient(STEPS), UNKNOWN)
    return Colouring(by, title, codes(values), codes(others), (), colours, (low, high))


def gradient(steps: int) -> tuple[str, ...]:
    """``steps`` colours along Viridis, dark (low) to bright (high).

    >>> gradient(2)
    ('#440154', '#FDE725')
    """
    ends = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in VIRIDIS], dtype=float)
    at = np.linspace(0, len(VIRIDIS) - 1, steps)
    channels = [np.interp(at, np.arange(len(VIRIDIS)), ends[:, k]).round().astype(int) for k in range(3)]
    return tuple(f"#{r:02X}{g:02X}{b:02X}" for r, g, b in zip(*channels, strict=True))
