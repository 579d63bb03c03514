"""The tasks of a benchmark on a Ray cluster: the data go out, units come back and are written here.

Nodes need MIRAGE and nothing else: neither the workspace nor the clips.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from core.benchmarks.cells import Material
from core.benchmarks.engine import Watch
from core.benchmarks.remote import News, RemoteWorker, versions
from core.benchmarks.shelf import read_cell
from core.benchmarks.tasks import Task
from core.encoders.cluster import Cluster, connected
from core.errors import BadInputError, FailureError, MirageError
from core.files import write_json

# Seconds until a worker must be there, at the start and when all others are gone.
_PATIENCE = 180.0
# Workers that die one after another before they are ready; then their place stays empty.
_STARTS = 4
# Workers that a task may end before the benchmark is given up.
_ATTEMPTS = 3
# Seconds that a worker is given to end the step it is in.
_GRACE = 60.0


@dataclass(eq=False)
class _Member:
    """A worker. ``answer`` is what it was asked last: its versions, or news of ``task``."""

    actor: Any
    answer: Any
    failed: int = 0
    ready: bool = False
    task: Task | None = None


@contextmanager
def open_cluster(cluster: Cluster, material: Material, most: int) -> Iterator[Spread]:
    """Workers on a cluster, at most ``most``; they are ended on leaving, and a cluster that was started for them too.

    Raises:
        BadInputError: Ray is not installed. FailureError: there is no cluster at the address.
    """
    with connected(cluster) as ray:
        cores = int(ray.cluster_resources().get("CPU", 1))
        spread = Spread(ray, material, max(1, min(cluster.workers or cores, most)))
        try:
            yield spread
        finally:
            spread.close()


class Spread:
    """Workers that each hold the data and do task after task; those that die are replaced."""

    def __init__(self, ray: Any, material: Material, workers: int) -> None:
        self._ray, self._material = ray, material
        # Once for each node: its workers read the same memory.
        self._sent = ray.put(material)
        self._versions = versions()
        self._members = [self._new() for _ in range(workers)]
        self.lost = 0

    def run(self, tasks: Sequence[Task], watch: Watch) -> None:
        """All tasks, longest first; a task whose worker dies is gone on with by another one.

        Raises:
            BenchmarkStopped: the watch said so. BadInputError: a worker has other versions.
            FailureError: a task failed or ended three workers, or no worker is left.
        """
        waiting, deaths = deque(sorted(tasks, key=lambda task: -task.units)), Counter[Task]()
        seen, message = time.monotonic(), "starting workers"
        while waiting or any(member.task for member in self._members):
            for member in self._members:
                if member.ready and member.task is None and waiting:
                    self._begin(member, waiting.popleft())
            asked = {member.answer: member for member in self._members if not member.ready or member.task}
            answered, _ = self._ray.wait(list(asked), num_returns=1, timeout=0.2)
            for member in [asked[answer] for answer in answered]:
                task, news = member.task, self._news(member)
                if task is not None and news is None:
                    deaths[task] += 1
                    if deaths[task] >= _ATTEMPTS:
                        raise FailureError(
                            f"a task of the benchmark ended {_ATTEMPTS} workers, perhaps for want of memory; run the "
                            "same command again to go on, with fewer --workers if it happens again"
                        )
                    waiting.appendleft(task)
                elif news is not None:
                    self._keep(news, watch)
                    left = len(waiting) + sum(member.task is not None for member in self._members)
                    message = f"{left} of {len(tasks)} tasks left"
            if any(member.ready for member in self._members):
                seen = time.monotonic()
            elif time.monotonic() - seen > _PATIENCE:
                raise FailureError(
                    f"no worker came up within {_PATIENCE:.0f} s; `ray status` says what the cluster has free "
                    "(each worker asks for one core)"
                )
            watch.report(watch.done, message)
            watch.step()

    def close(self) -> None:
        """Asks the workers to end after the step that they are in, and keeps what they have done."""
        end = time.monotonic() + _GRACE
        try:
            for member in self._members:
                if member.task:
                    member.actor.stop.remote()
            while (busy := [member for member in self._members if member.task]) and time.monotonic() < end:
                answered, _ = self._ray.wait([member.answer for member in busy], num_returns=1, timeout=0.5)
                for member in [member for member in busy if member.answer in answered]:
                    self._last(member)
        finally:
            for member in self._members:
                self._ray.kill(member.actor)
            self._members.clear()

    def _new(self, failed: int = 0) -> _Member:
        actor = self._ray.remote(max_concurrency=2, max_restarts=0, num_cpus=1)(RemoteWorker).remote(self._sent)
        return _Member(actor, actor.describe.remote(), failed)

    def _begin(self, member: _Member, task: Task) -> None:
        units = {path.name: read_cell(path) for path in task.files(self._material)}
        member.actor.begin.remote(task, {name: unit for name, unit in units.items() if unit is not None})
        member.task, member.answer = task, member.actor.fetch.remote()

    def _news(self, member: _Member) -> News | None:
        """News of its task; None from a worker that has just come up, and from one that died, which is replaced.

        Raises:
            MirageError: its task failed. BadInputError: it has other versions. FailureError: no worker is left.
        """
        from ray.exceptions import ObjectLostError, RayActorError, RayTaskError, WorkerCrashedError

        try:
            answer = self._ray.get(member.answer)
        except RayTaskError as error:
            raise _plain(error) from None
        except (RayActorError, WorkerCrashedError, ObjectLostError) as error:
            self._replace(member, error)
            return None
        if member.ready:
            if answer.ended:
                member.task = None
            else:
                member.answer = member.actor.fetch.remote()
            return answer
        if answer != self._versions:
            other = {name: found for name, found in answer.items() if found != self._versions[name]}
            here = {name: self._versions[name] for name in other}
            raise BadInputError(f"a worker has other versions than this machine: {other}, here {here}")
        member.ready = True
        return None

    def _replace(self, member: _Member, error: Exception) -> None:
        self.lost += 1
        # It may be alive, only not to be reached: its place is needed.
        self._ray.kill(member.actor)
        failed = 0 if member.ready else member.failed + 1
        if failed < _STARTS:
            self._members[self._members.index(member)] = self._new(failed)
            return
        self._members.remove(member)
        if not self._members:
            lines = str(error).strip().splitlines() or ["it gave no reason"]
            raise FailureError(f"no worker of the cluster could be started: {lines[-1].strip()}")

    def _last(self, member: _Member) -> None:
        """What a worker that is to stop has done; one that died or failed has nothing more."""
        from ray.exceptions import RayError

        try:
            news = self._ray.get(member.answer)
        except (RayError, MirageError):
            member.task = None
            return
        self._keep(news, None)
        if news.ended:
            member.task = None
        else:
            member.answer = member.actor.fetch.remote()

    def _keep(self, news: News, watch: Watch | None) -> None:
        for unit in news.units:
            for name, cell in unit.cells.items():
                write_json(self._material.folder / name, cell)
            if watch is not None:
                watch.finished(unit.title)


def _plain(error: Any) -> MirageError:
    """A fault inside a worker, as what it was."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, MirageError):
        return cause
    return FailureError(f"a worker failed: {type(cause or error).__name__}: {str(cause or error).splitlines()[-1]}")
