"""Where the units of a benchmark are kept: as files on a disk, or in the memory of a worker far from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.errors import MirageError
from core.files import read_json, write_json

Cell = dict[str, Any]


class Shelf:
    """A JSON file for each unit."""

    def read(self, path: Path) -> Cell | None:
        """A unit that is done; None where there is none, or a damaged one, which is then done again."""
        return read_cell(path)

    def write(self, path: Path, content: Cell) -> None:
        """Keeps a unit, whole or not at all."""
        write_json(path, content)


class Tray(Shelf):
    """Units in memory, by the names of their files: what a task needs is laid on it, what it makes is taken off."""

    def __init__(self) -> None:
        self._there: dict[str, Cell] = {}
        self._made: dict[str, Cell] = {}

    def read(self, path: Path) -> Cell | None:
        return self._there.get(path.name)

    def write(self, path: Path, content: Cell) -> None:
        self._there[path.name] = self._made[path.name] = content

    def lay(self, units: dict[str, Cell]) -> None:
        """Forgets everything but these."""
        self._there, self._made = dict(units), {}

    def take(self) -> dict[str, Cell]:
        """What was made since it was last asked."""
        made, self._made = self._made, {}
        return made


def read_cell(path: Path) -> Cell | None:
    """The unit in a file; None where there is none, or a damaged one."""
    if not path.is_file():
        return None
    try:
        content = read_json(path)
    except MirageError:
        return None
    return content if isinstance(content, dict) and isinstance(content.get("audio"), dict) else None
