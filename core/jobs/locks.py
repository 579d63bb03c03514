"""Locks of a job's folder: they die with their holder, however that ends."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import ExitStack
from pathlib import Path

WORKER = "MIRAGE_JOB"
"""Names the folder of the job in the process that waited for its turn, which holds ``.job`` already."""


def hold(stack: ExitStack, path: Path, patience: float) -> bool:
    """Locks a file until ``stack`` ends; False where another process keeps it. The one before may still be ending."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    stack.callback(os.close, handle)
    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
