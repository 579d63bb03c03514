"""Audio paths stay inside the corpus folder."""

from __future__ import annotations

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
