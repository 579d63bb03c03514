"""A follower as a process of its own, for as long as a training that was asked to have one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import BadInputError
from core.export.following import Target
from core.runs.state import read_state
from core.workspace import Workspace

_ENDING_SECONDS = 60.0


def check_follower(to: str, workspace: Workspace) -> None:
    """Raises BadInputError where there is no such tracker, or its package is missing: before a run is made."""
    Target.of(to, None, workspace)


@contextmanager
def following(run_id: str, workspace: Workspace, to: str | None, say: Callable[[str], None]) -> Iterator[None]:
    """Tells a tracker what the run measures while it is worked on here; ``mirage events --follow`` does it.

    The training knows nothing of it, and a follower that fails does not disturb it: what it said is told at the end.
    Events go into the workspace; nothing is sent.
    """
    if to is None:
        yield
        return
    # -P: a folder named core where the person happens to be is not MIRAGE's.
    command = [sys.executable, "-P", "-m", "core", "events", run_id, "--to", to]
    root = str(Path(__file__).resolve().parents[2])
    environment = {**os.environ, "MIRAGE_HOME": str(workspace.root)}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, environment.get("PYTHONPATH")]))
    process = _started([*command, "--follow"], environment)
    try:
        yield
    finally:
        try:
            # Of a finished run it tells all and ends; otherwise it would wait for somebody to resume the run.
            if not _finished(workspace.run_folder(run_id)):
                process.terminate()
            out, err = process.communicate(timeout=_ENDING_SECONDS)
            if process.returncode == -signal.SIGTERM:
                # The run ended before its follower had begun.
                process = _started(command, environment)
                out, err = process.communicate(timeout=_ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            say(f"events: still being told (process {process.pid})")
        else:
            lines = (err if process.returncode else out).strip().splitlines()
            say(f"events: {lines[-1] if lines else 'nothing was told'}")


def _started(command: list[str], environment: dict[str, str]) -> subprocess.Popen[str]:
    # Its own session: Ctrl-C stops the training, whose last values it tells before it ends.
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )


def _finished(folder: Path) -> bool:
    try:
        return read_state(folder).status == "finished"
    except BadInputError:
        return False
