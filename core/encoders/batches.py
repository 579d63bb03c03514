"""The parts of an extraction: which items share a batch, what is still to do of them, and one batch to vectors.

An engine puts them together: ``core.encoders.embedding`` on this machine, another one on many.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from core.encoders.audio import AudioEncoder
from core.encoders.items import Item
from core.encoders.text import TextEncoder
from core.errors import BadInputError, MirageError

Encoder = AudioEncoder | TextEncoder
Outcome = tuple[Item, np.ndarray | str]
"""An item with its vector (d,), or with what is wrong with it."""

CHUNK = 512
"""Items that are sorted by length together; fixed, so that an interrupted and an unbroken run share their batches."""

# The speech in one batch, in seconds, and the batches decoded before the model asks for them: they bound the memory.
_SECONDS = 600.0
_AHEAD = 3


def check_batch(batch: int) -> int:
    """Returns ``batch`` if a batch can be so large.

    Raises:
        BadInputError: it cannot.
    """
    if not 1 <= batch <= CHUNK:
        raise BadInputError(f"batch {batch}: from 1 to {CHUNK}")
    return batch


def plan_batches(pool: ThreadPoolExecutor, items: Sequence[Item], batch: int) -> Iterator[list[Item]]:
    """Batches of examined items of like length, at most ``batch`` in each.

    They depend on the items and on ``batch`` alone, not on what is done: so a vector is the same to the last bit,
    however often the work was interrupted.
    """
    for start in range(0, len(items), CHUNK):
        chunk = list(pool.map(Item.examined, items[start : start + CHUNK]))
        chunk.sort(key=lambda item: item.length)
        group: list[Item] = []
        for item in chunk:
            if group and (len(group) == batch or len(group) * item.length > _SECONDS):
                yield group
                group = []
            group.append(item)
        yield group


def prepare_item(encoder: Encoder, item: Item) -> Any:
    """Loads an item and makes of it what the encoder takes.

    Raises:
        MirageError, OSError: it cannot be had, or not be encoded.
    """
    return encoder.prepare(item.load())


def decode_ahead(
    pool: ThreadPoolExecutor, encoder: Encoder, batches: Iterable[list[Item]], done: Mapping[str, bytes]
) -> Iterator[tuple[list[tuple[Item, Future[Any]]], int]]:
    """What is not done yet of each batch, with its payloads on the way a few batches ahead; and the batch's rows."""
    waiting: deque[tuple[list[tuple[Item, Future[Any]]], int]] = deque()
    for group in batches:
        missing = [item.missing(done) for item in group]
        futures = [(item, pool.submit(prepare_item, encoder, item)) for item in missing if item.ids]
        waiting.append((futures, sum(len(item.ids) for item in group)))
        while waiting and (len(waiting) > _AHEAD or not waiting[0][0]):
            yield waiting.popleft()
    # One by one, or the last batches would stay in memory together.
    while waiting:
        yield waiting.popleft()


def encode_batch(
    encoder: Encoder, group: Sequence[tuple[Item, Future[Any]]], batch: int, dtype: str
) -> Iterator[Outcome]:
    """The outcome for each item of a batch, vectors in ``dtype``."""
    good: list[Item] = []
    payloads: list[Any] = []
    for item, future in group:
        try:
            payloads.append(future.result())
            good.append(item)
        except (MirageError, OSError) as error:
            yield item, str(error)
    for item, vector in zip(good, _encode(encoder, payloads, batch), strict=True):
        if isinstance(vector, MirageError):
            yield item, str(vector)
            continue
        with np.errstate(over="ignore"):
            stored = vector.astype(dtype)
        if np.isfinite(stored).all():
            yield item, stored
        else:
            option, kind = ("dtype", dtype) if np.isfinite(vector).all() else ("precision", encoder.precision)
            yield (
                item,
                f"the vector is not finite in {kind}" + ("" if kind == "float32" else f"; use --{option} float32"),
            )


def _encode(encoder: Encoder, payloads: list[Any], batch: int) -> list[np.ndarray | MirageError]:
    """A vector for each payload; where one spoils the batch, each alone, and the fault in its place."""
    if not payloads:
        return []
    try:
        return list(encoder.encode_prepared(payloads, batch))
    except BadInputError as error:
        if len(payloads) == 1:
            return [error]
        return [_encode(encoder, [payload], batch)[0] for payload in payloads]
