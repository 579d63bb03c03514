"""Looks at the clips of a corpus before they are stored: every bad one is found, in bounded time and memory."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import numpy as np

from core.corpora.audio import AudioError, read_native, read_pieces
from core.corpora.drafts import Row
from core.corpora.paths import Folder, path_fault
from core.corpora.pcm import glance
from core.corpora.problems import Problem
from core.errors import BadInputError

Depth = Literal["auto", "whole", "pieces"]
"""How much of each clip is decoded: all of it, or its beginning, middle and end."""

WHOLE_UP_TO = 50_000
"""Corpora of at most so many utterances are decoded whole (``auto``); larger ones would take hours on slow disks."""

# Below -80 dB of full scale nothing can be heard.
_SILENCE = 1e-4
_COPY_AGAIN = "repair or remove it, then ingest again"
_CHUNK = 256


def depth_for(check: Depth, utterances: int) -> Depth:
    """``whole`` or ``pieces``: what ``auto`` means for a corpus of so many utterances.

    >>> depth_for("auto", 535), depth_for("auto", 264_705), depth_for("whole", 264_705)
    ('whole', 'pieces', 'whole')
    """
    if check == "auto":
        return "whole" if utterances <= WHOLE_UP_TO else "pieces"
    return check


def check_clips(root: Path, rows: Sequence[Row], depth: Depth) -> Iterator[float | Problem]:
    """For each row, in order, the seconds of its clip or what is wrong with it.

    Several clips at a time: libsndfile works without the interpreter lock. ``pieces`` decodes 0.1 s at the beginning,
    the middle and the end of a clip, after its header and size; what they show of a fault, or silence, is looked into
    by decoding all of it. A fault that lies only between them is found by ``mirage embed``, which reads every sample.
    """
    folder = Folder(root)
    # Chunks, not clips, are handed out: a waiting task for each of 264,705 clips would be 300 MB of them.
    size = max(1, min(_CHUNK, len(rows) // 64))
    chunks = [rows[at : at + size] for at in range(0, len(rows), size)]
    pool = ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1), thread_name_prefix="mirage-ingest")
    try:
        for results in pool.map(lambda chunk: [_check(folder, row, depth) for row in chunk], chunks):
            yield from results
    finally:
        # Ctrl-C must not wait for the clips that are still queued.
        pool.shutdown(wait=True, cancel_futures=True)


def _check(folder: Folder, row: Row, depth: Depth) -> float | Problem:
    audio = row.values.get("audio")
    if audio is None:
        return Problem(row.file, row.number, "there is no audio", "fill in the path of the clip")
    fault = path_fault(audio)
    if fault is not None:
        return Problem(row.file, row.number, f"{audio!r}: {fault}", "give a path relative to the corpus folder")
    # A problem of a table's row names the table; the clip is then part of the reason.
    prefix = "" if row.number is None else f"{audio}: "
    try:
        seconds, peak = _listen(folder.inside(audio), row.values.get("start"), row.values.get("end"), depth)
    except AudioError as error:
        return Problem(row.file, row.number, prefix + error.reason)
    except BadInputError as error:
        return Problem(row.file, row.number, str(error))
    if peak < _SILENCE:
        return Problem(row.file, row.number, prefix + "nothing can be heard in it (digital silence)", _COPY_AGAIN)
    return seconds


def _listen(path: Path, start: float | None, end: float | None, depth: Depth) -> tuple[float, float]:
    """Seconds and peak of a clip."""
    if depth == "pieces":
        seen = glance(path, start, end)
        if seen is not None and seen.peak >= _SILENCE:
            return seen.seconds, seen.peak
        try:
            samples, seconds = read_pieces(path, start, end)
            peak = _peak(samples)
            if peak >= _SILENCE:
                return seconds, peak
        except AudioError:
            # The whole clip says best what is wrong with it.
            pass
    samples, rate = read_native(path, start, end)
    return len(samples) / rate, _peak(samples)


def _peak(samples: np.ndarray) -> float:
    # Not abs().max(): that would copy the clip.
    return max(float(samples.max()), -float(samples.min()))
