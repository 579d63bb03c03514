"""Audio paths stay inside the corpus folder."""

from __future__ import annotations

import os
import re
from pathlib import Path

from core.corpora.problems import printable
from core.errors import BadInputError


def path_fault(relative: str) -> str | None:
    """Why ``relative`` cannot be a path inside a corpus folder, judged by its text alone; None if it can.

    >>> path_fault("wav/a.wav"), path_fault("../a.wav")
    (None, "the path leaves the folder ('..')")
    """
    if not relative.strip():
        return "the path is empty"
    if "\0" in relative:
        return "the path holds a null character"
    if relative.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", relative):
        return "the path is absolute"
    if ".." in re.split(r"[/\\]", relative):
        return "the path leaves the folder ('..')"
    try:
        relative.encode("utf-8")
    except UnicodeEncodeError:
        return "the file name is not valid UTF-8"
    return None


def inside(root: Path, relative: str) -> Path:
    """The file ``relative`` of the folder ``root``, there or not.

    Raises:
        BadInputError: the path, or a link on it, leads out of ``root``.
    """
    fault = path_fault(relative)
    if fault is None:
        path = root / relative
        try:
            if path.resolve().is_relative_to(root.resolve()):
                return path
            fault = "a link leads out of the folder"
        except (OSError, RuntimeError):  # a link that leads to itself
            fault = "the path cannot be followed"
    raise BadInputError(f"{printable(relative)}: {fault}; only files inside {printable(str(root))} are read")


def user_path(path: str | Path) -> Path:
    """A path that a person named, ``~`` followed; it need not be there.

    Raises:
        BadInputError: there is no such user.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise BadInputError(f"{printable(str(path))}: there is no home folder of this user") from None


def is_file(path: Path) -> bool:
    """As ``Path.is_file``; what cannot be a file for the length of its name is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def table_path(root: Path, table: str | Path) -> Path:
    """Where a table is that a person named: in the working directory, else in ``root``; it need not be there.

    Raises:
        BadInputError: it begins with ``~`` and a user that is not there.
    """
    path = user_path(table)
    if not path.is_absolute() and not is_file(path) and is_file(root / path):
        path = root / path
    return path.absolute()


class Folder:
    """``inside`` for many files of one folder: links are followed once for each folder on the way.

    Threads may share it: at worst a folder is looked up twice.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._plain: dict[str, bool] = {}

    def inside(self, relative: str) -> Path:
        """As ``inside``.

        Raises:
            BadInputError: the path, or a link on it, leads out of the folder.
        """
        parent, _, name = relative.rpartition("/")
        plain = self._plain.get(parent)
        if plain is None:
            try:
                plain = path_fault(parent or ".") is None and not self._has_links(parent)
            except (OSError, RuntimeError, ValueError):
                plain = False
            self._plain[parent] = plain
        path = self._root / relative
        if not plain or not name or name in (".", "..") or "\\" in name or path_fault(name) is not None:
            return inside(self._root, relative)
        try:
            return inside(self._root, relative) if os.path.islink(path) else path  # noqa: PTH114 (twice as fast)
        except (OSError, ValueError):
            return inside(self._root, relative)

    def _has_links(self, parent: str) -> bool:
        root = self._root.resolve()
        return (self._root / parent).resolve() != root / parent
