"""A job is an operating-system process of its own; the run's folder is the only channel to it."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

from core.config import Config
from core.errors import BadInputError
from core.reading import open_plain
from core.runs.creation import check_input, create_run
from core.runs.links import refuse_links_out
from core.runs.processes import start_command
from core.runs.state import STOP_FILE, read_state, write_state
from core.workspace import Workspace


def start_job(workspace: Workspace, config: Config, run_id: str | None = None) -> str:
    """Makes a run and starts the process that works on it; returns the run's id at once.

    The process outlives the one that started it. What it prints goes to ``job.log`` in the run's folder.

    Raises:
        BadInputError: corpus, embeddings or configuration cannot be used, or the name is taken.
    """
    check_input(config, workspace)
    folder = create_run(config, workspace, run_id)
    _spawn(workspace, folder)
    return folder.name


def resume_job(workspace: Workspace, run_id: str) -> None:
    """Starts a process that goes on with a run from its last checkpoint.

    Raises:
        BadInputError: there is no such run, or it is running or finished.
    """
    folder = workspace.run_folder(run_id)
    state = read_state(folder)
    refuse_links_out(folder)
    if state.active:
        raise BadInputError(f"run {run_id!r} is {state.status} already")
    if state.status == "finished":
        raise BadInputError(f"run {run_id!r} is finished; there is nothing to go on with")
    (folder / STOP_FILE).unlink(missing_ok=True)
    write_state(folder, replace(state, status="queued", message="waiting to go on", heartbeat=time.time()))
    _spawn(workspace, folder)


def job_log(folder: str | Path, lines: int = 200) -> list[str]:
    """The last lines that a run's process printed."""
    path = Path(folder) / "job.log"
    if not path.is_file():
        return []
    with open_plain(path) as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - 400 * lines))
        return file.read().decode("utf-8", "replace").splitlines()[-lines:]


def _spawn(workspace: Workspace, folder: Path) -> None:
    start_command(workspace, folder / "job.log", ["resume", folder.name, "--quiet"])
