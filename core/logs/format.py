"""A log record as one line: JSON for programs, words for people. Of foreign records the constant words are kept."""

from __future__ import annotations

import json
import logging
import os
import traceback
from datetime import UTC, datetime
from typing import Any

from core.logs.said import message_of, place_in, place_of, words_of_call


class JsonLines(logging.Formatter):
    """``{"time": ..., "level": ..., "event": ..., ...}``: time is ISO 8601 in UTC."""

    def format(self, record: logging.LogRecord) -> str:
        """One line without a line break."""
        return json.dumps(content_of(record), ensure_ascii=True)


class Readable(logging.Formatter):
    """``20:05:31 info stage run=a stage=alignment``; with MIRAGE_DEBUG the traceback below it."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and the lines of a traceback where they are asked for."""
        content = content_of(record)
        trace = content.pop("traceback", None)
        return _line(content) + (f"\n{trace}" if trace else "")


def content_of(record: logging.LogRecord) -> dict[str, Any]:
    """What is written of a record, by field."""
    content: dict[str, Any] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
    }
    own = getattr(record, "mirage", None)
    if own is not None:
        error = getattr(record, "mirage_error", None)
        content |= {"event": record.msg, **own}
    else:
        error = record.exc_info[1] if record.exc_info else None
        place = place_in(record.pathname, record.lineno)
        content |= {"event": "log" if error is None else "fault", "logger": record.name, "place": place}
        if (words := words_of_call(record.pathname, record.lineno)) is not None:
            content["message"] = words
        if error is not None:
            content |= {"error": type(error).__name__, "place": place_of(error)}
            if (message := message_of(error)) is not None:
                content["message"] = message
    if error is not None and os.environ.get("MIRAGE_DEBUG"):
        content["traceback"] = "".join(traceback.format_exception(error))
    return content


def readable(line: str) -> str:
    """A line of a log for reading; one that is no event is given as it is.

    >>> readable('{"time": "2026-05-01T10:20:30.123Z", "level": "info", "event": "stage", "run": "a", "step": 3}')
    '10:20:30 info stage run=a step=3'
    >>> readable("Loading")
    'Loading'
    """
    if not line.startswith('{"time": '):
        return line
    try:
        content = json.loads(line)
        return _line(content)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return line


def _line(content: dict[str, Any]) -> str:
    time: str = content["time"]
    head = f"{time[11:19].strip()} {content['level']} {content['event']}"
    rest = [f"{key}={_value(value)}" for key, value in content.items() if key not in ("time", "level", "event")]
    return " ".join([head, *rest])


def _value(value: Any) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if " " in text or not text.isprintable() else text
