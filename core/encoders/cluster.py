"""The same extraction on a Ray cluster: batches go out to workers, vectors come back to one store.

Every node needs MIRAGE of the same version, the clips under the same path (a shared file system) and the encoder.
Ray trusts whoever reaches its ports: keep a cluster inside a private network.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core.encoders.audio import AudioEncoder
from core.encoders.batches import Encoder, Outcome, encode_batch, prepare_item
from core.encoders.items import Item
from core.encoders.text import TextEncoder
from core.errors import BadInputError, FailureError, MirageError

# Batches on their way to one worker: the second is decoded while the first is with the model.
_IN_FLIGHT = 2
# A batch that takes its worker down so often is given up.
_ATTEMPTS = 3
# Seconds until a worker must be there, at the start and when all others are gone.
_PATIENCE = 180.0


@dataclass(frozen=True)
class Recipe:
    """How a worker gets its encoder; plain data, so that it can be sent."""

    modality: str
    source: str
    layer: int | str = "auto"
    pooling: str = "mean"
    device: str = "auto"
    precision: str = "auto"

    def load(self) -> Encoder:
        """The encoder, on this machine."""
        if self.modality == "text":
            return TextEncoder.load(self.source, self.device, self.precision)
        return AudioEncoder.load(self.source, self.layer, self.pooling, self.device, self.precision)


@dataclass(frozen=True)
class Description:
    """What a worker says of its encoder."""

    name: str
    rate: int
    meta: dict[str, Any]
    version: str


@dataclass(frozen=True)
class Cluster:
    """Where the work goes.

    Attributes:
        address: of an existing cluster (``host:port``, or ``auto`` for the one of this machine); None starts one on
            this machine and ends it with the work.
        workers: how many; by default one for each GPU, and without any one for each core.
    """

    address: str | None = None
    workers: int | None = None


class Worker:
    """One process somewhere in the cluster, with an encoder of its own. Made into a Ray actor."""

    def __init__(self, recipe: Recipe) -> None:
        import torch

        torch.set_num_threads(1)
        self.encoder = recipe.load()
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="decode")
        self._model = threading.Lock()

    def describe(self) -> Description:
        """What this worker makes vectors with."""
        from core import __version__

        rate = self.encoder.rate if isinstance(self.encoder, AudioEncoder) else 0
        return Description(self.encoder.name, rate, self.encoder.meta(), __version__)

    def encode(self, group: list[Item], batch: int, dtype: str) -> list[np.ndarray | str]:
        """The vector of each item, or what is wrong with it; decoding goes on while another batch is encoded."""
        waiting = [(item, self._pool.submit(prepare_item, self.encoder, item)) for item in group]
        for _, future in waiting:
            future.exception()
        with self._model:
            found = {item.ids: outcome for item, outcome in encode_batch(self.encoder, waiting, batch, dtype)}
        return [found[item.ids] for item in group]


@contextmanager
def connected(cluster: Cluster) -> Iterator[Any]:
    """Ray, connected; what was started here is ended again.

    Raises:
        BadInputError: Ray is not installed. FailureError: there is no cluster at the address.
    """
    # Ray would report its use to its makers.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError:
        raise BadInputError("--engine ray needs Ray: pip install 'mirage-affect[cluster]'") from None
    where = cluster.address or "this machine"
    _reach(cluster.address)
    if not ray.is_initialized():
        own: dict[str, Any] = {} if cluster.address else {"num_cpus": os.cpu_count(), "include_dashboard": False}
        try:
            ray.init(
                address=cluster.address or "local",
                namespace="mirage",
                log_to_driver=False,
                logging_level=logging.ERROR,
                configure_logging=True,
                **own,
            )
        except (ConnectionError, ValueError, RuntimeError, TimeoutError) as error:
            raise FailureError(f"no Ray cluster at {where}: {str(error).splitlines()[0]}") from None
        started = True
    else:
        started = False
    try:
        yield ray
    finally:
        if started:
            ray.shutdown()


def _reach(address: str | None) -> None:
    """Ray itself would try for minutes to reach what is not there."""
    host, colon, port = (address or "").removeprefix("ray://").rpartition(":")
    if not colon:
        return
    if not port.isdecimal() or not host:
        raise BadInputError(f"--address {address}: expected HOST:PORT or auto")
    try:
        socket.create_connection((host, int(port)), timeout=5.0).close()
    except (OSError, OverflowError) as error:
        raise FailureError(f"no Ray cluster at {address}: {getattr(error, 'strerror', None) or error}") from None


@dataclass(eq=False)
class _Member:
    """A worker and what it is at."""

    actor: Any
    ready: Any
    busy: int = 0
    description: Description | None = None


@dataclass(eq=False)
class _Bucket:
    """A batch of items, what of its rows is counted when it is done, and how often it was tried."""

    items: list[Item]
    rows: int
    attempts: int = 0


@dataclass(eq=False)
class WorkerPool:
    """Workers with one encoder; those that die are replaced, and only what they held is done again."""

    ray: Any
    recipe: Recipe
    workers: int | None = None
    lost: int = 0
    _members: list[_Member] = field(default_factory=list)

    def start(self) -> Description:
        """Starts the workers and waits for the first.

        Raises:
            BadInputError, FailureError: the encoder cannot be loaded there, or no worker comes.
        """
        resources = self.ray.cluster_resources()
        gpus = int(resources.get("GPU", 0)) if self.recipe.device in ("auto", "cuda") else 0
        self._needs = {"num_gpus": 1, "num_cpus": 1} if gpus else {"num_cpus": 1}
        count = self.workers or gpus or int(resources.get("CPU", 1))
        for _ in range(max(1, count)):
            self._members.append(self._new())
        self.description = self._first()
        return self.description

    def outcomes(
        self, batches: Iterator[tuple[list[Item], int]], batch: int, dtype: str
    ) -> Iterator[tuple[list[Outcome], int]]:
        """The outcomes of each batch as it comes back, in any order, with its number of rows."""
        queue: deque[_Bucket] = deque()
        flying: dict[Any, tuple[_Bucket, _Member]] = {}
        more = True
        idle_since = time.monotonic()
        while more or queue or flying:
            self._welcome()
            for member in self._members:
                while member.description is not None and member.busy < _IN_FLIGHT and (queue or more):
                    if not queue:
                        following = next(batches, None)
                        if following is None:
                            more = False
                            break
                        queue.append(_Bucket(*following))
                    bucket = queue.popleft()
                    if not bucket.items:
                        yield [], bucket.rows
                        continue
                    bucket.attempts += 1
                    member.busy += 1
                    flying[member.actor.encode.remote(bucket.items, batch, dtype)] = (bucket, member)
            if flying:
                idle_since = time.monotonic()
                done, _ = self.ray.wait(list(flying), num_returns=1, timeout=0.5)
                for reference in done:
                    bucket, member = flying.pop(reference)
                    result = self._result(reference, bucket, member, queue)
                    if result is not None:
                        yield result, bucket.rows
            elif more or queue:
                if time.monotonic() - idle_since > _PATIENCE:
                    raise FailureError(f"no worker of the cluster answered within {_PATIENCE:.0f} s; is it still up?")
                time.sleep(0.1)

    def close(self) -> None:
        """Ends the workers."""
        for member in self._members:
            self.ray.kill(member.actor)
        self._members.clear()

    def _new(self) -> _Member:
        remote = self.ray.remote(max_concurrency=_IN_FLIGHT + 1, max_restarts=0, **self._needs)(Worker)
        actor = remote.remote(self.recipe)
        return _Member(actor, actor.describe.remote())

    def _first(self) -> Description:
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            done, _ = self.ray.wait([member.ready for member in self._members], num_returns=1, timeout=1.0)
            for reference in done:
                return self._fetched(reference)
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
            except FailureError:
                self._replace(member)
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

    def _result(self, reference: Any, bucket: _Bucket, member: _Member, queue: deque[_Bucket]) -> list[Outcome] | None:
        from ray.exceptions import RayActorError, RayTaskError, WorkerCrashedError

        try:
            vectors = self.ray.get(reference)
        except RayTaskError as error:
            raise _plain(error) from None
        except (RayActorError, WorkerCrashedError):
            self._replace(member)
            if bucket.attempts < _ATTEMPTS:
                queue.appendleft(bucket)
                return None
            reason = f"its batch ended {bucket.attempts} workers (out of memory?); use a smaller batch"
            return [(item, reason) for item in bucket.items]
        member.busy -= 1
        return list(zip(bucket.items, vectors, strict=True))

    def _replace(self, member: _Member) -> None:
        if member in self._members:
            self.lost += 1
            self._members[self._members.index(member)] = self._new()


def recipes(
    audio_encoder: str | Path | None,
    text_encoder: str | Path | None,
    *,
    layer: int | str,
    pooling: str,
    device: str,
    precision: str,
) -> list[Recipe]:
    """The recipes of what is asked for, audio first.

    Raises:
        BadInputError: nothing is asked for, or a loaded encoder is given: workers load their own.
    """
    found = []
    for modality, source in (("audio", audio_encoder), ("text", text_encoder)):
        if source is None:
            continue
        if not isinstance(source, str | Path):
            raise BadInputError(f"on a cluster the {modality} encoder is given by its hub id or folder")
        # A folder is sent as it is seen from everywhere, whatever directory a worker lives in.
        place = Path(source).expanduser()
        shown = str(place.resolve()) if place.is_dir() else str(source)
        found.append(Recipe(modality, shown, layer, pooling, device, precision))
    if not found:
        raise BadInputError("give an audio encoder, a text encoder or both")
    return found


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
    return FailureError(f"a worker could not start: {lines[-1] if lines else type(error).__name__}")
