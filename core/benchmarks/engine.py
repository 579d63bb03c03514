"""Where tasks run: in this process, shared by several processes of this machine, or on a Ray cluster."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from core.benchmarks.cells import Material, Worker
from core.benchmarks.source import Options, load_source
from core.benchmarks.tasks import Task
from core.config import Config
from core.errors import FailureError
from core.runs.guards import isolated
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.encoders.cluster import Cluster


class BenchmarkStopped(Exception):  # noqa: N818 - no fault: somebody asked for it
    """The benchmark was asked to stop; what is done is on the disk."""


@dataclass
class Watch:
    """Told of what is done, and asked whether to stop."""

    stop: Callable[[], bool]
    report: Callable[[int, str], None]
    done: int = 0

    def step(self) -> None:
        """Raises BenchmarkStopped where somebody asked for it."""
        if self.stop():
            raise BenchmarkStopped

    def finished(self, what: str) -> None:
        """One unit more."""
        self.done += 1
        self.report(self.done, what)


class Engine(Protocol):
    """Does tasks; every unit is in the material's folder when it is reported."""

    def run(self, tasks: Sequence[Task], watch: Watch) -> None:
        """All tasks; ends when the last is done.

        Raises:
            BenchmarkStopped: the watch said so. FailureError: the work cannot be finished.
        """


@contextmanager
def open_engine(
    material: Material,
    options: Options,
    config: Config,
    workspace: Workspace,
    workers: int,
    cluster: Cluster | None,
    most: int,
) -> Iterator[Engine]:
    """The engine that is asked for, with no more workers than ``most``; ended on leaving.

    Raises:
        BadInputError: Ray is not installed. FailureError: there is no cluster.
    """
    if cluster is not None:
        from core.benchmarks.spread import open_cluster

        with open_cluster(cluster, material, most) as spread:
            yield spread
    elif min(workers, most) > 1:
        pool = Pool(min(workers, most), options, config, workspace)
        try:
            yield pool
        finally:
            pool.close()
    else:
        yield Here(material, config)


@contextmanager
def one_thread(config: Config) -> Iterator[None]:
    """Every library on one thread: with more the same numbers are added up in another order."""
    from threadpoolctl import threadpool_limits

    with isolated(config.changed(training={"threads": 1})), threadpool_limits(1):
        yield


@dataclass(frozen=True, eq=False)
class Here:
    """One task after the other in this process."""

    material: Material
    config: Config

    def run(self, tasks: Sequence[Task], watch: Watch) -> None:
        """All tasks, in their order."""
        worker = Worker(self.material, watch.step, watch.finished)
        with one_thread(self.config):
            for task in tasks:
                task.run(worker)


class Pool:
    """Processes that each read the data once and then do task after task.

    They are started afresh, not forked: PyTorch's threads do not survive a fork.
    """

    def __init__(self, workers: int, options: Options, config: Config, workspace: Workspace) -> None:
        context = get_context("spawn")
        self._stop, self._count = context.Event(), context.Value("i", 0)
        self._pool = ProcessPoolExecutor(
            workers,
            mp_context=context,
            initializer=_begin,
            initargs=(options, config.model_dump(), str(workspace.root), self._stop, self._count),
        )

    def run(self, tasks: Sequence[Task], watch: Watch) -> None:
        """All tasks, longest first; ends when the last is done.

        Raises:
            BenchmarkStopped: the watch said so. FailureError: a process was killed.
        """
        before, seen = watch.done, self._count.value
        order = sorted(tasks, key=lambda task: -task.units)
        left: set[Future[None]] = {self._pool.submit(_do, task) for task in order}
        message = ""
        while left:
            ended, left = wait(left, timeout=0.2, return_when=FIRST_COMPLETED)
            for future in ended:
                try:
                    future.result()
                except BrokenProcessPool:
                    # Ctrl-C reaches a process that has not yet begun to leave it to the first one.
                    watch.step()
                    raise FailureError(
                        "a process of the benchmark was killed, perhaps for want of memory; run the same command "
                        "again to go on, with --workers 1 if it happens again"
                    ) from None
            if before + self._count.value - seen > watch.done:
                watch.done = before + self._count.value - seen
                message = f"{len(left)} of {len(tasks)} tasks left"
            watch.report(watch.done, message or "starting processes")
            watch.step()

    def close(self) -> None:
        """Asks the processes to end after the step that they are in."""
        self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)


_state: dict[str, Any] = {}


def _begin(options: Options, config: dict[str, Any], root: str, stop: Any, count: Any) -> None:
    """What a process of the pool keeps between tasks."""
    import signal

    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    # Ctrl-C reaches the whole group: the first process answers it, by the event.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _state.update(options=options, config=Config.model_validate(config), root=root, stop=stop, count=count)


def _end_with_parent() -> None:
    # A first process that is killed cannot tell the others, and their pool would wait for it for ever.
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _do(task: Task) -> None:
    if "worker" not in _state:
        source = load_source(_state["options"], _state["config"], Workspace(Path(_state["root"])))
        _state["worker"] = Worker(source.material, step=_asked, done=_counted)
    try:
        with one_thread(_state["config"]):
            task.run(_state["worker"])
    except BenchmarkStopped:
        return


_looked = [0.0]


def _asked() -> None:
    # Asking another process costs as much as a small matrix product: now and then is enough.
    now = time.monotonic()
    if now - _looked[0] > 0.2:
        _looked[0] = now
        if _state["stop"].is_set():
            raise BenchmarkStopped


def _counted(what: str) -> None:
    with _state["count"].get_lock():
        _state["count"].value += 1
