"""What goes on beside the sessions of ``benchmarks.load``: a real training, and a look at the server's memory."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from core.errors import MirageError
from core.files import read_json
from core.workspace import Workspace

MIB = 2**20
TRAINING = "load-training"
"""The run of the training; deleted afterwards."""


class Memory:
    """The resident memory of a process and its children, looked at twice a second by a thread."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self.most = 0.0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def now(self) -> float:
        """MiB."""
        total = 0
        for one in (self._process, *self._process.children(recursive=True)):
            try:
                total += one.memory_info().rss
            except psutil.Error:
                continue
        return total / MIB

    def close(self) -> None:
        """Looks no more."""
        self._end.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._end.wait(0.5):
            self.most = max(self.most, self.now())


@contextmanager
def training(workspace: Workspace, settings: list[str]) -> Iterator[Path]:
    """A training of the demo that goes on meanwhile; the folder of its run. It is stopped and deleted at the end."""
    folder = workspace.run_folder(TRAINING)
    shutil.rmtree(folder, ignore_errors=True)
    chosen = [part for setting in settings for part in ("--set", setting)]
    command = [sys.executable, "-m", "core", "train", "demo", "--run-id", TRAINING, "--json", *chosen]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(240):
            if _steps(folder)[0] > 0:
                break
            if process.poll() is not None:
                raise SystemExit("the training did not start")
            time.sleep(0.25)
        yield folder
        if process.poll() is not None:
            raise SystemExit("the training ended before the sessions did")
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def _steps(folder: Path) -> tuple[int, float]:
    try:
        state = read_json(folder / "state.json")
        return int(state["step"]), float(state["heartbeat"])
    except (MirageError, KeyError, TypeError):  # not there yet
        return 0, 0.0


class Pace:
    """Steps per second of a training since this was made."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._start = folder, _steps(folder)

    def rate(self) -> float:
        """NaN where its heart has not beaten since."""
        step, when = _steps(self._folder)
        passed = when - self._start[1]
        return (step - self._start[0]) / passed if passed > 0 else float("nan")
