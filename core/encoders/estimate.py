"""What an extraction would take: clips, hours, time and disk, from the headers and a short timed probe."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.encoders.batches import decode_ahead, encode_batch, plan_batches
from core.encoders.embedding import Job
from core.encoders.items import Item
from core.encoders.store import META, Embeddings, read_meta
from core.encoders.writer import refuse_other
from core.progress import Progress, silent

PROBES = 5
"""Batches that are timed, of short, middling and long clips."""

_ENOUGH = 10.0  # seconds of probing after which two batches must do
_OVERHEAD = 36  # bytes of a row in Arrow besides its vector and its id


@dataclass(frozen=True)
class Estimate:
    """What one encoder has to do, and how long that would take here.

    Attributes:
        store, modality, encoder, device, precision: which vectors, made where.
        rows, hours: utterances of the corpus that it concerns, and their speech (None for text).
        done: rows whose vector is there and current.
        left, left_hours: the others; clips that cannot be read count as rows without length.
        seconds, low, high: of work that is left, expected and by the fastest and the slowest batch of the probe; zero
            where nothing is left, None where nothing could be probed.
        probed: clips or texts that were run through the model.
        bytes_total, bytes_left: size of the finished store on disk, and what would be added.
    """

    store: str
    modality: str
    encoder: str
    device: str
    precision: str
    rows: int
    hours: float | None
    done: int
    left: int
    left_hours: float | None
    seconds: float | None
    low: float | None
    high: float | None
    probed: int
    bytes_total: int
    bytes_left: int


def estimate_job(job: Job, *, batch: int, dtype: str, progress: Progress = silent) -> Estimate:
    """Looks at every item and runs a few through the model; writes nothing.

    Args:
        job: one of ``core.encoders.embedding.plan_jobs``.
        batch, dtype: those of the run.
        progress: called with the rows whose headers were read.

    Raises:
        BadInputError: the store holds vectors of another kind, or is damaged.
        FailureError: out of memory.
    """
    done = _done(job)
    left: list[list[Item]] = []
    rows = current = 0
    seconds = left_seconds = 0.0
    with ThreadPoolExecutor(max_workers=4, thread_name_prefix="decode") as pool:
        for group in plan_batches(pool, job.items, batch):
            missing = [item for item in (item.missing(done) for item in group) if item.ids]
            rows += sum(len(item.ids) for item in group)
            current += sum(len(item.ids) for item in group) - sum(len(item.ids) for item in missing)
            seconds += sum(item.length for item in group)
            left_seconds += sum(item.length for item in missing)
            if missing:
                left.append(missing)
            progress(rows, job.rows, f"looking: {job.encoder.name}")
        rates, probed = _probe(pool, job, left, batch=batch, dtype=dtype)
    speech = job.encoder.modality == "audio"
    names = [len(name.encode("utf-8", "surrogatepass")) for item in job.items for name in item.ids]
    row_bytes = job.encoder.dim * np.dtype(dtype).itemsize + _OVERHEAD + sum(names) / len(names)
    expected: list[float | None] = [None] * 3
    if not left:
        expected = [0.0] * 3
    elif rates:
        work, heard = np.array(rates).T
        each = work / heard
        expected = [float(left_seconds * rate) for rate in (work.sum() / heard.sum(), each.min(), each.max())]
    return Estimate(
        store=job.encoder.name,
        modality=job.encoder.modality,
        encoder=job.encoder.checkpoint.name,
        device=str(job.encoder.device),
        precision=job.encoder.precision,
        rows=rows,
        hours=seconds / 3600 if speech else None,
        done=current,
        left=rows - current,
        left_hours=left_seconds / 3600 if speech else None,
        seconds=expected[0],
        low=expected[1],
        high=expected[2],
        probed=probed,
        bytes_total=round(rows * row_bytes),
        bytes_left=round((rows - current) * row_bytes),
    )


def _done(job: Job) -> dict[str, bytes]:
    if not (job.folder / META).is_file():
        return {}
    refuse_other(job.folder, read_meta(job.folder), job.meta)
    return Embeddings.open(job.folder).sources()


def _probe(
    pool: ThreadPoolExecutor, job: Job, left: Sequence[list[Item]], *, batch: int, dtype: str
) -> tuple[list[tuple[float, float]], int]:
    """(seconds of work, seconds of speech) for each probed batch, and how many items they held."""
    readable = [group for group in left if any(item.length for item in group)]
    readable.sort(key=lambda group: sum(item.length for item in group) / len(group))
    if not readable:
        return [], 0
    places = np.unique(np.linspace(0, len(readable) - 1, PROBES + 2)[1:-1].round().astype(int))
    chosen = [readable[place] for place in places]
    # The first pass of a model is slower than all that follow: it is not counted.
    warm_up = [chosen[0][:2]]
    rates: list[tuple[float, float]] = []
    probed = 0
    begin: Any = None
    start = time.perf_counter()
    for group, _ in decode_ahead(pool, job.encoder, [*warm_up, *chosen], {}):
        heard = 0.0
        for item, vector in encode_batch(job.encoder, group, batch, dtype):
            heard += 0.0 if isinstance(vector, str) else item.length
        now = time.perf_counter()
        if begin is not None and heard:
            rates.append((now - begin, heard))
        begin = now
        probed += len(group)
        if now - start > _ENOUGH and len(rates) >= 2:
            break
    return rates, probed
