"""Atomic writes: write beside, fsync, rename. A reader sees the old content or the new, never a half."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.errors import BadInputError, FailureError
from core.reading import MOST_JSON, parse_json, read_whole

_UMASK_LOCK = threading.Lock()
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)
_VANISHED = (errno.ESTALE, errno.EIO, errno.ENODEV, errno.ENXIO)
_NO_PLACE = {
    errno.ENOTDIR: "a file is where its folder should be",
    errno.EEXIST: "a file is where its folder should be",
    errno.EISDIR: "a folder is there",
    errno.ENOTEMPTY: "a folder is there",
    errno.ENAMETOOLONG: "the name is too long",
}


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Gives a temporary path beside ``target``; on success it is flushed and renamed onto ``target``.

    Raises:
        FailureError: the disk is full or the folder cannot be written; ``target`` is then as it was.
        BadInputError: no file can have that name, since a folder is there or a file is where a folder should be.
    """
    target = Path(target)
    with clear_disk_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            _fsync(temporary)
            # mkstemp makes files private; what MIRAGE writes is as readable as the umask allows.
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(target)
            _fsync(target.parent)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def atomic_directory(target: Path) -> Iterator[Path]:
    """Gives a temporary folder beside ``target``; on success it takes ``target``'s place, complete or not at all."""
    target = Path(target)
    with clear_disk_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent))
        try:
            yield temporary
            for path in temporary.rglob("*"):
                if path.is_file():
                    _fsync(path)
            temporary.chmod(0o777 & ~_umask())
            if target.exists():
                old = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".old", dir=target.parent))
                target.rename(old / "content")
                temporary.rename(target)
                shutil.rmtree(old, ignore_errors=True)
            else:
                temporary.rename(target)
            _fsync(target.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def write_bytes(target: Path, content: bytes) -> None:
    """Writes ``content`` to ``target`` atomically."""
    with atomic_path(target) as temporary:
        temporary.write_bytes(content)


def write_text(target: Path, content: str) -> None:
    """Writes ``content`` to ``target`` atomically, as UTF-8."""
    write_bytes(target, content.encode("utf-8"))


def write_json(target: Path, content: Any) -> None:
    """Writes ``content`` as indented JSON, atomically. NaN is written as null: JSON has no NaN."""
    write_text(target, json.dumps(finite(content), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path, most: int = MOST_JSON) -> Any:
    """Reads a JSON file of at most ``most`` bytes; see ``core.reading.parse_json`` for what is accepted.

    Raises:
        BadInputError: the file is missing, no plain file, too large or is not JSON.
    """
    content = read_whole(path, most)
    try:
        return parse_json(content)
    except ValueError as error:
        raise BadInputError(f"{path}: not readable as JSON ({error}); the file is damaged") from None


def finite(value: Any) -> Any:
    """``value`` with every NaN and infinity replaced by None: JSON has neither."""
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


@contextmanager
def clear_disk_errors(target: Path) -> Iterator[None]:
    """Turns what the operating system says of a write to ``target`` into one clear line.

    Raises:
        FailureError: the disk is full, or the folder cannot be written or is gone.
        BadInputError: no file can have that name.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise FailureError(f"{target}: the disk is full; free some space and run the command again") from error
        if error.errno in _FORBIDDEN:
            raise FailureError(
                f"{target}: cannot be written ({error.strerror}); set MIRAGE_HOME to a folder of your own"
            ) from error
        if error.errno in _VANISHED or _without_folder(error):
            raise FailureError(
                f"{target}: its folder is not there any more; put it back, or mount its disk, and run the command again"
            ) from error
        if error.errno in _NO_PLACE:
            raise BadInputError(f"{target}: cannot be written: {_NO_PLACE[error.errno]}; give another name") from error
        raise


def _without_folder(error: OSError) -> bool:
    """Whether a file was not found because its very folder is gone."""
    if error.errno != errno.ENOENT or not isinstance(error.filename, str | os.PathLike):
        return False
    return not Path(error.filename).parent.exists()


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _umask() -> int:
    # It can only be read by setting it; two threads that do so at once would leave it at 0 for good.
    with _UMASK_LOCK:
        mask = os.umask(0o077)
        os.umask(mask)
    return mask
