"""Starts ``mirage`` as an operating-system process of its own, which outlives the one that starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from core.workspace import Workspace


def start_command(workspace: Workspace, log: Path, arguments: Sequence[str]) -> int:
    """Starts ``mirage`` with ``arguments`` on the workspace; what it prints is added to the file ``log``.

    Returns:
        The process's id.
    """
    # -P: a folder named core where the person happens to be is not MIRAGE's.
    command = [sys.executable, "-P", "-m", "core", *arguments]
    environment = {**os.environ, "MIRAGE_HOME": str(workspace.root), "MIRAGE_LOG": "json"}
    # The package is found wherever the process that starts the job found it.
    root = str(Path(__file__).resolve().parents[2])
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, environment.get("PYTHONPATH")]))
    with log.open("ab") as file:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
            close_fds=True,
        )
    return process.pid
