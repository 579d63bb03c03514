"""Copies of the same clip in one folder: archives are often unpacked into themselves, or hold two formats."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

# As the clips came first, then what was made from them with loss, then video.
_ORDER = ({".wav", ".flac", ".aif", ".aiff", ".au", ".caf", ".w64"}, {".ogg", ".opus", ".mp3"})


def without_copies(root: Path, files: Iterable[str], key: Callable[[str], str]) -> tuple[list[str], int]:
    """The files less copies, in their order, and how many were passed over.

    Of files with the same ``key`` the best format stays, and of that every file of another size: two clips of one
    name that differ are no copies, and ``ingest`` names them.
    """
    groups: dict[str, list[str]] = {}
    for file in files:
        groups.setdefault(key(file), []).append(file)
    kept: list[str] = []
    passed = 0
    for group in groups.values():
        chosen = group if len(group) == 1 else _distinct(root, group)
        kept += chosen
        passed += len(group) - len(chosen)
    return kept, passed


def copies_remark(passed: int) -> list[str]:
    """What to tell of them."""
    return [f"{passed} copies of clips were passed over"] if passed else []


def _distinct(root: Path, group: list[str]) -> list[str]:
    best = min(_rank(file) for file in group)
    chosen: dict[int, str] = {}
    for file in group:
        if _rank(file) == best:
            try:
                size = (root / file).stat().st_size
            except OSError:
                size = -1
            chosen.setdefault(size, file)
    return list(chosen.values())


def _rank(file: str) -> int:
    suffix = PurePosixPath(file).suffix.lower()
    return next((rank for rank, suffixes in enumerate(_ORDER) if suffix in suffixes), len(_ORDER))
