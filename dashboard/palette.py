"""Colours and marker shapes, the same on every page and in every figure.

Emotions have one colour for light and for dark pages. They were chosen by a search that kept each near the hue that
readers expect, kept every colour legible on white and on the dark page, and pushed apart what remains of them under
simulated deuteranopia, protanopia and tritanopia (tests/dashboard/test_palette.py measures it again). What a point is
- audio, text or generated - is said by its shape, never by colour alone.
"""

from __future__ import annotations

from collections.abc import Iterable

ACCENT = "#0E7490"
"""The one accent colour: buttons, links, a single series."""

MUTED = "#8A94A0"
"""For what is not selected, for reference lines and for raw curves behind smoothed ones."""

EMOTION_COLOURS: dict[str, str] = {
    "angry": "#C41B07",
    "happy": "#B49903",
    "sad": "#4C94FD",
    "neutral": "#757F94",
    "fear": "#864BC3",
    "disgust": "#226F54",
    "surprise": "#E690BC",
    "contempt": "#BD7949",
    "boredom": "#57707D",
    "calm": "#2D986F",
    "frustrated": "#A34544",
    "excited": "#B8AC5A",
    "other": "#989299",
}

MODALITY_SYMBOLS: dict[str, str] = {"audio": "circle", "text": "diamond", "generated": "star"}
"""Plotly marker symbols."""

UNKNOWN = MUTED
"""Utterances whose annotators did not agree."""

# Speakers, sessions, runs: told apart by order, so the eight most distinct ones come first.
CATEGORY_COLOURS: tuple[str, ...] = (
    "#0E7490",
    "#C2570C",
    "#7C5CC4",
    "#3F8F3B",
    "#B83280",
    "#8C6D1F",
    "#4C94FD",
    "#757F94",
)

# As many as the map still tells apart: found one after another, each as far as could be from those before, also under
# simulated deuteranopia and protanopia.
MANY_COLOURS: tuple[str, ...] = (
    *CATEGORY_COLOURS,
    "#B0B070",
    "#E090C0",
    "#5010F0",
    "#903030",
    "#8020A0",
    "#F05060",
    "#F050E0",
    "#F09010",
    "#106050",
    "#B09090",
    "#4060F0",
    "#1090C0",
    "#3040C0",
    "#20C030",
    "#D060B0",
    "#609070",
)

SEQUENTIAL = "Viridis"
"""Plotly colour scale for a magnitude (spectrograms, density, novelty)."""

DIVERGING = "RdBu_r"
"""Plotly colour scale for a signed value around zero (pointwise mutual information)."""


def emotion_colour(emotion: str | None) -> str:
    """The colour of an emotion; grey for no agreement or a merged class outside the vocabulary.

    >>> emotion_colour("angry")
    '#C41B07'
    >>> emotion_colour(None) == UNKNOWN
    True
    """
    return EMOTION_COLOURS.get(emotion, UNKNOWN) if isinstance(emotion, str) else UNKNOWN


def colour_map(names: Iterable[str], *, emotions: bool = False) -> dict[str, str]:
    """A colour for each name: the emotions' own, or by order for speakers, sessions and runs.

    >>> colour_map(["a", "b"])["a"] == CATEGORY_COLOURS[0]
    True
    """
    if emotions:
        return {name: emotion_colour(name) for name in names}
    wanted = list(names)
    colours = CATEGORY_COLOURS if len(wanted) <= len(CATEGORY_COLOURS) else MANY_COLOURS
    return {name: colours[i % len(colours)] for i, name in enumerate(wanted)}


def rgba(colour: str, alpha: float) -> str:
    """``#RRGGBB`` with an opacity, as CSS.

    >>> rgba("#0E7490", 0.5)
    'rgba(14, 116, 144, 0.5)'
    """
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {alpha:g})"
