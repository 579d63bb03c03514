"""What was deleted lies in ``trash/`` of the workspace and can come back, until somebody empties it."""

from __future__ import annotations

import os
import re
import shutil
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from secrets import token_hex

from core.errors import BadInputError, MirageError
from core.files import clear_disk_errors, read_json, write_json
from core.workspace import Workspace, check_name

FOLDER = "trash"
KINDS = ("run", "benchmark")

_NOTE = "deleted.json"
_TOKEN = re.compile(r"\d{13}-[0-9a-f]{8}")


@dataclass(frozen=True)
class Deleted:
    """Something in the trash: ``token`` names it there; ``when`` in seconds since the epoch, ``size`` in bytes."""

    token: str
    kind: str
    name: str
    when: float
    size: int = 0


def discard(workspace: Workspace, kind: str, name: str) -> Deleted:
    """Moves a folder into the trash, whole or not at all.

    The caller sees to it that nobody works on it.

    Args:
        kind: ``run`` or ``benchmark``.

    Raises:
        BadInputError: there is nothing of that name. FailureError: the workspace cannot be written.
    """
    source = place_of(workspace, kind, name)
    if not source.is_dir():
        raise BadInputError(f"there is no {kind} {name!r} in {source.parent}")
    root = workspace.root / FOLDER
    with clear_disk_errors(root):
        # Never the same twice, also when the trash was emptied: an old Undo must not bring back another thing.
        holder = root / f"{int(1000 * time.time()):013d}-{token_hex(4)}"
        holder.mkdir(parents=True)
    found = Deleted(holder.name, kind, name, time.time())
    try:
        # The note first: what is in the trash can always be told.
        write_json(holder / _NOTE, {key: value for key, value in asdict(found).items() if key != "size"})
        with clear_disk_errors(source):
            source.rename(holder / "content")
    except BaseException:
        if not (holder / "content").exists():
            shutil.rmtree(holder, ignore_errors=True)
        raise
    return found


def restore(workspace: Workspace, token: str) -> Deleted:
    """Puts something back where it was.

    Raises:
        BadInputError: it is not in the trash (any more), or its name is taken by now.
        FailureError: the workspace cannot be written.
    """
    found = next((item for item in deleted(workspace, sizes=False) if item.token == token), None)
    if found is None:
        raise BadInputError(f"{token}: not in the trash any more; `mirage trash` lists what is there")
    target = place_of(workspace, found.kind, found.name)
    if target.exists():
        raise BadInputError(
            f"there is another {found.kind} {found.name!r} by now; delete or rename that one, then restore this one"
        )
    holder = workspace.root / FOLDER / token
    with clear_disk_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        (holder / "content").rename(target)
    shutil.rmtree(holder, ignore_errors=True)
    return found


def deleted(workspace: Workspace, *, sizes: bool = True) -> list[Deleted]:
    """What is in the trash, the last first; without ``sizes`` it is not measured."""
    found = []
    for holder in _holders(workspace):
        if not (holder / "content").is_dir():
            continue
        try:
            note = read_json(holder / _NOTE)
            kind, name = str(note["kind"]), check_name(str(note["name"]), "job")
            when = float(note["when"])
        except (MirageError, KeyError, TypeError, ValueError):
            continue
        if kind in KINDS:
            size = _size(holder / "content") if sizes else 0
            found.append(Deleted(holder.name, kind, name, when, size))
    return found


def empty_trash(workspace: Workspace) -> int:
    """Removes for good what is in the trash; returns how many things that were."""
    count = 0
    for holder in _holders(workspace):
        count += (holder / "content").exists()
        # Somebody else may empty it, or bring something back, at the same time.
        with clear_disk_errors(holder), suppress(FileNotFoundError):
            shutil.rmtree(holder)
    return count


def _holders(workspace: Workspace) -> list[Path]:
    """Where each thing in the trash lies, the last first."""
    root = workspace.root / FOLDER
    try:
        return sorted((path for path in root.iterdir() if _TOKEN.fullmatch(path.name)), reverse=True)
    except FileNotFoundError:
        return []


def _size(folder: Path) -> int:
    """Bytes of all files, as far as they are still there."""
    whole = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                whole += (Path(place) / name).lstat().st_size
    return whole


def place_of(workspace: Workspace, kind: str, name: str) -> Path:
    """The folder of a run or a benchmark, there or not."""
    return (workspace.runs if kind == "run" else workspace.benchmarks) / check_name(name, kind)
