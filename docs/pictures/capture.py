"""Starts the dashboard on the demo in a workspace of its own, opens every page in a browser and takes its picture."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy.spatial.distance import cdist

from benchmarks.pages import DRAWN, chromium, place, serve, stop
from core.demo import install_demo
from core.shipped import install_results
from core.workspace import Workspace
from dashboard.navigation import available
from docs.pictures import film
from docs.pictures.places import FILM, FILM_BYTES, FOLDER, MOST_BYTES, THEMES, still, write_stamp
from docs.pictures.places import film as film_file
from docs.pictures.scenes import RESTED, scene

WIDTH = 1280


def take(say: Callable[[str], None], *, only: Collection[str] = (), folder: Path = FOLDER) -> None:
    """Writes the pictures, and beside them what they were taken of, unless only some were.

    Args:
        say: is told what was written. only: names of pages, and FILM; all where empty.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _dashboard() as (workspace, address), chromium("--force-color-profile=srgb") as browser:
        # The first visit waits for the server's libraries.
        page = _open(browser, "light", {"width": WIDTH, "height": 900})
        page.goto(f"{address}/?run=demo")
        page.wait_for_function(DRAWN)
        page.wait_for_timeout(8000)
        page.context.close()
        # Overview comes first and in both themes before a page is left: it says where a person was.
        for spec in available():
            for theme in THEMES if not only or spec.name in only else ():
                shown = scene(spec.name)
                page = _open(browser, theme, {"width": WIDTH, "height": shown.height})
                _go(page, f"{address}/{place(spec)}?{shown.query(workspace)}", spec.title)
                shown.act(page)
                shot = page.screenshot(animations="disabled", caret="hide")
                page.context.close()
                file = still(spec.name, theme, folder)
                file.write_bytes(small(shot, MOST_BYTES))
                say(f"{file.name}: {file.stat().st_size:,} bytes")
        for theme in THEMES if not only or FILM in only else ():
            page = _open(browser, theme, film.SIZE)
            _go(page, f"{address}/latent_lab?run=demo", "Latent lab")
            frames = film.record(page)
            page.context.close()
            file = film_file(theme, folder)
            film.write(frames, file, FILM_BYTES)
            say(f"{file.name}: {file.stat().st_size:,} bytes, {len(frames)} frames, {len(frames) / film.RATE:.1f} s")
    if not only:
        write_stamp(folder)


def small(shot: bytes, most: int) -> bytes:
    """A PNG with a palette, of as many colours as ``most`` bytes allow.

    Half of the palette are the colours that the picture has most of, as they are: a background that is a shade off is
    seen at once. The others stand for all that is left.

    Raises:
        ValueError: it is larger with 32 colours.
    """
    image = Image.open(io.BytesIO(shot)).convert("RGB")
    found, place, count = np.unique(np.asarray(image).reshape(-1, 3), axis=0, return_inverse=True, return_counts=True)
    order = np.argsort(-count, kind="stable")
    for colours in (256, 128, 64, 32):
        palette = found[order[: colours // 2]]
        others = found[order[colours // 2 :]]
        if len(others):
            rest = Image.fromarray(others[None]).quantize(colours - len(palette)).convert("RGB")
            palette = np.concatenate([palette, np.unique(np.asarray(rest)[0], axis=0)])
        # Pillow's own search for the nearest colour of a palette is coarse.
        nearest = cdist(found, palette).argmin(axis=1).astype(np.uint8)
        drawn = Image.fromarray(nearest[place.reshape(image.height, image.width)])
        drawn.putpalette(palette.astype(np.uint8).tobytes())
        store = io.BytesIO()
        drawn.save(store, "PNG", optimize=True)
        if store.tell() <= most:
            return store.getvalue()
    raise ValueError(f"a picture of {store.tell():,} bytes with {colours} colours; show less of the page")


@contextmanager
def _dashboard() -> Iterator[tuple[Workspace, str]]:
    before = os.environ.get("MIRAGE_HOME")
    with tempfile.TemporaryDirectory(prefix="mirage-") as folder:
        workspace = Workspace(Path(folder) / "workspace")
        install_demo(workspace)
        install_results(workspace)
        os.environ["MIRAGE_HOME"] = str(workspace.root)
        process, address = serve(log=Path(folder) / "log")
        try:
            yield workspace, address
        finally:
            stop(process)
            if before is None:
                del os.environ["MIRAGE_HOME"]
            else:
                os.environ["MIRAGE_HOME"] = before


def _open(browser: Any, theme: str, size: dict[str, int]) -> Any:
    page = browser.new_context(viewport=size, color_scheme=theme, reduced_motion="reduce").new_page()
    page.set_default_timeout(90_000)
    return page


def _go(page: Any, address: str, title: str) -> None:
    page.goto(address)
    page.wait_for_function("title => document.querySelector('h1')?.innerText === title", arg=title)
    page.wait_for_function(DRAWN)
    page.wait_for_selector(RESTED)
    # Maps and curves fade in.
    page.wait_for_timeout(2000)
    page.wait_for_function(DRAWN)
