"""A job is an operating-system process of its own; the run's folder is the only channel to it."""

from __future__ import annotations

from pathlib import Path

from core.config import Config
from core.errors import BadInputError
from core.jobs.starting import start_process
from core.jobs.turns import GPU_BYTES, TRAINING, Claim, usable_cores
from core.runs.creation import check_input, create_run
from core.runs.files import read_config
from core.runs.links import refuse_links_out
from core.runs.state import read_state
from core.stages import pick_device
from core.workspace import Workspace


def start_job(workspace: Workspace, config: Config, run_id: str | None = None) -> str:
    """Makes a run and starts the process that works on it when its turn comes; returns the run's id at once.

    The process outlives the one that started it. What it prints goes to ``job.log`` in the run's folder.

    Raises:
        BadInputError: corpus, embeddings or configuration cannot be used, or the name is taken.
    """
    check_input(config, workspace)
    folder = create_run(config, workspace, run_id)
    _spawn(workspace, folder, config)
    return folder.name


def resume_job(workspace: Workspace, run_id: str) -> None:
    """Starts a process that goes on with a run from its last checkpoint, when its turn comes.

    Raises:
        BadInputError: there is no such run, or it is running or finished, or its configuration is damaged.
    """
    folder = workspace.run_folder(run_id)
    refuse_to_go_on(folder)
    _spawn(workspace, folder, read_config(folder))


def refuse_to_go_on(folder: Path) -> None:
    """Raises BadInputError where there is nothing to go on with, or somebody does already."""
    state = read_state(folder)
    refuse_links_out(folder)
    if state.active:
        raise BadInputError(f"run {folder.name!r} is {state.status} already")
    if state.status == "finished":
        raise BadInputError(f"run {folder.name!r} is finished; there is nothing to go on with")


def claim_of(run_id: str, config: Config) -> Claim:
    """What a training takes: its threads, and on a GPU what its networks are taken to need."""
    device = pick_device(config.training.device)
    cuda = device.type == "cuda"
    return Claim(
        kind=TRAINING,
        name=run_id,
        cores=config.training.threads or usable_cores(),
        gpu=device.index or 0,
        gpu_memory=GPU_BYTES if cuda else 0,
    )


def _spawn(workspace: Workspace, folder: Path, config: Config) -> None:
    claim = claim_of(folder.name, config)

    def check() -> None:
        # A new run is queued and has no process yet; any other is looked at again, now that nobody else starts it.
        if read_state(folder).pid is not None or (folder / "job.log").exists():
            refuse_to_go_on(folder)

    start_process(workspace, folder, lambda: (claim, ["resume", folder.name, "--quiet"]), check=check)
