"""``state.json``: what a run is doing, kept alive by a heartbeat and checked against the process table."""

from __future__ import annotations

import os
import shutil
import socket
import time
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import psutil

from core.errors import BadInputError, FailureError
from core.files import clear_disk_errors, read_json, write_json
from core.runs.links import refuse_links_out

STATUSES = ("queued", "running", "stopped", "finished", "failed", "lost")
"""``lost`` is never written: it is what a reader makes of a running state whose process is gone."""

STOP_FILE = "stop"
"""Lies in the folder of a run that was asked to stop."""

HEARTBEAT_SECONDS = 2.0
_SILENT_SECONDS = 10.0
_START_SECONDS = 60.0
_FULL_BYTES = 100_000

_KINDS: dict[str, Any] = {
    **dict.fromkeys(("status", "stage", "message"), str),
    **dict.fromkeys(("step", "total"), int),
    "pid": int | None,
    "host": str | None,
}
_TIME = int | float | None
_MOST, _LONGEST = 1 << 20, 10_000


@dataclass(frozen=True, kw_only=True)
class State:
    """One reading of ``state.json``.

    Attributes:
        status: one of ``STATUSES``. stage: alignment, realignment (where unlabelled utterances are learnt
            from), generation, information, projection, or empty.
        step, total: steps done and to do, over all stages. message: one line for people.
        pid, process_started, host: the process that works on the run (start in seconds since the epoch).
        heartbeat, created, started, updated: seconds since the epoch; None where it has not happened.
        steps_per_second: recent throughput. eta: seconds left, None where it cannot be told.
    """

    status: str = "queued"
    stage: str = ""
    step: int = 0
    total: int = 0
    message: str = ""
    pid: int | None = None
    process_started: float | None = None
    host: str | None = None
    heartbeat: float | None = None
    created: float | None = None
    started: float | None = None
    updated: float | None = None
    steps_per_second: float | None = None
    eta: float | None = None

    @property
    def active(self) -> bool:
        """Queued or running."""
        return self.status in ("queued", "running")


def read_state(folder: str | Path) -> State:
    """The state of a run; ``lost`` where the process that should work on it is gone.

    Raises:
        BadInputError: there is no such run, or its state is damaged.
    """
    path = Path(folder) / "state.json"
    if not path.is_file():
        raise BadInputError(f"{folder}: no run here (state.json is missing); see `mirage runs`")
    content = read_json(path, _MOST)
    known = {field.name for field in fields(State)}
    values = {key: value for key, value in content.items() if key in known} if isinstance(content, dict) else {}
    # True and false are whole numbers to Python, not to a state.
    fitting = all(
        isinstance(value, _KINDS.get(key, _TIME)) and not isinstance(value, bool) for key, value in values.items()
    )
    fitting = fitting and all(values.get(key, 0) >= 0 for key in ("step", "total"))
    fitting = fitting and all(len(value) <= _LONGEST for value in values.values() if isinstance(value, str))
    if not fitting or values.get("status") not in STATUSES:
        raise BadInputError(f"{path}: not the state of a run; the file is damaged")
    state = State(**values)
    if state.status == "running" and not _alive(Path(folder), state):
        return _lost(state, f"{_death(Path(folder), state)}; resume goes on from the last checkpoint")
    if state.status == "queued" and state.pid is not None and not _alive(Path(folder), state):
        return _lost(state, f"{_death(Path(folder), state)} while it waited; resume queues it again")
    # The clock may have been set meanwhile, either way.
    if state.status == "queued" and state.pid is None and _silence(state.updated) > _START_SECONDS:
        return _lost(state, "the process did not begin; job.log may say why, resume tries again")
    return state


def request_stop(folder: str | Path) -> State:
    """Asks the process that works on a run to stop at its next step; returns the state before that.

    Raises:
        BadInputError: the run is not running, or has links that lead out of it.
        FailureError: the run's folder cannot be written.
    """
    state = read_state(folder)
    if not state.active:
        raise BadInputError(f"run {Path(folder).name!r} is {state.status}: there is nothing to stop")
    # What is written here must not lie elsewhere.
    refuse_links_out(Path(folder))
    with clear_disk_errors(Path(folder) / STOP_FILE):
        (Path(folder) / STOP_FILE).touch()
    return state


def write_state(folder: str | Path, state: State) -> None:
    """Writes ``state.json`` atomically.

    Raises:
        FailureError: the folder is gone (it is not made again), or cannot be written.
    """
    refuse_gone(folder)
    # A reader takes no more; a message that quotes half a file must not make the state unreadable.
    message = state.message.encode("utf-8", "replace").decode()[:_LONGEST]
    state = replace(state, message=message, updated=time.time())
    write_json(Path(folder) / "state.json", asdict(state))


def refuse_gone(folder: str | Path) -> None:
    """Raises FailureError where the folder of a job was removed meanwhile: nothing is written in its place."""
    if not Path(folder).is_dir():
        raise FailureError(
            f"{folder}: the folder was removed or moved away while it was worked on; put it back and resume"
        )


def here() -> str:
    """The name of this machine, as states hold it."""
    return socket.gethostname()


def _lost(state: State, message: str) -> State:
    return replace(state, status="lost", eta=None, steps_per_second=None, message=message)


def _silence(since: float | None) -> float:
    """Seconds since then. A time to come is as good as none: a clock that is wrong, or a state that was made up."""
    return abs(time.time() - (since or 0.0))


def _death(folder: Path, state: State) -> str:
    """What can still be found out of a process that had no time to say why it ended."""
    if state.host == here():
        try:
            if shutil.disk_usage(folder).free < _FULL_BYTES:
                return "the disk is full (free some space) and the process has died"
            if not os.access(folder, os.W_OK | os.X_OK):
                return "the job's folder cannot be written any more and the process has died"
            if (state.heartbeat or time.time()) < psutil.boot_time() - 1.0:
                return "the machine was restarted"
        except OSError:
            pass
    return "the process has died (killed, or out of memory)"


def _alive(folder: Path, state: State) -> bool:
    if state.host != here():
        return _beats(folder, state)
    silent = _silence(state.heartbeat)
    if state.pid is None:
        return silent < _SILENT_SECONDS
    try:
        process = psutil.Process(state.pid)
        same = state.process_started is None or abs(process.create_time() - state.process_started) < 1.0
        # Setting the clock moves the start of every process; one whose heart beats is the same all the same.
        return (same or silent < _SILENT_SECONDS) and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, ValueError, OverflowError):
        return False


_seen: dict[str, tuple[float | None, float, bool]] = {}
_MOST_SEEN = 4096


def _beats(folder: Path, state: State) -> bool:
    """Whether a heart on another machine beats: whether its last beat changes, by this machine's own patience.

    The clocks of two machines differ, so that the first look must trust theirs generously.
    """
    now, key = time.monotonic(), str(folder.absolute())
    if len(_seen) > _MOST_SEEN:
        _seen.clear()
    known = _seen.get(key)
    if known is None or known[0] != state.heartbeat:
        if state.heartbeat is None:
            return False
        alive = known is not None or abs(time.time() - state.heartbeat) < 6 * _SILENT_SECONDS
        _seen[key] = (state.heartbeat, now, alive)
        return alive
    _, since, alive = known
    return alive and now - since < _SILENT_SECONDS


def state_summary(state: State) -> dict[str, Any]:
    """The state as a plain dict for JSON."""
    return asdict(state)
