"""The process of a job: it waits for its turn, then does what ``mirage`` does (``python -m core.jobs.worker``).

While it waits it loads little, so that a long queue costs little memory.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import psutil

from core import logs
from core.errors import MirageError
from core.jobs.turns import HELD, Claim, Ticket, read_limits, take, waits_for
from core.runs.state import HEARTBEAT_SECONDS, STOP_FILE, Reporter, State, here, read_state, write_state
from core.workspace import Workspace

_LOOK_SECONDS = 0.5
_ENDING_SECONDS = 30.0
_SILENT = ("report card",)
"""Kinds whose command keeps no state of its own."""


class _Stopped(Exception):  # noqa: N818 - no fault: somebody asked for it
    pass


def main(folder: Path, claim: Claim, arguments: Sequence[str]) -> int:
    """Waits, works, and sees to it that the job's state says how it ended. Returns the exit code."""
    logs.start(logs.mode("json") or "json")
    # Whoever started it writes its number into the state first.
    sys.stdin.read()
    if not _only_one(folder):
        logs.event("refused", level="error", run=claim.name, status="busy")
        return 2
    try:
        ticket = _turn(folder, claim)
    except _Stopped:
        return 130
    except MirageError as error:
        _end(folder, "failed", str(error))
        logs.fault(error)
        return error.exit_code
    except OSError:
        # The workspace is gone: there is nobody to tell.
        return 1
    try:
        return _silent_work(folder, arguments) if claim.kind in _SILENT else _work(folder, arguments)
    finally:
        ticket.close()


def _only_one(folder: Path) -> bool:
    """Takes the job's lock, which is this process's until it ends; the one before may still be ending."""
    end = time.monotonic() + _ENDING_SECONDS
    handle = os.open(folder / ".job", os.O_RDWR | os.O_CREAT, 0o644)
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > end:
                return False
            time.sleep(0.05)


def _turn(folder: Path, claim: Claim) -> Ticket:
    """Waits until the job may begin."""
    asked = [False]
    logs.event("queued", run=claim.name)

    def ask(number: int, frame: object) -> None:
        asked[0] = True

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    workspace = Workspace()
    ticket = take(workspace, claim)
    try:
        told = -HEARTBEAT_SECONDS
        while others := ticket.begin():
            if asked[0] or (folder / STOP_FILE).exists():
                (folder / STOP_FILE).unlink(missing_ok=True)
                _end(folder, "stopped", "stopped before its turn came; resume queues it again")
                raise _Stopped
            if time.monotonic() - told >= HEARTBEAT_SECONDS:
                told = time.monotonic()
                _tell(folder, waits_for(others, read_limits(workspace)))
            time.sleep(_LOOK_SECONDS)
        _tell(folder, "starting")
    except BaseException:
        ticket.close()
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    os.environ[HELD] = str(ticket.number)
    return ticket


def _silent_work(folder: Path, arguments: Sequence[str]) -> int:
    reporter = Reporter(folder, total=0)
    reporter.progress("", 0, "measuring")
    code, said = _command(arguments)
    reporter.close(*_outcome(code, said))
    return code


def _work(folder: Path, arguments: Sequence[str]) -> int:
    code, said = _command(arguments)
    # The command has written its end, unless it ended before it could.
    try:
        state = read_state(folder)
    except MirageError:
        return code
    if state.active and state.pid == os.getpid():
        _end(folder, *_outcome(code, said))
    return code


def _command(arguments: Sequence[str]) -> tuple[int, str]:
    from core.cli.app import carry_out

    sys.argv = ["mirage", *arguments]
    try:
        return carry_out()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _outcome(code: int, said: str) -> tuple[str, str]:
    """Status and message by the exit code and the one line of a fault."""
    if code == 0:
        return "finished", "finished"
    if code == 130:
        return "stopped", "stopped"
    return "failed", said or "ended without a word; see job.log"


def _tell(folder: Path, message: str) -> None:
    """Says that the job waits, and that its process lives."""
    before = read_state(folder)
    write_state(folder, replace(_mine(before), status="queued", message=message))


def _end(folder: Path, status: str, message: str) -> None:
    try:
        before = read_state(folder)
        write_state(folder, replace(_mine(before), status=status, message=message))
    except (OSError, MirageError):
        # The folder is gone or the disk is full; a reader finds the process dead.
        return


def _mine(before: State) -> State:
    return replace(
        before,
        pid=os.getpid(),
        process_started=psutil.Process().create_time(),
        host=here(),
        heartbeat=time.time(),
        eta=None,
        steps_per_second=None,
    )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Claim(**json.loads(sys.argv[2])), sys.argv[3:]))
