"""The process of a job: it waits for its turn, then does what ``mirage`` does (``python -m core.jobs.worker``).

While it waits it loads little, so that a long queue costs little memory.
"""

from __future__ import annotations

import _thread
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from core import logs
from core.errors import MirageError
from core.jobs.locks import WORKER, hold
from core.jobs.turns import CARD, HELD, Claim, Ticket, limits_of, take, waits_for
from core.runs.heart import Reporter, Waiting, mine, still_waiting
from core.runs.state import STOP_FILE, read_state, refuse_gone, write_state
from core.workspace import Workspace

_LOOK_SECONDS = 0.5
_ENDING_SECONDS = 30.0
_SILENT = (CARD,)
"""Kinds whose command keeps no state of its own."""


class _Stopped(Exception):  # noqa: N818 - no fault: somebody asked for it
    pass


def main(folder: Path, claim: Claim, arguments: Sequence[str]) -> int:
    """Waits, works, and sees to it that the job's state says how it ended. Returns the exit code."""
    logs.start(logs.mode("json") or "json")
    # Whoever started it writes its number into the state first.
    sys.stdin.read()
    with ExitStack() as stack:
        if not hold(stack, folder / ".job", _ENDING_SECONDS):
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
        stack.callback(ticket.close)
        return _silent_work(folder, arguments) if claim.kind in _SILENT else _work(folder, arguments)


def _turn(folder: Path, claim: Claim) -> Ticket:
    """Waits until the job may begin."""
    asked = [False]
    logs.event("queued", run=claim.name)

    def ask(number: int, frame: object) -> None:
        asked[0] = True

    def refuse_stopped() -> None:
        if asked[0] or (folder / STOP_FILE).exists():
            (folder / STOP_FILE).unlink(missing_ok=True)
            waiting.close()
            _end(folder, "stopped", "stopped before its turn came; resume queues it again")
            raise _Stopped

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    workspace = Workspace()
    waiting = Waiting(folder, "waiting")
    try:
        ticket = take(workspace, claim)
        try:
            while others := ticket.begin():
                refuse_stopped()
                refuse_gone(folder)
                waiting.say(waits_for(others, limits_of(workspace)))
                time.sleep(_LOOK_SECONDS)
            refuse_stopped()
            waiting.say("starting")
        except BaseException:
            ticket.close()
            raise
    except BaseException:
        waiting.close()
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    os.environ[HELD], os.environ[WORKER] = str(ticket.number), str(folder.absolute())
    return ticket


def _silent_work(folder: Path, arguments: Sequence[str]) -> int:
    reporter = Reporter(folder, total=0)
    reporter.progress("", 0, "measuring")
    code, said = 1, ""
    try:
        with _stoppable(folder):
            code, said = _command(arguments)
    except KeyboardInterrupt:
        # It came before the command could take it, or came through as any fault does with MIRAGE_DEBUG.
        code = 130
    except Exception:
        # With MIRAGE_DEBUG a fault comes with its traceback: that is in the log before the state names the log.
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        reporter.close(*_outcome(code, said))
    return code


@contextmanager
def _stoppable(folder: Path) -> Iterator[None]:
    """Whoever asks for a stop interrupts the command as Ctrl-C does: it does not look for the request itself."""
    ended = threading.Event()

    def interrupt(number: int, frame: object) -> None:
        if not ended.is_set():
            raise KeyboardInterrupt

    def watch() -> None:
        while not ended.wait(_LOOK_SECONDS):
            if (folder / STOP_FILE).exists():
                _thread.interrupt_main()
                return

    signal.signal(signal.SIGINT, interrupt)
    watcher = threading.Thread(target=watch, name="stop", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
        with suppress(OSError):
            (folder / STOP_FILE).unlink(missing_ok=True)


def _work(folder: Path, arguments: Sequence[str]) -> int:
    code, said = _command(arguments)
    if waiting := still_waiting(folder):
        waiting.close()
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


def _end(folder: Path, status: str, message: str) -> None:
    try:
        before = read_state(folder)
        write_state(folder, replace(mine(before), status=status, message=message))
    except (OSError, MirageError):
        # The folder is gone or the disk is full; a reader finds the process dead.
        return


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Claim(**json.loads(sys.argv[2])), sys.argv[3:]))
