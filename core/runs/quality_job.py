"""``mirage quality`` as a process of its own; the folder ``quality/`` of the run is the only channel to it."""

from __future__ import annotations

from pathlib import Path

from core.errors import BadInputError
from core.files import clear_disk_errors
from core.jobs.starting import start_process
from core.jobs.turns import CARD, Claim, usable_cores
from core.runs.links import refuse_links_out
from core.runs.state import State, read_state, write_state
from core.workspace import Workspace

FOLDER = "quality"


def start_quality(workspace: Workspace, run_id: str) -> None:
    """Starts a process that measures the report card of a finished run into ``quality.json`` when its turn comes.

    Raises:
        BadInputError: there is no such run, it is not finished, or its card is being measured.
        FailureError: the run's folder cannot be written.
    """
    run = workspace.run_folder(run_id)
    status = read_state(run).status
    if status != "finished":
        raise BadInputError(f"run {run_id!r} is {status}: a report card needs a finished run")
    # The log is written where it seems to lie.
    refuse_links_out(run)
    folder = run / FOLDER
    with clear_disk_errors(folder):
        folder.mkdir(exist_ok=True)

    def check() -> None:
        before = quality_state(run)
        if before is not None and before.active:
            raise BadInputError(f"the report card of run {run_id!r} is being measured already")
        with clear_disk_errors(folder):
            (folder / "job.log").unlink(missing_ok=True)
        write_state(folder, State(status="stopped", message="not measured yet"))

    claim = Claim(kind=CARD, name=run_id, cores=usable_cores())
    start_process(workspace, folder, lambda: (claim, ["quality", run_id]), check=check)


def quality_state(run: str | Path) -> State | None:
    """How the last ``start_quality`` does; None where there was none."""
    folder = Path(run) / FOLDER
    return read_state(folder) if (folder / "state.json").is_file() else None
