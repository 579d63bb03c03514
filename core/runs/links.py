"""The files of a run lie in its folder: links that lead out of it are refused, and so is what is no file."""

from __future__ import annotations

import os
import re
from pathlib import Path

from core.errors import BadInputError

_MOST_ENTRIES = 20_000
_SHARED = re.compile(r"([0-9a-f]{2})/\1[0-9a-f]{62}")


def refuse_links_out(folder: Path) -> None:
    """Looks at everything in a run's folder; the folder itself may be reached by a link.

    A snapshot of the Hugging Face hub is made of links into ``blobs`` of the same cached repository; these are part of
    it. So is what one of them leads on to in ``blobs`` of the cache itself, where its client keeps large files that
    several repositories have alike.

    Raises:
        BadInputError: names the link that leads elsewhere or nowhere, or the pipe, socket or device.
    """
    own = folder.resolve()
    allowed = [own]
    if own.parent.name == "snapshots":
        allowed.append(own.parent.parent / "blobs")
    places, seen = [own], 0
    while places:
        place = places.pop()
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    seen += 1
                    if seen > _MOST_ENTRIES:
                        raise BadInputError(f"{folder}: more than {_MOST_ENTRIES:,} files; no run has so many")
                    if entry.is_symlink():
                        _refuse(folder, Path(entry.path), allowed)
                    elif entry.is_dir():
                        places.append(Path(entry.path))
                    elif not entry.is_file() and os.path.lexists(entry.path):
                        raise BadInputError(f"{_inside(folder, entry.path)}: is no file; remove it from the run")
        except FileNotFoundError:
            # A job that works there replaces its checkpoints meanwhile.
            continue
        except OSError as error:
            raise BadInputError(f"{place}: cannot be read ({error.strerror})") from None


def _refuse(folder: Path, link: Path, allowed: list[Path]) -> None:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        raise BadInputError(
            f"{_inside(folder, link)}: is a link that leads nowhere; copy the run's folder again"
        ) from None
    inside = any(target.is_relative_to(place) for place in allowed) or _is_shared(link, target, allowed)
    if not inside or not target.is_file():
        raise BadInputError(
            f"{_inside(folder, link)}: is a link out of the run, or to a folder, and is not followed; "
            "put a copy in its place"
        )


def _is_shared(link: Path, target: Path, allowed: list[Path]) -> bool:
    """Whether a link leads by way of the repository's ``blobs`` to a file in those of the hub's whole cache."""
    if len(allowed) < 2:
        return False
    blobs = allowed[1]
    shared = blobs.parent.parent / "blobs"
    first = Path(os.path.normpath(link.parent / link.readlink()))
    return (
        first.parent == blobs
        and _SHARED.fullmatch(target.relative_to(shared).as_posix() if target.is_relative_to(shared) else "")
        is not None
        and (shared / ".huggingface-shared-blobs").is_file()
    )


def _inside(folder: Path, path: str | Path) -> Path:
    """The path as it was named: by way of the folder as it was given, not of where that really is."""
    return folder / Path(path).relative_to(folder.resolve())
