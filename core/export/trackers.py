"""Measured values to Weights & Biases, or to a package with the same calls (trackio)."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from importlib import import_module
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Any

from core.errors import BadInputError, FailureError
from core.export.record import Measured

STEP = "global_step"
MODES = ("offline", "online")

# What wandb would tell of the machine, the program and its user; none of it is of the run.
_QUIET = {
    "console": "off",
    "disable_code": True,
    "disable_git": True,
    "save_code": False,
    "silent": True,
    "host": "",
    "username": "",
    "email": "",
    "program": "mirage",
    "x_executable": "",
    "x_disable_meta": True,
    "x_disable_stats": True,
    "x_disable_machine_info": True,
    "x_save_requirements": False,
}
_ELSEWHERE = ("TRACKIO_SPACE_ID", "TRACKIO_SERVER_URL", "TRACKIO_BUCKET_ID", "TRACKIO_DATASET_ID")


class WandB:
    """A run of wandb by the name and id of the run: the same id goes on with the same run.

    Every step of the run is a row with ``global_step``, by which all curves are drawn, and the time when it was
    measured. ``offline``, nothing is sent: `wandb sync` does, when somebody asks for it.

    Args:
        folder: wandb makes its own folder ``wandb`` in it.

    Raises:
        BadInputError: the package is not installed. FailureError: it could not begin.
    """

    def __init__(self, folder: Path, run_id: str, project: str, mode: str) -> None:
        require_tracker("wandb")
        # Its own reports of errors would go out even offline.
        os.environ["WANDB_ERROR_REPORTING"] = "false"
        module = import_module("wandb")
        known = module.Settings.model_fields
        folder.mkdir(parents=True, exist_ok=True)
        try:
            self._run = module.init(
                project=project,
                id=run_id,
                name=run_id,
                dir=str(folder),
                mode=mode,
                resume="allow",
                settings=module.Settings(**{name: value for name, value in _QUIET.items() if name in known}),
            )
        except Exception as error:
            raise FailureError(
                f"wandb could not begin ({_line(error)}); take --mode offline, or check the network"
            ) from None
        self._run.define_metric(STEP)
        self._run.define_metric("*", step_metric=STEP)
        self.place = folder / "wandb"

    def settings(self, values: Mapping[str, Any]) -> None:
        """The configuration of the run."""
        self._run.config.update(dict(values), allow_val_change=True)

    def write(self, rows: Sequence[Measured]) -> None:
        """The values of each step together."""
        for step, together in groupby(rows, key=lambda row: row.step):
            values = list(together)
            self._run.log(
                {STEP: step, "_timestamp": max(row.time for row in values), **{row.name: row.value for row in values}}
            )

    def figures(self, values: Mapping[str, float], step: int) -> None:
        """Final figures, as the summary of the run."""
        self._run.summary.update(dict(values))

    def close(self) -> None:
        """All is written, or sent, when this returns."""
        try:
            self._run.finish(exit_code=0)
        except Exception as error:
            raise FailureError(f"wandb could not finish ({_line(error)}); run the command again") from None


class Trackio:
    """The same with trackio, which keeps everything in a folder of its own; nothing is sent unless the mode is online.

    It notes when it was told, not when a value was measured.

    Args:
        folder: trackio's database goes into its ``trackio``.
    """

    def __init__(self, folder: Path, run_id: str, project: str, mode: str) -> None:
        require_tracker("trackio")
        self.place = folder / "trackio"
        os.environ["TRACKIO_DIR"] = str(self.place)
        if mode == "offline":
            for name in _ELSEWHERE:
                os.environ.pop(name, None)
        # It prints where JSON may be wanted.
        self._module = import_module("trackio")
        with redirect_stdout(sys.stderr):
            self._run = self._module.init(
                project=project, name=run_id, resume="allow", embed=False, auto_log_cpu=False, auto_log_gpu=False
            )
        self._run.config["_Username"] = ""

    def settings(self, values: Mapping[str, Any]) -> None:
        """The configuration of the run; trackio writes it with the first values."""
        self._run.config.update(values)

    def write(self, rows: Sequence[Measured]) -> None:
        """The values of each step together."""
        for step, together in groupby(rows, key=lambda row: row.step):
            self._run.log({row.name: row.value for row in together}, step=step)

    def figures(self, values: Mapping[str, float], step: int) -> None:
        """Final figures, at the run's last step: trackio has no summary."""
        self._run.log(dict(values), step=step)

    def close(self) -> None:
        """All is written when this returns."""
        with redirect_stdout(sys.stderr):
            self._module.finish()


def require_tracker(name: str) -> None:
    """Raises BadInputError where the package is not installed."""
    if find_spec(name) is None:
        if name == "wandb":
            raise BadInputError("--to wandb needs wandb: pip install 'mirage-affect[wandb]'")
        raise BadInputError("--to trackio needs trackio: pip install trackio")


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0][:200]}"
