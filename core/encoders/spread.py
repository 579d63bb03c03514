"""``embed_corpus`` on a Ray cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from core.encoders.batches import Outcome, check_batch, plan_batches
from core.encoders.cluster import Cluster, Recipe, connected, recipes
from core.encoders.embedding import never, record, store_meta
from core.encoders.items import Item, audio_items, text_items
from core.encoders.store import Embeddings
from core.encoders.workers import WorkerPool
from core.encoders.writer import StoreWriter
from core.errors import BadInputError
from core.progress import Progress, silent
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.corpora import Corpus


def embed_on_cluster(
    corpus: Corpus,
    *,
    audio_encoder: str | Path | None = None,
    text_encoder: str | Path | None = None,
    cluster: Cluster | None = None,
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
    """Embeds what is not yet embedded, like ``embed_corpus``, with the workers of a Ray cluster.

    The batches, the store and how it goes on after a stop are the same; a store begun on one machine can be finished
    on a cluster and the other way round, as long as both compute in the same precision. A worker that dies costs the
    batches it held: they are done again by another one.

    Args:
        audio_encoder, text_encoder: hub ids or folders that every node can reach; workers load them.
        cluster: by default a local one, a worker for each core.
        layer, pooling, batch, device, precision, dtype, progress, stop: as for ``embed_corpus``.

    Raises:
        BadInputError: as ``embed_corpus``, or Ray is not installed.
        FailureError: as ``embed_corpus``, or no cluster, no worker, or a worker failed for good.
    """
    if dtype not in ("float32", "float16"):
        raise BadInputError(f"dtype {dtype!r} is not known; use float32 or float16")
    check_batch(batch)
    workspace = workspace or Workspace()
    wanted = recipes(audio_encoder, text_encoder, layer=layer, pooling=pooling, device=device, precision=precision)
    totals = {"audio": int(corpus.table["audio"].notna().sum()), "text": int(corpus.table["text"].notna().sum())}
    total = sum(totals[recipe.modality] for recipe in wanted)
    stores: list[Embeddings] = []
    with connected(cluster or Cluster()) as ray:
        before = 0
        for recipe in wanted:

            def report(done: int, message: str, before: int = before) -> None:
                progress(before + done, total, message)

            store, rows = _one(ray, corpus, recipe, cluster, workspace, batch, dtype, report, stop or never)
            stores.append(store)
            before += rows
            if not store.complete:
                break
    return stores


def _one(
    ray: object,
    corpus: Corpus,
    recipe: Recipe,
    cluster: Cluster | None,
    workspace: Workspace,
    batch: int,
    dtype: str,
    report: Callable[[int, str], None],
    stop: Callable[[], bool],
) -> tuple[Embeddings, int]:
    """One store, and the utterances it was made for."""
    workers = WorkerPool(ray, recipe, cluster.workers if cluster else None)
    try:
        encoder = workers.start()
        items = text_items(corpus) if recipe.modality == "text" else audio_items(corpus, encoder.rate)
        folder = workspace.embeddings_folder(corpus.name, encoder.name)
        label = f"{recipe.modality}: {encoder.name}"
        with (
            StoreWriter(folder, store_meta(corpus, encoder.meta, dtype)) as writer,
            ThreadPoolExecutor(max_workers=4, thread_name_prefix="examine") as pool,
        ):
            left = _left(plan_batches(pool, items, batch), writer)
            record(writer, items, _sent(workers, left, batch, dtype), label, report=report, stop=stop)
    finally:
        workers.close()
    return Embeddings.open(folder), sum(len(item.ids) for item in items)


def _left(batches: Iterable[list[Item]], writer: StoreWriter) -> Iterator[tuple[list[Item], int]]:
    """Of each batch the items that are not in the store yet, and the utterances of the whole batch."""
    for group in batches:
        missing = [item.missing(writer.done) for item in group]
        yield [item for item in missing if item.ids], sum(len(item.ids) for item in group)


def _sent(
    workers: WorkerPool, batches: Iterator[tuple[list[Item], int]], batch: int, dtype: str
) -> Iterator[tuple[Iterable[Outcome] | None, int]]:
    for outcomes, rows in workers.outcomes(batches, batch, dtype):
        yield outcomes or None, rows
