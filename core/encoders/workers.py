"""The workers of a cluster: started, given batches, replaced when they die."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.encoders.batches import Outcome
from core.encoders.cluster import Description, Recipe, Worker
from core.encoders.items import Item
from core.encoders.schedule import IN_FLIGHT, Bucket, Holder, Schedule
from core.errors import BadInputError, FailureError, MirageError

# Seconds until a worker must be there, at the start and when all others are gone.
_PATIENCE = 180.0
# Workers that die one after another before they are ready; then their place stays empty.
_STARTS = 4


@dataclass(eq=False)
class _Member(Holder):
    """A worker; ``failed`` counts those before it in its place that never got ready."""

    actor: Any = None
    ready: Any = None
    failed: int = 0
    description: Description | None = None


@dataclass(eq=False)
class WorkerPool:
    """Workers with one encoder; those that die are replaced, and only what they held is done again."""

    ray: Any
    recipe: Recipe
    workers: int | None = None
    worker: type = Worker
    lost: int = 0
    _members: list[_Member] = field(default_factory=list)

    def start(self) -> Description:
        """Starts the workers and waits for the first.

        Raises:
            BadInputError, FailureError: the encoder cannot be loaded there, or no worker comes.
        """
        resources = self.ray.cluster_resources()
        gpus = int(resources.get("GPU", 0)) if self.recipe.device in ("auto", "cuda") else 0
        cores = 1
        if self.workers and not gpus:
            nodes = [int(node["Resources"].get("CPU", 0)) for node in self.ray.nodes() if node["Alive"]]
            cores = cores_each(nodes, self.workers)
        self._needs = {"num_gpus": 1, "num_cpus": 1} if gpus else {"num_cpus": cores}
        count = self.workers or gpus or int(resources.get("CPU", 1))
        for _ in range(max(1, count)):
            self._members.append(self._new())
        self.description = self._first()
        return self.description

    def outcomes(
        self, batches: Iterator[tuple[list[Item], int]], batch: int, dtype: str
    ) -> Iterator[tuple[list[Outcome], int]]:
        """The outcomes of each batch as it comes back, in any order, with its number of rows.

        Raises:
            BadInputError: a worker has another encoder. FailureError: no worker is left, or one failed for good.
        """
        schedule = Schedule(batches)
        flying: dict[Any, tuple[Bucket, _Member]] = {}
        idle_since = time.monotonic()
        while schedule.waiting or flying:
            self._welcome()
            there = [member for member in self._members if member.description is not None]
            for member, bucket in schedule.assign(there):
                if isinstance(member, _Member):
                    flying[member.actor.encode.remote(bucket.items, batch, dtype)] = (bucket, member)
                else:
                    yield [], bucket.rows
            if flying:
                idle_since = time.monotonic()
                done, _ = self.ray.wait(list(flying), num_returns=1, timeout=0.5)
                for reference in done:
                    bucket, member = flying.pop(reference)
                    result = self._result(reference, bucket, member, schedule)
                    if result is not None:
                        yield result, bucket.rows
            elif schedule.waiting:
                if time.monotonic() - idle_since > _PATIENCE:
                    raise FailureError(f"no worker of the cluster answered within {_PATIENCE:.0f} s; is it still up?")
                time.sleep(0.1)

    def close(self) -> None:
        """Ends the workers."""
        for member in self._members:
            self.ray.kill(member.actor)
        self._members.clear()

    def _new(self, failed: int = 0) -> _Member:
        remote = self.ray.remote(max_concurrency=IN_FLIGHT + 1, max_restarts=0, **self._needs)(self.worker)
        actor = remote.remote(self.recipe, self._needs["num_cpus"])
        return _Member(actor=actor, ready=actor.describe.remote(), failed=failed)

    def _first(self) -> Description:
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            done, _ = self.ray.wait([member.ready for member in self._members], num_returns=1, timeout=1.0)
            for member in [member for member in self._members if member.ready in done]:
                try:
                    return self._fetched(member.ready)
                except FailureError as error:
                    self._not_started(member, error)
                    end = time.monotonic() + _PATIENCE
        raise FailureError(
            f"no worker came up within {_PATIENCE:.0f} s; `ray status` says what the cluster has free "
            f"(each worker asks for {self._needs})"
        )

    def _welcome(self) -> None:
        """Lets workers that have loaded their encoder in; a worker with another encoder is refused."""
        for member in list(self._members):
            if member.description is not None:
                continue
            done, _ = self.ray.wait([member.ready], timeout=0)
            if not done:
                continue
            try:
                description = self._fetched(member.ready)
            except FailureError as error:
                self._not_started(member, error)
                continue
            if (description.meta, description.version) != (self.description.meta, self.description.version):
                raise BadInputError(
                    "the workers do not have the same encoder or version of MIRAGE: "
                    f"{description.version} {description.meta}, {self.description.version} {self.description.meta}"
                )
            member.description = description

    def _fetched(self, reference: Any) -> Description:
        from ray.exceptions import RayActorError, RayTaskError

        try:
            return self.ray.get(reference)
        except RayTaskError as error:
            raise _plain(error) from None
        except RayActorError as error:
            # An encoder that cannot be loaded ends the worker's construction; the cause is inside.
            cause = getattr(error, "cause", None) or error.__cause__
            if isinstance(cause, MirageError):
                raise cause from None
            raise _from_text(error) from None

    def _result(self, reference: Any, bucket: Bucket, member: _Member, schedule: Schedule) -> list[Outcome] | None:
        from ray.exceptions import ObjectLostError, RayActorError, RayTaskError, WorkerCrashedError

        try:
            vectors = self.ray.get(reference)
        except RayTaskError as error:
            raise _plain(error) from None
        except (RayActorError, WorkerCrashedError, ObjectLostError):
            if member in self._members:
                self._replace(member)
            if not schedule.lost(member, bucket):
                return None
            reason = f"its batch ended {bucket.losses} workers (out of memory?); use a smaller batch"
            return [(item, reason) for item in bucket.items]
        schedule.back(member, bucket)
        return list(zip(bucket.items, vectors, strict=True))

    def _not_started(self, member: _Member, error: FailureError) -> None:
        """Tries again in its place, or leaves that empty.

        Raises:
            FailureError: that was the last one.
        """
        if member.failed + 1 < _STARTS:
            self._replace(member, member.failed + 1)
            return
        self.ray.kill(member.actor)
        self._members.remove(member)
        if not self._members:
            raise FailureError(f"no worker is left, and none can be started: {error}")

    def _replace(self, member: _Member, failed: int = 0) -> None:
        self.lost += 1
        # It may be alive, only not to be reached or without an encoder: its place is needed.
        self.ray.kill(member.actor)
        self._members[self._members.index(member)] = self._new(failed)


def cores_each(nodes: Sequence[int], workers: int) -> int:
    """The most cores that each of ``workers`` can have on nodes of so many, no worker on two; 1 where it is tight.

    >>> cores_each([4, 8], 2), cores_each([4, 8], 1), cores_each([2, 2], 9)
    (4, 8, 1)
    """
    return next((cores for cores in range(max(nodes, default=1), 1, -1) if _room(nodes, cores) >= workers), 1)


def _room(nodes: Sequence[int], cores: int) -> int:
    return sum(node // cores for node in nodes)


def _plain(error: Any) -> MirageError:
    """A fault inside a worker, as what it was."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, MirageError):
        return cause
    return FailureError(f"a worker failed: {type(cause or error).__name__}: {str(cause or error).splitlines()[-1]}")


def _from_text(error: Exception) -> MirageError:
    """The line of a MirageError that ended a worker while it was being made, out of Ray's report."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    for line in reversed(lines):
        for kind in (BadInputError, FailureError):
            name = f"core.errors.{kind.__name__}: "
            if name in line:
                return kind(line.split(name, 1)[1])
    # Of a process that ended without a word Ray says last that it never ran.
    if not lines or lines[-1].startswith("The actor never ran"):
        return FailureError("a worker died while it loaded the encoder (out of memory?)")
    return FailureError(f"a worker could not start: {lines[-1]}")
