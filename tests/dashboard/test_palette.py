"""Colours can be told apart, also by eyes that lack one kind of cone, and are legible on both pages."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest

from core.corpora import EMOTIONS
from dashboard import palette, theme

# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
VISION = {
    "normal": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
MAIN_FOUR = EMOTIONS[:4]
MAIN_SEVEN = EMOTIONS[:7]


def linear(colour: str) -> np.ndarray:
    values = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def oklab(rgb: np.ndarray) -> np.ndarray:
    """Ottosson's OKLab, in which distances are about those of the eye."""
    lms = np.cbrt(
        np.array([[0.41222, 0.53633, 0.05145], [0.21190, 0.68070, 0.10740], [0.08830, 0.28172, 0.62998]])
        @ np.clip(rgb, 0, 1)
    )
    return np.array([[0.21045, 0.79362, -0.00407], [1.97800, -2.42859, 0.45059], [0.02590, 0.78277, -0.80868]]) @ lms


def smallest_distance(names: tuple[str, ...], vision: str) -> float:
    points = [oklab(VISION[vision] @ linear(palette.emotion_colour(name))) for name in names]
    return min(float(np.linalg.norm(a - b)) for i, a in enumerate(points) for b in points[:i])


def contrast(a: str, b: str) -> float:
    light, dark = sorted((float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (a, b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize(("names", "least"), [(MAIN_FOUR, 0.14), (MAIN_SEVEN, 0.10), (EMOTIONS, 0.045)])
def test_emotions_are_told_apart(names: tuple[str, ...], least: float, vision: str) -> None:
    # 0.02 is about what can just be noticed side by side.
    factor = 0.8 if vision == "tritanopia" else 1.0  # 1 in 10,000 people; the search weighed it less
    assert smallest_distance(names, vision) >= least * factor


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("emotion", EMOTIONS)
def test_legible_on_both_pages(emotion: str, mode: str) -> None:
    page = tomllib.loads(theme.THEME_FILE.read_text(encoding="utf-8"))["theme"][mode]["backgroundColor"]
    assert contrast(palette.emotion_colour(emotion), page) >= 2.25


@pytest.mark.parametrize(("vision", "least"), [("normal", 0.08), ("deuteranopia", 0.05), ("protanopia", 0.05)])
def test_each_further_category_is_told_from_those_before(vision: str, least: float) -> None:
    points = [oklab(VISION[vision] @ linear(colour)) for colour in palette.MANY_COLOURS]
    first = len(palette.CATEGORY_COLOURS)
    assert min(float(np.linalg.norm(a - b)) for i, a in enumerate(points[first:], first) for b in points[:i]) >= least


def test_every_emotion_has_its_own_colour() -> None:
    assert tuple(palette.EMOTION_COLOURS) == EMOTIONS
    assert len(set(palette.EMOTION_COLOURS.values())) == len(EMOTIONS)


def test_modalities_differ_by_shape() -> None:
    assert len(set(palette.MODALITY_SYMBOLS.values())) == 3


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_and_buttons_of_the_theme_can_be_read(mode: str) -> None:
    colours = tomllib.loads(theme.THEME_FILE.read_text(encoding="utf-8"))["theme"][mode]
    assert contrast(colours["textColor"], colours["backgroundColor"]) >= 7
    assert contrast(colours["textColor"], colours["secondaryBackgroundColor"]) >= 7
    assert contrast("#FFFFFF", colours["primaryColor"]) >= 4
