"""The same extraction on a Ray cluster: batches go out to workers, vectors come back to one store.

Every node needs MIRAGE of the same version, the clips under the same path (a shared file system) and the encoder.
Ray trusts whoever reaches its ports: keep a cluster inside a private network.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.encoders.audio import AudioEncoder
from core.encoders.batches import Encoder, encode_batch, prepare_item
from core.encoders.items import Item
from core.encoders.text import TextEncoder
from core.errors import BadInputError, FailureError


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
        workers: how many; by default one for each GPU, and without any one for each core. Fewer than there are cores
            share these.
    """

    address: str | None = None
    workers: int | None = None


class Worker:
    """One process somewhere in the cluster, with an encoder of its own. Made into a Ray actor."""

    def __init__(self, recipe: Recipe, threads: int = 1) -> None:
        import torch

        torch.set_num_threads(threads)
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
        BadInputError: nothing is asked for, a loaded encoder is given (workers load their own), or one of the GPUs.
    """
    if device.startswith("cuda:"):
        raise BadInputError(f"device {device}: on a cluster each worker has a GPU to itself; use cuda")
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
