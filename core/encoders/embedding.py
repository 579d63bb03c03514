"""Runs the encoders over a corpus into stores: decoding ahead of the model, resumable at any point."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core.encoders.audio import AudioEncoder
from core.encoders.shards import SOURCE_BYTES
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

_AHEAD = 3  # batches decoded before the model asks for them: bounds the memory


@dataclass(frozen=True)
class _Item:
    """One clip or one distinct transcript, and the utterances that get its vector."""

    ids: tuple[str, ...]
    source: bytes
    length: Callable[[], float]
    load: Callable[[], Any]

    def only(self, ids: Iterable[str]) -> _Item:
        """The same item for some of its utterances."""
        return replace(self, ids=tuple(ids))


def embed_corpus(
    corpus: Corpus,
    *,
    audio_encoder: str | AudioEncoder | None = None,
    text_encoder: str | TextEncoder | None = None,
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
    jobs: list[tuple[AudioEncoder | TextEncoder, list[_Item]]] = []
    if audio_encoder is not None:
        audio = (
            audio_encoder
            if isinstance(audio_encoder, AudioEncoder)
            else AudioEncoder.load(audio_encoder, layer, pooling, device)
        )
        jobs.append((audio, _audio_items(corpus, audio.rate)))
    if text_encoder is not None:
        text = text_encoder if isinstance(text_encoder, TextEncoder) else TextEncoder.load(text_encoder, device)
        jobs.append((text, _text_items(corpus)))
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
    items: list[_Item],
    encoder: AudioEncoder | TextEncoder,
    *,
    batch: int,
    dtype: str,
    report: Callable[[int, str], None],
    stop: Callable[[], bool],
) -> None:
    done = sum(writer.done.get(name) == item.source for item in items for name in item.ids)
    message = f"{encoder.modality}: {encoder.name}"
    problems: list[dict[str, str]] = []
    report(done, message)
    stopped = False
    with ThreadPoolExecutor(max_workers=4, thread_name_prefix="decode") as pool:
        try:
            for group in _decoded(pool, _batches(pool, items, batch), writer):
                if stop():
                    stopped = True
                    break
                good: list[_Item] = []
                payloads = []
                for item, future in group:
                    try:
                        payloads.append(future.result())
                        good.append(item)
                    except (MirageError, OSError) as error:
                        problems.extend({"utterance_id": name, "reason": str(error)} for name in item.ids)
                for item, vector in zip(good, _encode(encoder, payloads, batch), strict=True):
                    kept = vector.astype(dtype) if isinstance(vector, np.ndarray) else None
                    if kept is None or not np.isfinite(kept).all():
                        reason = str(vector) if kept is None else f"the vector is not finite in {dtype}"
                        problems.extend({"utterance_id": name, "reason": reason} for name in item.ids)
                        continue
                    for name in item.ids:
                        writer.append(name, item.source, kept)
                writer.flush_if_due()
                done += sum(len(item.ids) for item, _ in group)
                report(done, message)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    writer.finish(complete=not stopped, problems=problems)
    if not stopped and not writer.done:
        raise BadInputError(f"no row could be embedded; the first problem: {problems[0]['reason']}")


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


def _batches(pool: ThreadPoolExecutor, items: list[_Item], batch: int) -> Iterator[list[_Item]]:
    for start in range(0, len(items), CHUNK):
        chunk = items[start : start + CHUNK]
        lengths = list(pool.map(lambda item: item.length(), chunk))
        order = sorted(range(len(chunk)), key=lambda index: lengths[index])
        for first in range(0, len(order), batch):
            yield [chunk[index] for index in order[first : first + batch]]


def _decoded(
    pool: ThreadPoolExecutor, batches: Iterator[list[_Item]], writer: StoreWriter
) -> Iterator[list[tuple[_Item, Future[Any]]]]:
    """Batches of what is not done yet, with their payloads on the way, a few batches ahead."""
    waiting: deque[list[tuple[_Item, Future[Any]]]] = deque()
    for group in batches:
        missing = [item.only(name for name in item.ids if writer.done.get(name) != item.source) for item in group]
        futures = [(item, pool.submit(item.load)) for item in missing if item.ids]
        if futures:
            waiting.append(futures)
        if len(waiting) > _AHEAD:
            yield waiting.popleft()
    yield from waiting


def _audio_items(corpus: Corpus, rate: int) -> list[_Item]:
    def item(row: Any) -> _Item:
        return _Item(
            (row.utterance_id,),
            _digest("audio", row.audio, _number(row.start), _number(row.end)),
            length=lambda: _seconds(corpus, row),
            load=lambda: corpus.waveform(row, rate),
        )

    rows = [row for row in corpus.table.itertuples(index=False) if row.audio is not None]
    if not rows:
        raise BadInputError(f"corpus {corpus.name}: no utterance has audio; embed its text only")
    if not corpus.root.is_dir():
        corpus.audio_path(rows[0])  # says so
    return [item(row) for row in rows]


def _text_items(corpus: Corpus) -> list[_Item]:
    speakers: dict[str, list[str]] = {}
    for name, text in zip(corpus.table["utterance_id"], corpus.table["text"], strict=True):
        if isinstance(text, str) and text.strip():
            speakers.setdefault(text, []).append(name)
    if not speakers:
        raise BadInputError(f"corpus {corpus.name}: no utterance has text; embed its audio only")

    def item(text: str, ids: list[str]) -> _Item:
        return _Item(tuple(ids), _digest("text", text), length=lambda: len(text), load=lambda: text)

    return [item(text, ids) for text, ids in speakers.items()]


def _seconds(corpus: Corpus, row: Any) -> float:
    """The length by the file's header; 0 where it cannot be read: reading it will say why."""
    from core.corpora import probe_audio

    start, end = _number(row.start) or 0.0, _number(row.end)
    try:
        return (probe_audio(corpus.audio_path(row)).seconds if end is None else end) - start
    except BadInputError:
        return 0.0


def _about(corpus: Corpus) -> dict[str, Any]:
    from core import __version__

    return {"code_version": __version__, "corpus": corpus.name, "corpus_fingerprint": corpus.fingerprint()}


def _digest(*parts: object) -> bytes:
    return hashlib.blake2b(repr(parts).encode("utf-8"), digest_size=SOURCE_BYTES).digest()


def _number(value: Any) -> float | None:
    return None if value is None or value != value else float(value)


def _never() -> bool:
    return False
