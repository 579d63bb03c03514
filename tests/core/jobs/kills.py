"""Runs work again and again in forks of one process and kills each, at a random moment or inside a random write.

``python kills.py KIND WORKSPACE SEED KILLS``; prints how often it was killed, where, and how the last fork ended. Forks
of a process that has everything loaded begin at once: thirty of them take the time of two starts.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import torch

from core.config import load_config
from core.workspace import Workspace

WRITES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "shutil.rmtree", "tempfile.mkstemp")


def work_of(kind: str, workspace: Workspace) -> Callable[[], object]:
    config = load_config(workspace.root / "c.yaml")
    if kind == "training":
        # What is used at the end is loaded in every fork anew otherwise.
        import sklearn.linear_model  # noqa: F401

        from core.runs.training import execute

        return lambda: execute(workspace.run_folder("killed"), workspace)
    from core.benchmarks import run_benchmark

    return lambda: run_benchmark("toy", methods=["none", "noise"], seeds=4, config=config, workspace=workspace)


def die_in_write(after: int) -> None:
    """Ends this process by SIGKILL at the ``after``-th thing that it does to the disk."""
    left = [after]

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        writing = event in WRITES
        if event == "open":
            mode, flags = arguments[1], arguments[2]
            writing = (isinstance(mode, str) and not mode.startswith("r")) or (
                isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))
            )
        if writing:
            left[0] -= 1
            if left[0] <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def main(kind: str, root: str, seed: str, most: str) -> None:
    torch.set_num_threads(1)
    # So that neither is done before it has been killed often enough.
    writes, seconds = (220, 0.8) if kind == "training" else (30, 0.4)
    work = work_of(kind, Workspace(Path(root)))
    chance, kills = random.Random(int(seed)), Counter[str]()
    while True:
        inside = chance.random() < 0.6
        after, delay = chance.randint(1, writes), chance.uniform(0.01, seconds)
        killing = kills.total() < int(most)
        child = os.fork()
        if child == 0:
            torch.set_num_threads(1)
            if killing and inside:
                die_in_write(after)
            try:
                work()
            except BaseException as error:
                sys.stderr.write(f"{type(error).__name__}: {error}\n")
                os._exit(3)
            os._exit(0)
        if killing and not inside:
            time.sleep(delay)
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            break
        kills["in a write" if inside else "at a moment"] += 1
    sys.stdout.write(f"{kills['in a write']} {kills['at a moment']} {status}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
