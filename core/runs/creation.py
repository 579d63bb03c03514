"""A new run: its input is checked, its name is taken, its folder is made."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

from core.config import Config
from core.errors import BadInputError
from core.files import clear_disk_errors, write_text
from core.runs.data import RunData, load_data
from core.runs.state import State, write_state
from core.stages import pick_device
from core.workspace import Workspace


def check_input(config: Config, workspace: Workspace) -> None:
    """Finds whatever is wrong with the input, so that it is said before a run is made.

    Raises:
        BadInputError: corpus, embeddings, mode or device cannot be used.
    """
    generation_mode(config, load_data(config, workspace))
    pick_device(config.training.device)


def create_run(config: Config, workspace: Workspace, run_id: str | None = None) -> Path:
    """Makes the folder of a new run, queued.

    Raises:
        BadInputError: the name is taken or cannot be a name.
        FailureError: the workspace cannot be written; no folder is left behind.
    """
    with clear_disk_errors(workspace.runs):
        workspace.runs.mkdir(parents=True, exist_ok=True)
    while True:
        folder = workspace.run_folder(run_id or _free_name(config, workspace))
        try:
            with clear_disk_errors(folder):
                folder.mkdir()
            break
        except BadInputError:
            # Two processes may choose the same free name at once.
            if run_id is not None:
                raise BadInputError(
                    f"run {folder.name!r} exists already; go on with `mirage resume {folder.name}` or give another "
                    "--run-id"
                ) from None
    try:
        write_text(folder / "config.yaml", config.to_yaml())
        write_state(folder, State(status="queued", message="waiting to start", created=time.time()))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def generation_mode(config: Config, data: RunData) -> str:
    """``text``, ``free`` or ``paired``.

    Raises:
        BadInputError: the mode needs text and the run has none.
    """
    mode = config.generation.mode
    if mode == "auto":
        return "free" if data.text is None else "text"
    if mode != "free" and data.text is None:
        raise BadInputError(
            f"generation.mode = {mode}: the run has no text; embed the corpus with --text-encoder, or use mode free"
        )
    return mode


def _free_name(config: Config, workspace: Workspace) -> str:
    base = f"{config.data.corpus}-seed{config.training.seed}"
    if config.data.fold is not None:
        base += f"-fold{config.data.fold}"
    taken = {path.name for path in workspace.runs.glob(f"{base}*")}
    numbers = [int(match[1]) for name in taken if (match := re.fullmatch(re.escape(base) + r"-(\d+)", name))]
    return base if base not in taken else f"{base}-{max(numbers, default=1) + 1}"
