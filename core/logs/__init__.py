"""Structured logs without anything private: ``event("checkpoint", run="a", step=400)``.

One event a line, as JSON or for reading. Fields are those of ``event`` and no others, and each is held to its kind: no
sentence, no path of a clip, no address and nothing that somebody typed has a field it could stand in. docs/logs.md says
which events there are.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import warnings
from pathlib import Path
from typing import IO, Any

from core.errors import BadInputError
from core.logs.format import JsonLines, Readable, readable
from core.logs.said import message_of, place_in, place_of

__all__ = [
    "JsonLines",
    "Readable",
    "debugging",
    "event",
    "fault",
    "handler",
    "mode",
    "place_in",
    "readable",
    "start",
    "started",
]

MODES = ("json", "text")
_LOGGER = logging.getLogger("mirage")
_LOGGER.addHandler(logging.NullHandler())
_LOGGER.setLevel(logging.INFO)

_NAME = re.compile(r"[A-Za-z0-9._@+-]{1,128}")
_PLACE = re.compile(r"[A-Za-z0-9._/@+<>-]{1,200}:\d+")
_UNFIT = "?"
_handler: logging.Handler | None = None


def event(
    name: str,
    *,
    level: str = "info",
    run: str | None = None,
    kind: str | None = None,
    stage: str | None = None,
    status: str | None = None,
    error: str | None = None,
    place: str | None = None,
    step: int | None = None,
    total: int | None = None,
    port: int | None = None,
    pid: int | None = None,
    seconds: float | None = None,
    workspace: Path | None = None,
) -> None:
    """Logs one event; without ``start`` and without logging of one's own it is not written anywhere.

    Args:
        name: what happened, one word. level: info, warning or error.
        run: name of a run or benchmark. kind, stage, status, error: one word each. place: ``module:line``.
        step, total: steps done and to do. port, pid: numbers. seconds: how long it took.
        workspace: its folder; the home directory is written ``~``.

    A value that is not of its kind is written as ``?``.
    """
    fields: dict[str, Any] = {}
    for key, word in (("run", run), ("kind", kind), ("stage", stage), ("status", status), ("error", error)):
        if word is not None:
            fields[key] = word if _NAME.fullmatch(word) else _UNFIT
    if place is not None:
        fields["place"] = place if _PLACE.fullmatch(place) else _UNFIT
    for key, number in (("step", step), ("total", total), ("port", port), ("pid", pid)):
        if number is not None:
            fields[key] = int(number)
    if seconds is not None:
        fields["seconds"] = round(float(seconds), 3)
    if workspace is not None:
        fields["workspace"] = _short(workspace)
    _write(name, level, fields)


def fault(error: BaseException, *, level: str = "error") -> None:
    """Logs a fault: its kind and place, and of a MirageError the words of its message that stand in the source."""
    fields = {"error": type(error).__name__, "place": place_of(error)}
    if (message := message_of(error)) is not None:
        fields["message"] = message
    _write("fault", level, fields, error)


def _write(name: str, level: str, fields: dict[str, Any], error: BaseException | None = None) -> None:
    number = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}[level]
    extra = {"mirage": fields, "mirage_error": error}
    _LOGGER.log(number, name, extra=extra)


def mode(default: str | None = None) -> str | None:
    """``json`` or ``text`` as the variable MIRAGE_LOG asks, else ``default``.

    Raises:
        BadInputError: MIRAGE_LOG is neither.
    """
    asked = os.environ.get("MIRAGE_LOG") or default
    if asked is not None and asked not in MODES:
        raise BadInputError(f"MIRAGE_LOG = {asked!r}: choose {' or '.join(MODES)}")
    return asked


def debugging() -> bool:
    """True where tracebacks are asked for (``mirage --debug``, MIRAGE_DEBUG)."""
    return bool(os.environ.get("MIRAGE_DEBUG"))


def started() -> bool:
    """True where this process writes its log to stderr."""
    return _handler is not None


def handler() -> logging.Handler:
    """What writes the log of this process; for loggers of libraries, which then keep to the same rules."""
    assert _handler is not None, "start comes first"
    return _handler


def start(form: str, stream: IO[str] | None = None) -> None:
    """Writes events, warnings, and what libraries log from warnings up, to stderr from now on.

    Args:
        form: ``json`` or ``text``.
    """
    global _handler
    _handler = logging.StreamHandler(stream or sys.stderr)
    _handler.setFormatter(JsonLines() if form == "json" else Readable())
    _LOGGER.handlers = [_handler]
    _LOGGER.propagate = False
    logging.getLogger().handlers = [_handler]
    warnings.showwarning = _warn  # type: ignore[assignment]
    threading.excepthook = lambda told: fault(told.exc_value) if told.exc_value is not None else None
    sys.unraisablehook = lambda told: fault(told.exc_value) if told.exc_value is not None else None


def _warn(message: Any, category: type[Warning], filename: str, lineno: int, *rest: Any) -> None:
    event("warning", level="warning", error=category.__name__, place=place_in(filename, lineno))


def _short(path: Path) -> str:
    home = Path.home()
    return f"~/{path.relative_to(home).as_posix()}" if path.is_relative_to(home) else path.as_posix()
