"""``mirage quality`` as a process of its own; the folder ``quality/`` of the run is the only channel to it."""

from __future__ import annotations

import socket
import time
from dataclasses import replace
from pathlib import Path

import psutil

from core.errors import BadInputError
from core.files import clear_disk_errors
from core.runs.links import refuse_links_out
from core.runs.processes import start_command
from core.runs.state import State, read_state, write_state
from core.workspace import Workspace

FOLDER = "quality"


def start_quality(workspace: Workspace, run_id: str) -> None:
    """Starts a process that measures the report card of a finished run into ``quality.json``.

    Raises:
        BadInputError: there is no such run, it is not finished, or its card is being measured.
        FailureError: the run's folder cannot be written.
    """
    run = workspace.run_folder(run_id)
    status = read_state(run).status
    if status != "finished":
        raise BadInputError(f"run {run_id!r} is {status}: a report card needs a finished run")
    before = quality_state(run)
    if before is not None and before.active:
        raise BadInputError(f"the report card of run {run_id!r} is being measured already")
    # The log is written where it seems to lie.
    refuse_links_out(run)
    folder = run / FOLDER
    with clear_disk_errors(folder):
        folder.mkdir(exist_ok=True)
        (folder / "job.log").unlink(missing_ok=True)
    now = time.time()
    pid = start_command(workspace, folder / "job.log", ["quality", run_id])
    try:
        began = psutil.Process(pid).create_time()
    except psutil.Error:
        began = now
    write_state(
        folder,
        State(
            status="running",
            message="measuring",
            pid=pid,
            process_started=began,
            host=socket.gethostname(),
            heartbeat=now,
            created=now,
            started=now,
        ),
    )


def quality_state(run: str | Path) -> State | None:
    """How the last ``start_quality`` does: ``running``, ``finished`` or ``failed``; None where there was none."""
    run = Path(run)
    if not (run / FOLDER / "state.json").is_file():
        return None
    state = read_state(run / FOLDER)
    if state.active:
        return state
    card = run / "quality.json"
    if card.is_file() and card.stat().st_mtime >= (state.started or 0.0):
        return replace(state, status="finished", message="finished")
    return replace(state, status="failed", message="the process has ended without a report card; its log says why")
