"""The lab in motion: a pointer drags two codes, then the shares of the emotions, while the stars move on the map.

Frame after frame is taken, each after the lab has drawn it, and shown at a steady pace: how fast the machine is does
not show. Animated WebP, which browsers and the viewers of repositories play without anything else.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

RATE = 15
"""Frames a second."""
SIZE = {"width": 1280, "height": 815}
MARGIN = 12

POINTER = """() => {
    const arrow = document.createElement('div');
    arrow.id = 'taken-pointer';
    arrow.style = 'position:fixed;left:0;top:0;z-index:2147483647;pointer-events:none;will-change:transform';
    arrow.innerHTML = '<svg width="26" height="26" viewBox="0 0 24 24"><path d="M4 2l15 12-7 .8 4 7-3 1.6-3.900-7.100'
        + 'L4 21z" fill="#111827" stroke="#fff" stroke-width="1.500"/></svg>';
    document.body.append(arrow);
    addEventListener('pointermove', (event) => {
        arrow.style.transform = `translate(${event.clientX - 4}px, ${event.clientY - 2}px)`;
    }, true);
}"""
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def record(page: Any) -> list[Image.Image]:
    """Frames of the gestures; ``page`` shows the lab, drawn."""
    page.locator(".lab[data-ready]").wait_for()
    page.evaluate(POINTER)
    camera = _Camera(page)
    codes = camera.box("canvas.pad:visible")
    camera.go(*_inside(codes, 0.9, -0.9), 0.3)
    camera.go(*_inside(codes, 0.0, 0.0), 0.7)
    page.mouse.down()
    camera.along(lambda s: _inside(codes, 0.9 * math.sin(s), 0.75 * math.sin(2 * s)), 2 * math.pi, 3.4)
    page.mouse.up()
    camera.rest(0.2)
    # The emotions lie all over the map, the codes within one of them.
    for button in ("Whole map", "Mixture"):
        camera.go(*_inside(camera.box(f'button:text-is("{button}")'), 0, 0), 0.5)
        page.mouse.down()
        page.mouse.up()
        camera.rest(0.2)
    shares = camera.box("canvas.pad:visible")
    camera.go(*_inside(shares, 0, 0), 0.4)
    page.mouse.down()
    camera.along(lambda s: _inside(shares, *_round(s)), 1.0, 4.2)
    page.mouse.up()
    camera.rest(0.6)
    return camera.frames


def write(frames: list[Image.Image], file: Path, most: int) -> None:
    """Writes the frames, as good as ``most`` bytes allow.

    Raises:
        ValueError: they do not fit at the lowest quality that is readable.
    """
    for quality in (72, 60, 48, 36):
        store = io.BytesIO()
        options = {"duration": round(1000 / RATE), "loop": 0, "quality": quality, "method": 4, "kmax": 60}
        frames[0].save(store, "WEBP", save_all=True, append_images=frames[1:], **options)
        if store.tell() <= most:
            file.write_bytes(store.getvalue())
            return
    raise ValueError(f"{file.name}: {store.tell():,} bytes at quality {quality}, more than {most:,}")


class _Camera:
    def __init__(self, page: Any) -> None:
        self.page = page
        self.frames: list[Image.Image] = []
        lab = page.locator(".lab").bounding_box()
        top, left = max(lab["y"] - MARGIN, 0), max(lab["x"] - MARGIN, 0)
        self.clip = {"x": left, "y": top, "width": lab["width"] + 2 * MARGIN, "height": SIZE["height"] - top}
        self.at = (left + 0.7 * lab["width"], top + 0.5 * lab["height"])

    def box(self, selector: str) -> dict[str, float]:
        return self.page.locator(selector).first.bounding_box()

    def take(self) -> None:
        self.page.evaluate(DRAWN)
        shot = self.page.screenshot(clip=self.clip, animations="allow", caret="hide")
        self.frames.append(Image.open(io.BytesIO(shot)).convert("RGB"))

    def rest(self, seconds: float) -> None:
        for _ in range(round(seconds * RATE)):
            self.page.wait_for_timeout(60)
            self.take()

    def go(self, x: float, y: float, seconds: float) -> None:
        """Moves the pointer as a hand does, slow at both ends."""
        begin, count = self.at, max(round(seconds * RATE), 1)
        for frame in range(1, count + 1):
            share = 0.5 - 0.5 * math.cos(math.pi * frame / count)
            self._move(begin[0] + share * (x - begin[0]), begin[1] + share * (y - begin[1]))

    def along(self, where: Callable[[float], tuple[float, float]], length: float, seconds: float) -> None:
        """Follows a path whose parameter goes from 0 to ``length``."""
        count = round(seconds * RATE)
        for frame in range(1, count + 1):
            self._move(*where(length * frame / count))

    def _move(self, x: float, y: float) -> None:
        # Several small moves, as a hand makes them between two frames.
        self.page.mouse.move(x, y, steps=2)
        self.at = (x, y)
        self.take()


def _inside(box: dict[str, float], x: float, y: float) -> tuple[float, float]:
    """A place in a pad, x and y from -1 to 1 between its edges, which are 26 of its 180 units away from the rim."""
    half_x, half_y = box["width"] / 2, box["height"] / 2
    inner = 1 - 26 / 90
    return box["x"] + half_x * (1 + inner * x), box["y"] + half_y * (1 - inner * y)


def _round(share: float) -> tuple[float, float]:
    """From the middle outwards, once around, and back to the middle."""
    radius = min(share / 0.15, 1.0, (1 - share) / 0.15) * 0.95
    angle = math.pi / 2 + 2 * math.pi * min(max((share - 0.1) / 0.8, 0.0), 1.0)
    return radius * math.cos(angle), radius * math.sin(angle)
