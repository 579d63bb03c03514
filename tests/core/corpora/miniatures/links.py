"""Many clips at the price of one: hard links to a tiny file."""

from __future__ import annotations

import os
from pathlib import Path

from .sound import write_clip


class Clips:
    """Puts a clip of 0.1 s at any number of places; ``rate`` in Hz."""

    def __init__(self, folder: Path, *, rate: int = 16_000) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._source = write_clip(folder / ".source.wav", 0.1, rate=rate)

    def put(self, path: Path) -> Path:
        """A clip at ``path``."""
        path.parent.mkdir(parents=True, exist_ok=True)
        os.link(self._source, path)
        return path
