"""What a benchmark's process writes of itself: ``benchmark.json``, ``config.yaml`` and ``state.json``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.benchmarks.engine import BenchmarkStopped
from core.benchmarks.jobs import claim_of
from core.benchmarks.plan import Plan
from core.errors import BadInputError, FailureError, MirageError
from core.files import clear_disk_errors, write_json, write_text
from core.jobs.turns import counted
from core.progress import Progress
from core.runs.guards import only_one, sweep
from core.runs.heart import Reporter
from core.runs.state import STOP_FILE, State, read_state, write_state
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.encoders.cluster import Cluster

ASKED_FILE = "benchmark.json"
"""What was asked, so that the same can be gone on with, and what figures must be read with."""


def write_asked(plan: Plan, workers: int, cluster: Cluster | None = None) -> dict[str, Any]:
    """Writes ``benchmark.json`` and ``config.yaml`` into the benchmark's folder, and gives the content of the former.

    Raises:
        FailureError: the folder cannot be written.
    """
    with clear_disk_errors(plan.folder):
        plan.folder.mkdir(parents=True, exist_ok=True)
    content = {
        **plan.head(),
        "classes": plan.source.material.parts[0].classes,
        "asked": {
            "methods": {method.name: method.title for method in plan.methods},
            "workers": workers if cluster is None else (cluster.workers or 0),
            # Who goes on with it goes on where it was.
            "cluster": None if cluster is None else {"address": cluster.address},
        },
    }
    write_text(plan.folder / "config.yaml", plan.config.to_yaml())
    write_json(plan.folder / ASKED_FILE, content)
    return content


class Report:
    """Tells the state of one working process, and whether it was asked to stop."""

    def __init__(self, folder: Path, reporter: Reporter, asked: dict[str, Any]) -> None:
        self._folder, self._reporter, self._asked = folder, reporter, asked
        self._stop = str(folder / STOP_FILE)
        self._done: int | None = None

    def to(self, progress: Progress) -> Progress:
        """A progress that is told to ``progress`` and written into the state."""

        def told(done: int, total: int, message: str = "") -> None:
            progress(done, total, message)
            if self._done is None:
                # What was there before is no work of this process: the time left is estimated without it.
                write_json(self._folder / ASKED_FILE, {**self._asked, "begun": {"done": done, "time": time.time()}})
            if done != self._done:
                self._done = done
                self._reporter.progress("", done, message)

        return told

    def asked_to(self, stop: Callable[[], bool]) -> Callable[[], bool]:
        """``stop``, or the file ``stop`` in the folder."""
        return lambda: stop() or os.path.exists(self._stop)  # noqa: PTH110 - asked after every step: the fast one


@contextmanager
def reported(plan: Plan, workers: int, cluster: Cluster | None = None) -> Iterator[Report]:
    """Keeps ``state.json`` true while this process works; one process at a time works in a benchmark's folder.

    Raises:
        BadInputError: another process works on this benchmark. FailureError: the folder cannot be written, or the
            memory is full.
    """
    folder = plan.folder
    with ExitStack() as stack:
        stack.enter_context(clear_disk_errors(folder))
        folder.mkdir(parents=True, exist_ok=True)
        _lock(stack, folder)
        sweep(folder)
        claim = claim_of(folder.name, workers if cluster is None else 1, plan.config)
        stack.enter_context(counted(Workspace(folder.parent.parent), claim))
        if _status(folder) != "queued":
            # A queued one may have been asked to stop before its process was there; any other stop is an old one.
            (folder / STOP_FILE).unlink(missing_ok=True)
            write_state(folder, State(status="queued", created=time.time()))
        asked = write_asked(plan, workers, cluster)
        reporter = Reporter(folder, plan.units)
        status, message = "failed", ""
        try:
            yield Report(folder, reporter, asked)
            status, message = "finished", "finished"
        except BenchmarkStopped:
            status, message = "stopped", "stopped; what is done is kept"
            raise
        except KeyboardInterrupt:
            status, message = "stopped", "broken off; what is done is kept"
            raise
        except MirageError as error:
            message = str(error)
            raise
        except MemoryError as error:
            message = "out of memory; run it again with fewer processes, what is done is kept"
            raise FailureError(message) from error
        except BaseException as error:
            message = f"{type(error).__name__}: {error}"
            raise
        finally:
            (folder / STOP_FILE).unlink(missing_ok=True)
            reporter.close(status, message)


def _lock(stack: ExitStack, folder: Path) -> None:
    try:
        stack.enter_context(only_one(folder))
    except BadInputError:
        raise BadInputError(
            f"benchmark {folder.name!r} is being worked on by another process; wait for it, or stop it first"
        ) from None


def _status(folder: Path) -> str:
    try:
        return read_state(folder).status
    except BadInputError:
        return ""
