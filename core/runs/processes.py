"""Starts the process of a job, which outlives the one that starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.workspace import Workspace


def start_worker(
    workspace: Workspace, folder: Path, claim: Mapping[str, Any], arguments: Sequence[str]
) -> subprocess.Popen[bytes]:
    """Starts the process that waits for a job's turn and then does ``mirage`` with ``arguments``.

    It begins when its standard input ends. What it prints is added to ``job.log`` in the job's folder.
    """
    # -P: a folder named core where the person happens to be is not MIRAGE's.
    command = [sys.executable, "-P", "-m", "core.jobs.worker", str(folder), json.dumps(dict(claim)), *arguments]
    environment = {**os.environ, "MIRAGE_HOME": str(workspace.root), "MIRAGE_LOG": "json"}
    # A job that starts another one does not lend it its turn.
    environment.pop("MIRAGE_TICKET", None)
    # The package is found wherever the process that starts the job found it.
    root = str(Path(__file__).resolve().parents[2])
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, environment.get("PYTHONPATH")]))
    with (folder / "job.log").open("ab") as file:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
            close_fds=True,
        )
