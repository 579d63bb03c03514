"""Bounded reading of files that anybody may have made: no pipe that never ends, no file without limit, strict JSON."""

from __future__ import annotations

import errno
import json
import math
import os
import stat
from pathlib import Path
from typing import IO, Any

from core.errors import BadInputError

MOST_JSON = 64 << 20
"""Bytes of the largest JSON file that is read at all; readers of a run's files ask for less."""

_DEPTH = 64
_PIECE = 1 << 16
_LARGEST_INTEGER = 1 << 128
_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def open_plain(path: str | Path) -> IO[bytes]:
    """Opens a plain file for reading, or what a link leads to; never waits for a pipe or a device.

    Raises:
        BadInputError: it is missing, no plain file, or must not be read.
    """
    try:
        kind = stat.S_IFMT(os.stat(path).st_mode)  # noqa: PTH116 (a path with a null character is told as any other)
        if kind in _KINDS:
            raise BadInputError(f"{path}: is {_KINDS[kind]}, not a file; remove it and copy the file again")
        if kind == stat.S_IFDIR:
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        # Not to wait even where a pipe has taken its place meanwhile.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        return os.fdopen(handle, "rb")
    except FileNotFoundError:
        raise BadInputError(f"{path}: the file is missing") from None
    except (OSError, ValueError) as error:
        raise BadInputError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from None


def read_whole(path: str | Path, most: int) -> bytes:
    """All bytes of a plain file.

    Raises:
        BadInputError: as ``open_plain``, or it has more than ``most`` bytes.
    """
    with open_plain(path) as file:
        size = os.fstat(file.fileno()).st_size
        too_large = f"{path}: more than {most:,} bytes, which no such file of MIRAGE has; copy it again"
        if size > most:
            raise BadInputError(too_large)
        try:
            # No more than there is: Python makes room for as much as it is asked for.
            content = file.read(size)
            while size < most and (more := file.read(min(_PIECE, most + 1 - len(content)))):
                content += more
        except OSError as error:
            raise BadInputError(f"{path}: cannot be read ({error.strerror or error})") from None
    if len(content) > most:
        raise BadInputError(too_large)
    return content


def named_path(name: str) -> Path:
    """A path as a person or a file names it, ``~`` followed; what cannot be a path is one that leads nowhere.

    >>> named_path("a" * 5000).exists()
    False
    """
    try:
        path = Path(name).expanduser()
        path.exists()
    except (OSError, RuntimeError, ValueError):
        # A name too long, an unknown user, a folder that must not be entered, a null character.
        return Path("/dev/null/nowhere")
    return path


def parse_json(content: bytes) -> Any:
    """The values of JSON in UTF-8: each key once, numbers that a float can hold, at most 64 levels, no half surrogates.

    Raises:
        ValueError: it is not that.
    """
    try:
        values = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_once,
            parse_float=_float,
            parse_int=_integer,
            parse_constant=_no_number,
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None
    level = [values]
    for _ in range(_DEPTH):
        level = [
            item
            for value in level
            if isinstance(value, dict | list)
            for item in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            break
    else:
        raise ValueError("nested too deeply")
    if b"\\ud" in content or b"\\uD" in content:
        # Half of a pair is no text: it could be neither printed nor written.
        json.dumps(values, ensure_ascii=False).encode("utf-8")
    return values


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:60]!r} occurs twice")
    return content


def _float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError("a number that is too large")
    return value


def _integer(digits: str) -> int:
    value = int(digits) if len(digits) <= 40 else _LARGEST_INTEGER
    if abs(value) >= _LARGEST_INTEGER:
        raise ValueError("a number that is too large")
    return value


def _no_number(name: str) -> Any:
    raise ValueError(f"{name}, which JSON does not have")
