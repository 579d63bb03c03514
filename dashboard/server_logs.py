"""What Streamlit and its server log goes through core.logs: no traceback, no value, no address of a page."""

from __future__ import annotations

import io
import logging
import sys

from core import logs


def take_over() -> None:
    """Gives every logger of Streamlit, now and later, the handler of core.logs; call it after ``logs.start``.

    What anything else prints to stderr (progress bars of encoders, prints of libraries) could quote anything: of that
    only the place is logged, once for each, unless stderr is a terminal or MIRAGE_DEBUG is set.
    """
    from streamlit import logger

    logger.setup_formatter = _use_ours
    logger.update_formatter()
    if not sys.stderr.isatty() and not logs.debugging():
        sys.stderr = Unsaid()


def _use_ours(logger: logging.Logger) -> None:
    logger.handlers = [logs.handler()]


class Unsaid(io.TextIOBase):
    """A stderr that logs who wrote to it and keeps what was written to itself."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self._told: set[str] = set()

    def writable(self) -> bool:
        """It can be written to."""
        return True

    def write(self, text: str) -> int:
        """Logs the place of the caller, the first time it writes more than white space."""
        frame = sys._getframe(1)
        place = logs.place_in(frame.f_code.co_filename, frame.f_lineno)
        if text.strip() and place not in self._told:
            self._told.add(place)
            logs.event("printed", level="warning", place=place)
        return len(text)
