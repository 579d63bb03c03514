"""Runs the encoders over a corpus into stores: decoding ahead of the model, resumable at any point."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.encoders.audio import AudioEncoder
from core.encoders.batches import Encoder, Outcome, check_batch, decode_ahead, encode_batch, plan_batches
from core.encoders.current import inputs_fingerprint, inputs_of
from core.encoders.items import Item, audio_items, text_items
from core.encoders.store import Embeddings
from core.encoders.text import TextEncoder
from core.encoders.writer import StoreWriter
from core.errors import BadInputError
from core.progress import Progress, silent
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.corpora import Corpus


@dataclass(frozen=True)
class Job:
    """One encoder, what it is to embed, and the store that gets the vectors.

    ``meta`` is what the store's meta.json says besides how far it got; ``rows`` counts the utterances.
    """

    encoder: Encoder
    items: list[Item]
    folder: Path
    meta: dict[str, Any]

    @property
    def rows(self) -> int:
        return sum(len(item.ids) for item in self.items)

    @property
    def label(self) -> str:
        """What progress says of it."""
        return f"{self.encoder.modality}: {self.encoder.name}"


def plan_jobs(
    corpus: Corpus,
    *,
    audio_encoder: str | Path | AudioEncoder | None = None,
    text_encoder: str | Path | TextEncoder | None = None,
    workspace: Workspace | None = None,
    layer: int | str = "auto",
    pooling: str = "mean",
    batch: int = 16,
    device: str = "auto",
    precision: str = "auto",
    dtype: str = "float32",
) -> list[Job]:
    """The jobs of ``embed_corpus``, audio first; all encoders are loaded, nothing is written.

    Args and errors are those of ``embed_corpus``.
    """
    if audio_encoder is None and text_encoder is None:
        raise BadInputError("give an audio encoder, a text encoder or both")
    if dtype not in ("float32", "float16"):
        raise BadInputError(f"dtype {dtype!r} is not known; use float32 or float16")
    check_batch(batch)
    workspace = workspace or Workspace()
    # Both are loaded before any work: a mistyped text encoder is told at once, not after the audio.
    found: list[tuple[Encoder, list[Item]]] = []
    if audio_encoder is not None:
        if not isinstance(audio_encoder, AudioEncoder):
            audio_encoder = AudioEncoder.load(audio_encoder, layer, pooling, device, precision)
        found.append((audio_encoder, audio_items(corpus, audio_encoder.rate)))
    if text_encoder is not None:
        if not isinstance(text_encoder, TextEncoder):
            text_encoder = TextEncoder.load(text_encoder, device, precision)
        found.append((text_encoder, text_items(corpus)))
    return [
        Job(
            encoder,
            items,
            workspace.embeddings_folder(corpus.name, encoder.name),
            store_meta(corpus, encoder.meta(), dtype),
        )
        for encoder, items in found
    ]


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
    precision: str = "auto",
    dtype: str = "float32",
    progress: Progress = silent,
    stop: Callable[[], bool] | None = None,
) -> list[Embeddings]:
    """Embeds what is not yet embedded of ``corpus``; the same call goes on where an interrupted one was.

    Args:
        corpus: an ingested corpus.
        audio_encoder, text_encoder: hub ids, folders or loaded encoders; at least one.
        workspace: by default the one of MIRAGE_HOME.
        layer, pooling: of the audio encoder, see ``AudioEncoder.load``; text is pooled as its checkpoint says.
        batch: clips or texts at once, 512 at most.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        precision: of the models, ``auto``, ``float32``, ``bfloat16`` or ``float16``.
        dtype: of the stored vectors, ``float32`` or ``float16``.
        progress: called after each batch with the utterances done.
        stop: asked before each batch; where it says yes, what is done is written and ``complete`` stays False.

    Returns:
        The stores, audio first. Rows that could not be embedded are in each one's ``problems``; the rest is there.
        Where the corpus changed since a store was finished, its ``changes`` count what was ``new``, ``changed`` and
        ``gone``; vectors of utterances that are gone stay, and nobody reads them.

    Raises:
        BadInputError: no encoder, a bad one, another encoder's store in the way, or no row could be embedded.
        FailureError: disk full, out of memory, hub not reachable, or another process is at it.
    """
    jobs = plan_jobs(
        corpus,
        audio_encoder=audio_encoder,
        text_encoder=text_encoder,
        workspace=workspace,
        layer=layer,
        pooling=pooling,
        batch=batch,
        device=device,
        precision=precision,
        dtype=dtype,
    )
    total = sum(job.rows for job in jobs)
    finished = 0
    stores = []
    for job in jobs:
        before = finished

        def report(done: int, message: str, before: int = before) -> None:
            progress(before + done, total, message)

        with (
            StoreWriter(job.folder, job.meta) as writer,
            ThreadPoolExecutor(max_workers=4, thread_name_prefix="decode") as pool,
        ):
            try:
                outcomes = _here(pool, job, writer, batch, dtype)
                record(writer, job.items, outcomes, job.label, report=report, stop=stop or never)
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
        stores.append(Embeddings.open(job.folder))
        finished += job.rows
        if not stores[-1].complete:
            break
    return stores


def _here(
    pool: ThreadPoolExecutor, job: Job, writer: StoreWriter, batch: int, dtype: str
) -> Iterator[tuple[Iterable[Outcome] | None, int]]:
    """Each batch's outcomes, made on this machine when they are asked for; None where nothing is to do."""
    for group, rows in decode_ahead(pool, job.encoder, plan_batches(pool, job.items, batch), writer.done):
        yield encode_batch(job.encoder, group, batch, dtype) if group else None, rows


def record(
    writer: StoreWriter,
    items: list[Item],
    outcomes: Iterable[tuple[Iterable[Outcome] | None, int]],
    label: str,
    *,
    report: Callable[[int, str], None],
    stop: Callable[[], bool],
) -> None:
    """Writes what an engine makes of ``items``, batch by batch in any order, until there is no more or ``stop``.

    Args:
        outcomes: for each batch its outcomes, None where all of it was done before, and its number of utterances.
        label: what progress says. report: told of the utterances done.

    Raises:
        BadInputError: no row could be embedded. FailureError: the disk is full.
    """
    problems: list[dict[str, str]] = []
    writer.expect(name for item in items for name in item.ids)
    done = 0
    report(done, label)
    stopped = False
    for batch, rows in outcomes:
        if batch is not None and stop():
            stopped = True
            break
        for item, vector in batch or ():
            if isinstance(vector, str):
                problems.extend({"utterance_id": name, "reason": vector} for name in item.ids)
            else:
                for name in item.ids:
                    writer.append(name, item.source, vector)
        writer.flush_if_due()
        done += rows
        report(done, label)
    # A store without a row is of no use to anybody: it is not finished.
    writer.finish(complete=not stopped and bool(writer.done), problems=problems)
    if not stopped and not writer.done:
        raise BadInputError(f"no row could be embedded; the first problem: {problems[0]['reason']}")


def store_meta(corpus: Corpus, encoder: dict[str, Any], dtype: str) -> dict[str, Any]:
    """What a store of ``corpus`` says of itself: the encoder's meta, the dtype, the code and the inputs."""
    inputs = inputs_fingerprint(inputs_of(corpus.table, encoder["modality"]))
    return {**encoder, "dtype": dtype, **_about(corpus), "inputs": inputs}


def _about(corpus: Corpus) -> dict[str, Any]:
    from core import __version__

    return {"code_version": __version__, "corpus": corpus.name, "corpus_fingerprint": corpus.fingerprint()}


def never() -> bool:
    """Nobody asks to stop."""
    return False
