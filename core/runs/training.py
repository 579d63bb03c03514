"""A run is made and worked on, and however that ends, its state says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch

from core.config import Config
from core.errors import BadInputError, FailureError, MirageError
from core.files import clear_disk_errors
from core.jobs.turns import TRAINING, Claim, counted
from core.progress import Progress, silent
from core.runs.creation import check_input, create_run
from core.runs.execution import Execution, Stopped
from core.runs.files import read_config
from core.runs.guards import isolated, only_one, open_log, stop_signals, sweep
from core.runs.heart import Reporter
from core.runs.jobs import claim_of
from core.runs.links import refuse_links_out
from core.runs.loaded import LoadedRun, load_run
from core.runs.state import STOP_FILE, read_state, write_state
from core.runs.steps import total_steps
from core.workspace import Workspace

_NO_MEMORY = "out of memory; use a smaller batch or fewer hidden units, then resume"


def train(
    corpus: str,
    *,
    config: Config | None = None,
    workspace: Workspace | None = None,
    run_id: str | None = None,
    progress: Progress = silent,
) -> LoadedRun:
    """Trains both stages on an ingested and embedded corpus and returns the finished run.

    Args:
        corpus: its name; it overrides ``config.data.corpus``.
        progress: told of steps over all stages.

    Raises:
        BadInputError: corpus, embeddings or configuration cannot be used.
        FailureError: training failed; the run's folder keeps the last checkpoint.
    """
    workspace = workspace or Workspace()
    config = (config or Config()).changed(data={"corpus": corpus})
    check_input(config, workspace)
    folder = create_run(config, workspace, run_id)
    execute(folder, workspace, progress=progress)
    return load_run(folder, workspace)


def execute(folder: Path, workspace: Workspace, *, progress: Progress = silent) -> str:
    """Works on a run until it is finished or asked to stop; goes on from its last checkpoint.

    Returns:
        ``finished`` or ``stopped``.

    Raises:
        BadInputError, FailureError: also written into the run's state.
    """
    # Lock, log and checkpoints are written where they seem to lie.
    refuse_links_out(folder)
    with clear_disk_errors(folder), only_one(folder), _counted(folder, workspace):
        # A queued run may have been asked to stop before its process was there; any other stop is an old one.
        if read_state(folder).status != "queued":
            (folder / STOP_FILE).unlink(missing_ok=True)
        sweep(folder)
        try:
            config = read_config(folder)
        except BadInputError as error:
            write_state(folder, replace(read_state(folder), status="failed", message=str(error)))
            raise
        reporter = Reporter(folder, total_steps(config))
        try:
            with clear_disk_errors(folder), open_log(folder) as log, isolated(config), stop_signals(folder):
                Execution(folder, workspace, config, reporter, log, progress).run()
        except Stopped:
            reporter.close("stopped", "stopped; resume goes on from here")
            return "stopped"
        except KeyboardInterrupt:
            reporter.close("stopped", "broken off; resume goes on from the last checkpoint")
            raise
        except MirageError as error:
            reporter.close("failed", str(error))
            raise
        except MemoryError as error:
            reporter.close("failed", _NO_MEMORY)
            raise FailureError(_NO_MEMORY) from error
        except torch.OutOfMemoryError as error:
            message = "out of GPU memory; use a smaller batch or training.device = cpu, then resume"
            reporter.close("failed", message)
            raise FailureError(message) from error
        except RuntimeError as error:
            # What PyTorch says on the CPU is no MemoryError.
            full = "can't allocate memory" in str(error) or "not enough memory" in str(error)
            message = _NO_MEMORY if full else f"{type(error).__name__}: {error}"
            reporter.close("failed", message)
            if full:
                raise FailureError(message) from error
            raise
        except BaseException as error:
            reporter.close("failed", f"{type(error).__name__}: {error}")
            raise
        finally:
            (folder / STOP_FILE).unlink(missing_ok=True)
        reporter.close("finished", "finished")
        return "finished"


@contextmanager
def _counted(folder: Path, workspace: Workspace) -> Iterator[None]:
    """Jobs that wait see that this one takes its share, whatever its configuration turns out to be."""
    try:
        claim = claim_of(folder.name, read_config(folder))
    except BadInputError:
        claim = Claim(kind=TRAINING, name=folder.name)
    with counted(workspace, claim):
        yield
