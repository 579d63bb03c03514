"""What the Corpora page shows of a corpus: counts, filtered rows, durations, one clip."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core import BadInputError
from dashboard.charts import NO_LABEL
from dashboard.theme import JOINER

if TYPE_CHECKING:
    from core import Corpus

RATE = 16_000
# Reading a header takes about 0.1 ms; beyond this many clips a random part tells the same.
MOST_PROBED = 4_000
SHOWN_COLUMNS = ("utterance_id", "emotion", "speaker", "session", "gender", "text", "language", "split")


@dataclass(frozen=True)
class Summary:
    """The figures at the head of the page."""

    utterances: int
    labelled: int
    emotions: int
    speakers: int
    sessions: int
    transcripts: int
    seconds: float | None


def summary(corpus: Corpus) -> Summary:
    """Counts the corpus."""
    table = corpus.table
    return Summary(
        utterances=len(table),
        labelled=int(table["emotion"].notna().sum()),
        emotions=len(corpus.classes()),
        speakers=int(table["speaker"].nunique()),
        sessions=int(table["session"].nunique()),
        transcripts=int(table["text"].notna().sum()),
        seconds=corpus.metadata.get("seconds"),
    )


def counts_by(table: pd.DataFrame, column: str, order: Sequence[str]) -> pd.DataFrame:
    """Utterances by ``column`` (rows) and emotion (columns, in ``order``; unlabelled ones last).

    >>> table = pd.DataFrame({"speaker": ["a", "a", "b"], "emotion": ["sad", None, "sad"]}, dtype=object)
    >>> counts_by(table, "speaker", ["sad"]).loc["a"].tolist()
    [1, 1]
    """
    emotion = table["emotion"].fillna(NO_LABEL)
    group = table[column].fillna(NO_LABEL)
    counts = pd.crosstab(group, emotion)
    columns = [name for name in (*order, NO_LABEL) if name in counts.columns]
    return counts[columns]


def emotion_counts(table: pd.DataFrame, order: Sequence[str]) -> pd.Series:
    """Utterances by emotion, in ``order``, unlabelled ones last."""
    counts = table["emotion"].fillna(NO_LABEL).value_counts()
    return counts.reindex([name for name in (*order, NO_LABEL) if name in counts.index])


def filtered(
    table: pd.DataFrame,
    *,
    emotions: Sequence[str] = (),
    speakers: Sequence[str] = (),
    sessions: Sequence[str] = (),
    words: str = "",
) -> pd.DataFrame:
    """The rows that match every filter that is set; the index keeps the row numbers of ``table``.

    ``words`` is looked for, without case, in the transcript and in the id.
    """
    keep = np.ones(len(table), dtype=bool)
    for column, values in (("emotion", emotions), ("speaker", speakers), ("session", sessions)):
        if values:
            chosen = set(values)
            keep &= table[column].fillna(NO_LABEL).isin(chosen).to_numpy(dtype=bool)
    wanted = words.replace(JOINER, "").strip().casefold()
    if wanted:
        texts = table["text"].fillna("").astype(str) + "\n" + table["utterance_id"].astype(str)
        keep &= np.array([wanted in text.casefold() for text in texts], dtype=bool)
    return table[keep]


def shown_columns(table: pd.DataFrame) -> list[str]:
    """The columns worth showing: those that hold anything."""
    return [name for name in SHOWN_COLUMNS if table[name].notna().any()]


def durations(corpus: Corpus, seed: int = 0) -> np.ndarray:
    """Lengths of the clips in seconds, (n,); of a random part of them where there are very many.

    Clips that cannot be read are left out: the page that plays them says why.
    """
    from core.corpora import probe_audio

    table = corpus.table
    rows = np.flatnonzero(table["audio"].notna().to_numpy(dtype=bool))
    if len(rows) > MOST_PROBED:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MOST_PROBED, replace=False))
    start, end = table["start"].to_numpy(dtype=float), table["end"].to_numpy(dtype=float)

    def length(row: int) -> float:
        first = 0.0 if np.isnan(start[row]) else start[row]
        if not np.isnan(end[row]):
            return float(end[row] - first)
        try:
            return probe_audio(corpus.audio_path(int(row))).seconds - first
        except BadInputError:
            return np.nan

    if not corpus.root.is_dir():
        rows = rows[~np.isnan(end[rows])]
    with ThreadPoolExecutor(max_workers=4) as pool:
        found = np.array(list(pool.map(length, rows)), dtype=float)
    return found[np.isfinite(found) & (found > 0)]


def log_mel(
    samples: np.ndarray, rate: int = RATE, *, bands: int = 64, window: float = 0.025, hop: float = 0.01
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log-mel spectrogram, for the eye.

    Mel scale after O'Shaughnessy (1987): m = 2595 log10(1 + f / 700). Frames are Hann windows of ``window`` s every
    ``hop`` s, or further apart so that no clip has more than about 1,000 frames.

    Returns:
        (bands, frames) in dB below the loudest point, at least -80; frame times (frames,) in s; band centres (bands,)
        in Hz.
    """
    size = int(rate * window)
    step = max(int(rate * hop), len(samples) // 1000)
    if len(samples) < size:
        samples = np.pad(samples, (0, size - len(samples)))
    frames = np.lib.stride_tricks.sliding_window_view(samples, size)[::step]
    power = np.abs(np.fft.rfft(frames * np.hanning(size), n=1024, axis=1).T) ** 2
    frequencies = np.fft.rfftfreq(1024, 1 / rate)
    times = (np.arange(len(frames)) * step + size / 2) / rate
    top = 2595 * np.log10(1 + rate / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, bands + 2) / 2595) - 1)
    rising = (frequencies[None, :] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - frequencies[None, :]) / (edges[2:] - edges[1:-1])[:, None]
    filters = np.clip(np.minimum(rising, falling), 0.0, None)
    mel = filters @ power
    decibels = 10 * np.log10(np.maximum(mel, 1e-12))
    decibels = np.maximum(decibels - decibels.max(), -80.0)
    return decibels.astype(np.float32), times, edges[1:-1]


def hours(seconds: float | None) -> str:
    """A length for people.

    >>> hours(90), hours(5400), hours(None)
    ('1.5 min', '1.5 h', 'unknown')
    """
    if seconds is None:
        return "unknown"
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"
