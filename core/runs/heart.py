"""Keeps ``state.json`` true while a process waits or works: progress by the loop, a heartbeat by a thread."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil

from core import logs
from core.errors import MirageError
from core.runs.state import HEARTBEAT_SECONDS, State, here, read_state, refuse_gone, write_state

_waiting: dict[str, Waiting] = {}


class Waiting:
    """Says that a job waits, or is being loaded, until a Reporter begins."""

    def __init__(self, folder: Path, message: str) -> None:
        self._folder, self._message = folder, message
        self._lock, self._wake = threading.Lock(), threading.Event()
        self._write()
        _waiting[str(folder)] = self
        self._thread = threading.Thread(target=self._beat, name="waiting", daemon=True)
        self._thread.start()

    def say(self, message: str) -> None:
        """What it waits for; written with the next heartbeat."""
        with self._lock:
            self._message = message

    def close(self) -> None:
        """No beat comes after this."""
        _waiting.pop(str(self._folder), None)
        self._wake.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._wake.wait(HEARTBEAT_SECONDS):
            try:
                self._write()
            except (OSError, MirageError):
                # Whoever works finds out, and says so.
                continue

    def _write(self) -> None:
        with self._lock:
            message = self._message
        write_state(self._folder, replace(mine(read_state(self._folder)), status="queued", message=message))


def still_waiting(folder: Path) -> Waiting | None:
    """What keeps a job's state alive in this process, where no Reporter has begun."""
    return _waiting.get(str(folder))


def mine(before: State) -> State:
    """A state as this process's own."""
    return replace(
        before,
        pid=os.getpid(),
        process_started=psutil.Process().create_time(),
        host=here(),
        heartbeat=time.time(),
        eta=None,
        steps_per_second=None,
    )


class Reporter:
    """Says how far a job is, from the moment when it works."""

    def __init__(self, folder: Path, total: int) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._wake = threading.Event()
        if waiting := _waiting.get(str(folder)):
            waiting.close()
        before = read_state(folder)
        now = time.time()
        self._state = State(
            status="running",
            total=total,
            step=before.step,
            message="starting",
            pid=os.getpid(),
            process_started=psutil.Process().create_time(),
            host=here(),
            heartbeat=now,
            created=before.created or now,
            started=now,
        )
        self._pace: list[tuple[float, int]] = []
        self._gone = False
        write_state(folder, self._state)
        logs.event("begun", run=folder.name, step=before.step, total=total, pid=os.getpid())
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._thread.start()

    def progress(self, stage: str, step: int, message: str = "") -> None:
        """Takes note of where the run is; written with the next heartbeat, at once when the stage changes.

        Raises:
            FailureError: the folder is gone.
        """
        if self._gone:
            refuse_gone(self._folder)
        now = time.monotonic()
        with self._lock:
            changed = stage != self._state.stage
            if changed:
                self._pace = []
            self._pace = [(t, s) for t, s in self._pace if now - t < 10.0][-200:] + [(now, step)]
            first_time, first_step = self._pace[0]
            speed = (step - first_step) / (now - first_time) if now - first_time > 0.2 else None
            left = (self._state.total - step) / speed if speed else None
            self._state = replace(
                self._state, stage=stage, step=step, message=message, steps_per_second=speed or None, eta=left
            )
        if changed:
            logs.event("stage", run=self._folder.name, stage=stage, step=step)
            self._write()

    def close(self, status: str, message: str) -> None:
        """Writes the last word: finished, stopped or failed.

        Raises:
            FailureError: ``finished`` cannot be written. That another word cannot is not said: it would hide the
                fault that led to it, and a reader finds the run lost.
        """
        self._wake.set()
        self._thread.join()
        logs.event("ended", run=self._folder.name, status=status, step=self._state.step, seconds=self._seconds())
        with self._lock:
            self._state = replace(self._state, status=status, message=message, eta=None, steps_per_second=None)
        try:
            self._write()
        except (OSError, MirageError):
            if status == "finished":
                raise

    def _seconds(self) -> float:
        return time.time() - (self._state.started or time.time())

    def _beat(self) -> None:
        while not self._wake.wait(HEARTBEAT_SECONDS if self._state.step else 0.5):
            try:
                self._write()
            except (OSError, MirageError):
                # A full disk is reported by the loop, which writes more than this; the heart goes on beating.
                self._gone = not self._folder.is_dir()

    def _write(self) -> None:
        with self._lock:
            self._state = replace(self._state, heartbeat=time.time())
            state = self._state
        write_state(self._folder, state)
