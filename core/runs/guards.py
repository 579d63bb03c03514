"""What a run is worked on under: one process at a time, signals that stop it, nothing left behind."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import torch

from core.config import Config
from core.errors import BadInputError
from core.jobs.locks import WORKER, hold
from core.runs.events import EventLog
from core.runs.state import STOP_FILE, read_state

_ENDING_SECONDS = 3.0
_PLACES = ("checkpoints", "model", "projection", "features", "cells")


def sweep(folder: Path) -> None:
    """Removes what a process that was killed while it wrote has left beside the files."""
    for place in (folder, *(folder / name for name in _PLACES)):
        for pattern in (".*.tmp", ".*.old"):
            for path in place.glob(pattern):
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)


@contextmanager
def open_log(folder: Path) -> Iterator[EventLog]:
    log = EventLog(folder)
    try:
        yield log
    finally:
        log.close()


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Holds a job's locks: two processes never work on one job. They die with their holder.

    ``.lock`` is that of the work, ``.job`` that of a process that waits for its turn and then does the work itself.

    Raises:
        BadInputError: another process works on it, or waits to.
    """
    mine = os.environ.get(WORKER) == str(folder.absolute())
    # One that has just ended may still be about to go; one that works is not waited for.
    patience = 0.0 if _is_active(folder) else _ENDING_SECONDS
    with ExitStack() as stack:
        for name in (".lock",) if mine else (".job", ".lock"):
            if not hold(stack, folder / name, patience):
                raise BadInputError(f"run {folder.name!r} is being worked on by another process; see `mirage jobs`")
        yield


def _is_active(folder: Path) -> bool:
    try:
        return read_state(folder).active
    except BadInputError:
        return False


@contextmanager
def isolated(config: Config) -> Iterator[None]:
    """Leaves PyTorch's random state and number of threads as they were."""
    threads = torch.get_num_threads()
    with torch.random.fork_rng():
        if config.training.threads:
            torch.set_num_threads(config.training.threads)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


@contextmanager
def stop_signals(folder: Path) -> Iterator[None]:
    """Ctrl-C and SIGTERM ask for a clean stop; a second Ctrl-C breaks off. Only where signals can be caught."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: dict[signal.Signals, Callable | int | None] = {}

    def ask(number: int, frame: object) -> None:
        if (folder / STOP_FILE).exists():
            raise KeyboardInterrupt
        (folder / STOP_FILE).touch()

    for number in (signal.SIGINT, signal.SIGTERM):
        before[number] = signal.signal(number, ask)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
