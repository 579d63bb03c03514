"""Pictures of the documentation: small, with the colours of the page, and known to be old when the page changes."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dashboard.navigation import PAGES
from docs.pictures import film, places
from docs.pictures.capture import small
from docs.pictures.scenes import SCENES, scene


def _png(pixels: np.ndarray) -> bytes:
    store = io.BytesIO()
    Image.fromarray(pixels).save(store, "PNG")
    return store.getvalue()


def _page() -> np.ndarray:
    """Two near greys as backgrounds, and noise of thousands of colours in a corner."""
    pixels = np.full((300, 400, 3), 255, dtype=np.uint8)
    pixels[:, :100] = (248, 249, 251)
    pixels[200:, 300:] = np.random.default_rng(0).integers(0, 256, (100, 100, 3))
    return pixels


def test_backgrounds_keep_their_colour_and_the_file_is_small() -> None:
    made = Image.open(io.BytesIO(small(_png(_page()), 20_000)))
    assert made.mode == "P"
    assert made.convert("RGB").getpixel((50, 50)) == (248, 249, 251)
    assert made.convert("RGB").getpixel((200, 50)) == (255, 255, 255)


def test_a_picture_that_cannot_be_made_small_is_refused() -> None:
    with pytest.raises(ValueError, match="show less of the page"):
        small(_png(_page()), 1_000)


def test_a_film_moves_and_fits(tmp_path: Path) -> None:
    frames = [Image.fromarray(np.roll(_page(), 7 * turn, axis=1)) for turn in range(5)]
    file = tmp_path / "film.webp"
    film.write(frames, file, 400_000)
    made = Image.open(file)
    assert (made.n_frames, made.info["loop"]) == (5, 0)  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="more than 2,000"):
        film.write(frames, file, 2_000)


def test_the_shown_film_is_one_of_eight_to_twelve_seconds() -> None:
    for theme in places.THEMES:
        made = Image.open(places.film(theme))
        seconds = 0.0
        for frame in range(made.n_frames):  # type: ignore[attr-defined]
            made.seek(frame)
            made.load()
            seconds += made.info["duration"] / 1000
        assert 8 <= seconds <= 12
        assert made.width >= 800


def test_pictures_are_old_when_a_page_changes(tmp_path: Path) -> None:
    for folder in ("dashboard", "pages"):
        (tmp_path / folder).mkdir()
    page = tmp_path / "pages" / "jobs.py"
    page.write_text("1\n")
    (tmp_path / "dashboard" / "frontend").mkdir()
    before = places.fingerprint(tmp_path)
    (tmp_path / "dashboard" / "frontend" / "tool.py").write_text("no part of what is shown\n")
    assert places.fingerprint(tmp_path) == before
    page.write_text("2\n")
    assert places.fingerprint(tmp_path) != before
    assert places.stale(tmp_path)
    places.write_stamp(tmp_path)
    assert not places.stale(tmp_path)


def test_scenes_are_of_pages_that_are_there() -> None:
    assert set(SCENES) <= {page.name for page in PAGES}
    assert scene("a page without one").height == 900
