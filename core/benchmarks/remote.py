"""What runs on a worker of a cluster: it holds the data and no files; what it makes is fetched from it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from platform import python_version

from core.benchmarks.cells import Material, Worker
from core.benchmarks.engine import BenchmarkStopped, one_thread
from core.benchmarks.shelf import Cell, Tray
from core.benchmarks.tasks import Task

# With other versions of these the same seed gives other figures.
_COUNT = ("torch", "numpy", "scipy", "scikit-learn", "imbalanced-learn")
# Seconds that a question for news waits; a worker that is gone is noticed without it.
_WAIT = 10.0


@dataclass(frozen=True)
class Unit:
    """A unit that is done: what it is called, and its cells by the names of their files."""

    title: str
    cells: dict[str, Cell]


@dataclass
class News:
    """What came out since the last question; ``ended``: the task is over."""

    units: list[Unit] = field(default_factory=list)
    ended: bool = False


class RemoteWorker:
    """One process somewhere in the cluster, with the data of the whole benchmark. Made into a Ray actor.

    Each task runs in a thread of its own, so that units can be fetched while it goes on.
    """

    def __init__(self, material: Material) -> None:
        self._tray, self._news, self._change = Tray(), News(), threading.Condition()
        self._stop = threading.Event()
        self._fault: BaseException | None = None
        self._config = material.config
        self._worker = Worker(material, self._asked, self._done, self._tray)

    def describe(self) -> dict[str, str]:
        """``versions`` there."""
        return versions()

    def begin(self, task: Task, there: dict[str, Cell]) -> None:
        """Starts a task; ``there`` is what is done of it, and the choices that it needs."""
        self._news, self._fault = News(), None
        self._tray.lay(there)
        threading.Thread(target=self._run, args=(task,), daemon=True).start()

    def fetch(self) -> News:
        """Waits a while for something new.

        Raises:
            MirageError: the task failed; all that it had done was fetched before.
        """
        with self._change:
            self._change.wait_for(lambda: self._news.units or self._news.ended, _WAIT)
            if self._fault is None:
                news, self._news = self._news, News()
                return news
            if not self._news.units:
                raise self._fault
            units, self._news.units = self._news.units, []
            return News(units)

    def stop(self) -> None:
        """The task ends after the step that it is in."""
        self._stop.set()

    def _run(self, task: Task) -> None:
        try:
            with one_thread(self._config):
                task.run(self._worker)
        except BenchmarkStopped:
            pass
        except BaseException as fault:
            # It is told to whoever fetches: nobody waits for this thread.
            self._fault = fault
        with self._change:
            self._news.ended = True
            self._change.notify_all()

    def _asked(self) -> None:
        if self._stop.is_set():
            raise BenchmarkStopped

    def _done(self, title: str) -> None:
        with self._change:
            self._news.units.append(Unit(title, self._tray.take()))
            self._change.notify_all()


def versions() -> dict[str, str]:
    """What the figures depend on besides the data, of this process."""
    from core import __version__

    return {"mirage": __version__, "python": python_version(), **{name: _version(name) for name in _COUNT}}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"
