"""Runs the encoders over a corpus into stores: decoding ahead of the model, resumable at any point."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.encoders.audio import AudioEncoder
from core.encoders.items import Item, audio_items, text_items
from core.encoders.store import Embeddings
from core.encoders.text import TextEncoder
from core.encoders.writer import StoreWriter
from core.errors import BadInputError, MirageError
from core.progress import Progress, silent
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.corpora import Corpus

CHUNK = 512
"""Items that are sorted by length together; fixed, so that an interrupted and an unbroken run share their batches."""

# Batches decoded before the model asks for them, and the speech in one: they bound the memory.
_AHEAD = 3
_SECONDS = 600.0


def embed_corpus(
    corpus: Corpus,
    *,
    audio_encoder: str | Path | AudioEncoder | None = None,
    text_encoder: str | Path | TextEncoder | None = None,
    workspace: Workspace | None = None,
    layer: int | str = "auto",
    pooling: str = "mean",
    batch: int = 16,
    device: str = "auto",
    dtype: str = "float32",
    progress: Progress = silent,
    stop: Callable[[], bool] | None = None,
) -> list[Embeddings]:
    """Embeds what is not yet embedded of ``corpus``; the same call goes on where an interrupted one was.

    Args:
        corpus: an ingested corpus.
        audio_encoder, text_encoder: hub ids, folders or loaded encoders; at least one.
        workspace: by default the one of MIRAGE_HOME.
        layer, pooling: of the audio encoder, see ``AudioEncoder.load``.
        batch: clips or texts at once.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        dtype: of the stored vectors, ``float32`` or ``float16``.
        progress: called after each batch with the utterances done.
        stop: asked before each batch; where it says yes, what is done is written and ``complete`` stays False.

    Returns:
        The stores, audio first. Rows that could not be embedded are in each one's ``problems``; the rest is there.

    Raises:
        BadInputError: no encoder, a bad one, another encoder's store in the way, or no row could be embedded.
        FailureError: disk full, out of memory, hub not reachable, or another process is at it.
    """
    if audio_encoder is None and text_encoder is None:
        raise BadInputError("give an audio encoder, a text encoder or both")
    if dtype not in ("float32", "float16"):
        raise BadInputError(f"dtype {dtype!r} is not known; use float32 or float16")
    if batch < 1:
        raise BadInputError(f"batch {batch}: at least 1")
    workspace = workspace or Workspace()
    # Both are loaded before any work: a mistyped text encoder is told at once, not after the audio.
    jobs: list[tuple[AudioEncoder | TextEncoder, list[Item]]] = []
    if audio_encoder is not None:
        audio = (
            audio_encoder
            if isinstance(audio_encoder, AudioEncoder)
            else AudioEncoder.load(audio_encoder, layer, pooling, device)
        )
        jobs.append((audio, audio_items(corpus, audio.rate)))
    if text_encoder is not None:
        text = text_encoder if isinstance(text_encoder, TextEncoder) else TextEncoder.load(text_encoder, device)
        jobs.append((text, text_items(corpus)))
    total = sum(len(item.ids) for _, items in jobs for item in items)
    finished = 0
    stores = []
    for encoder, items in jobs:
        before = finished

        def report(done: int, message: str, before: int = before) -> None:
            progress(before + done, total, message)

        folder = workspace.embeddings_folder(corpus.name, encoder.name)
        meta = {**encoder.meta(), "dtype": dtype, **_about(corpus)}
        with StoreWriter(folder, meta) as writer:
            _fill(writer, items, encoder, batch=batch, dtype=dtype, report=report, stop=stop or _never)
        stores.append(Embeddings.open(folder))
        finished += sum(len(item.ids) for item in items)
        if not stores[-1].complete:
            break
    return stores


def _fill(
    writer: StoreWriter,
    items: list[Item],
    encoder: AudioEncoder | TextEncoder,
    *,
    batch: int,
    dtype: str,
    report: Callable[[int, str], None],
    stop: Callable[[], bool],
) -> None:
    message = f"{encoder.modality}: {encoder.name}"
    problems: list[dict[str, str]] = []
    done = 0
    report(done, message)
    stopped = False
    with ThreadPoolExecutor(max_workers=4, thread_name_prefix="decode") as pool:
        try:
            for group, rows in _decoded(pool, _batches(pool, items, batch), writer.done):
                if group and stop():
                    stopped = True
                    break
                for item, vector in _vectors(encoder, group, batch, dtype):
                    if isinstance(vector, str):
                        problems.extend({"utterance_id": name, "reason": vector} for name in item.ids)
                    else:
                        for name in item.ids:
                            writer.append(name, item.source, vector)
                writer.flush_if_due()
                done += rows
                report(done, message)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    writer.finish(complete=not stopped, problems=problems)
    if not stopped and not writer.done:
        raise BadInputError(f"no row could be embedded; the first problem: {problems[0]['reason']}")


def _vectors(
    encoder: AudioEncoder | TextEncoder, group: list[tuple[Item, Future[Any]]], batch: int, dtype: str
) -> Iterator[tuple[Item, np.ndarray | str]]:
    """Each item with its vector, or with what is wrong with it."""
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
        yield item, stored if np.isfinite(stored).all() else f"the vector is not finite in {dtype}"


def _encode(encoder: AudioEncoder | TextEncoder, payloads: list[Any], batch: int) -> list[np.ndarray | MirageError]:
    """A vector for each payload; where one spoils the batch, each alone, and the fault in its place."""
    if not payloads:
        return []
    try:
        return list(encoder.encode(payloads, batch))
    except BadInputError as error:
        if len(payloads) == 1:
            return [error]
        return [_encode(encoder, [payload], batch)[0] for payload in payloads]


def _batches(pool: ThreadPoolExecutor, items: list[Item], batch: int) -> Iterator[list[Item]]:
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


def _decoded(
    pool: ThreadPoolExecutor, batches: Iterator[list[Item]], done: dict[str, bytes]
) -> Iterator[tuple[list[tuple[Item, Future[Any]]], int]]:
    """What is not done yet of each batch, its payloads on the way a few batches ahead; and the rows of the batch."""
    waiting: deque[tuple[list[tuple[Item, Future[Any]]], int]] = deque()
    for group in batches:
        missing = [item.missing(done) for item in group]
        futures = [(item, pool.submit(item.load)) for item in missing if item.ids]
        waiting.append((futures, sum(len(item.ids) for item in group)))
        while waiting and (len(waiting) > _AHEAD or not waiting[0][0]):
            yield waiting.popleft()
    yield from waiting


def _about(corpus: Corpus) -> dict[str, Any]:
    from core import __version__

    return {"code_version": __version__, "corpus": corpus.name, "corpus_fingerprint": corpus.fingerprint()}


def _never() -> bool:
    return False
