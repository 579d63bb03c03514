"""Long work of one click: done in a thread of its own, its progress drawn by the page."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

import streamlit as st

from core import MirageError, logs
from core.progress import Progress, duration

T = TypeVar("T")
_SECONDS = 0.2
_WAIT = 1.0


def done(work: Callable[[Progress], T], first: str, *, key: Hashable = None) -> T:
    """``work(progress)``, with a bar that says what is going on and how long it may still take.

    The work goes on where the page is left meanwhile. Its faults are raised here; of work that nobody waits for any
    more they are logged.

    Args:
        work: told how to report bytes. first: what the bar says before the first report.
        key: what it is that is done. While something of this key goes on, no second one is started: its end is waited
            for instead. None: it may go on several times.
    """
    job, waits = _started(work, key)
    try:
        # Only the page's own thread may draw.
        place, start = st.empty(), time.monotonic()
        job.ended.wait(_WAIT)
        while not job.ended.is_set():
            share, text = said(*job.last, time.monotonic() - start)
            place.progress(share, text=text or first)
            job.ended.wait(_SECONDS)
        place.empty()
        waits.heard = True
    finally:
        # Where the page has gone, Streamlit ends its script at the next thing that it draws.
        job.leave(waits)
    if job.fault is not None:
        raise job.fault
    return cast(T, job.result)


class _Wait:
    """Somebody who waits for a job; ``heard``: its end was told them."""

    heard = False


class _Job:
    """Work in a thread of its own."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.last = (0, 0)
        self.result: Any = None
        self.fault: BaseException | None = None
        self._waiting: set[_Wait] = set()
        self._told = False

    def report(self, done: int, total: int, message: str = "") -> None:
        self.last = (done, total)

    def run(self, work: Callable[[Progress], Any], key: Hashable) -> None:
        try:
            self.result = work(self.report)
        except BaseException as error:
            self.fault = error
        with _LOCK:
            if key is not None:
                del _RUNNING[key]
            self.ended.set()
            self._log_if_left()

    def join(self) -> _Wait:
        """Call it with the lock held."""
        wait = _Wait()
        self._waiting.add(wait)
        return wait

    def leave(self, wait: _Wait) -> None:
        with _LOCK:
            self._told |= wait.heard
            self._waiting.discard(wait)
            self._log_if_left()

    def _log_if_left(self) -> None:
        if self.ended.is_set() and not self._waiting and not self._told and self.fault is not None:
            self._told = True
            logs.fault(self.fault, level="warning" if isinstance(self.fault, MirageError) else "error")


_LOCK = threading.Lock()
_RUNNING: dict[Hashable, _Job] = {}


def _started(work: Callable[[Progress], Any], key: Hashable) -> tuple[_Job, _Wait]:
    """The job of ``key`` that goes on already, else a new one."""
    with _LOCK:
        if key is not None and key in _RUNNING:
            return _RUNNING[key], _RUNNING[key].join()
        job = _Job()
        wait = job.join()
        if key is not None:
            _RUNNING[key] = job
    threading.Thread(target=job.run, args=(work, key), name="long-work", daemon=True).start()
    return job, wait


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
