"""Starts a job's process, once, however many servers are asked to."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psutil

from core.errors import FailureError, MirageError
from core.files import clear_disk_errors
from core.jobs.turns import Claim
from core.runs.processes import start_worker
from core.runs.state import STOP_FILE, State, here, read_state, write_state
from core.workspace import Workspace


def start_process(
    workspace: Workspace,
    folder: Path,
    call: Callable[[], tuple[Claim, Sequence[str]]],
    *,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Queues a job and starts the process that waits for its turn and then does what ``mirage`` does.

    The process outlives the one that started it. What it prints goes to ``job.log`` in the job's folder, how it does
    to ``state.json``.

    Args:
        folder: of the job; it is there. call: what the job takes, and the arguments of ``mirage``; asked after
            ``check``. check: raises where the job must not be started; no other process starts it
            meanwhile.

    Raises:
        MirageError: what ``check`` or ``call`` said; the folder cannot be written; no process can be started.
    """
    with starting(folder):
        check()
        claim, arguments = call()
        with clear_disk_errors(folder):
            (folder / STOP_FILE).unlink(missing_ok=True)
        before = _before(folder)
        now = time.time()
        state = replace(
            before,
            status="queued",
            message="waiting to start",
            heartbeat=now,
            created=before.created or now,
            pid=None,
            process_started=None,
            eta=None,
            steps_per_second=None,
        )
        write_state(folder, state)
        try:
            process = start_worker(workspace, folder, claim.__dict__, arguments)
        except OSError as error:
            fault = f"no process could be started ({error.strerror}); close others, then resume it"
            write_state(folder, replace(state, status="failed", message=fault))
            raise FailureError(f"{folder.name}: {fault}") from error
        # It begins when its input ends: until then nobody else writes the state.
        assert process.stdin is not None
        try:
            began = None
            with suppress(psutil.Error):
                began = psutil.Process(process.pid).create_time()
            write_state(folder, replace(state, pid=process.pid, process_started=began, host=here()))
        finally:
            with suppress(OSError):
                process.stdin.close()


@contextmanager
def starting(folder: Path) -> Iterator[None]:
    """Nobody else starts or deletes this job meanwhile, in whatever process."""
    with clear_disk_errors(folder):
        handle = os.open(folder / ".starting", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _before(folder: Path) -> State:
    try:
        return read_state(folder)
    except MirageError:
        return State()
