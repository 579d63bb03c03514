"""Long work of one click: done in a thread of its own, its progress drawn by the page."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from core.progress import Progress, duration

T = TypeVar("T")
_SECONDS = 0.2
_WAIT = 1.0


def done(work: Callable[[Progress], T], first: str) -> T:
    """``work(progress)``, with a bar that says what is going on and how long it may still take.

    The work goes on where the page is left meanwhile. Its faults are raised here.

    Args:
        work: told how to report bytes. first: what the bar says before the first report.
    """
    results: list[T] = []
    raised: list[BaseException] = []
    last: list[tuple[int, int]] = []

    def report(done: int, total: int, message: str = "") -> None:
        last[:] = [(done, total)]

    def run() -> None:
        try:
            results.append(work(report))
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, name="long-work", daemon=True)
    # Only the page's own thread may draw.
    place, start = st.empty(), time.monotonic()
    thread.start()
    thread.join(_WAIT)
    while thread.is_alive():
        share, text = said(*(last[-1] if last else (0, 0)), time.monotonic() - start)
        place.progress(share, text=text or first)
        thread.join(_SECONDS)
    place.empty()
    if raised:
        raise raised[0]
    return results[0]


def said(done: int, total: int, seconds: float) -> tuple[float, str]:
    """The share that is done and the line beside it; no line before anything is known.

    >>> said(0, 0, 3.0), said(2_000_000, 8_000_000, 10.0)
    ((0.0, ''), (0.25, '2.0 of 8.0 MB, about 30 s left'))
    """
    if not total:
        return 0.0, ""
    share = min(1.0, done / total)
    left = f", about {duration(seconds * (1 - share) / share)} left" if 0 < share < 1 else ""
    return share, f"{done / 1e6:.1f} of {total / 1e6:.1f} MB{left}"
