"""One utterance: what is known of it, its sound, its picture. Used wherever an utterance is clicked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st

from core import MirageError
from dashboard import charts, corpus_view, licence, state, theme

if TYPE_CHECKING:
    from core import Corpus

FACTS = ("emotion", "speaker", "session", "gender", "language", "split", "arousal", "valence", "dominance")


def show_clip(corpus: Corpus, row: int, *, key: str) -> None:
    """Player, transcript, facts and spectrogram of row number ``row`` of the corpus's table."""
    from core.corpora import Permissions

    record = corpus.table.iloc[row]
    st.subheader(theme.plain(theme.short(record["utterance_id"])), anchor=False)
    # st.text: what people wrote is never read as markdown or HTML.
    allowed = Permissions.of(corpus.metadata)
    st.text(licence.said(record, allowed))
    facts = {name: record[name] for name in FACTS if not pd.isna(record[name])}
    st.dataframe(
        pd.DataFrame({name: [_short(value)] for name, value in facts.items()}),
        hide_index=True,
        alt="What the corpus says about this utterance",
        key=f"{key}_facts",
    )
    if not allowed.audio:
        st.caption("The licence of this corpus does not allow its clips to be played here.")
        return
    with state.faults():
        samples = waveform(corpus, row)
        st.audio(samples, sample_rate=corpus_view.RATE, alt="The clip of the selected utterance")
        mel, times, centres = corpus_view.log_mel(samples)
        theme.show(
            charts.clip(samples, mel, times, centres, corpus_view.RATE),
            key=f"{key}_clip",
            alt="Waveform over time in seconds, and log-mel spectrogram in hertz",
        )
        st.caption("Above the waveform, below the log-mel spectrogram in dB under its loudest point.")


def waveform(corpus: Corpus, row: int) -> np.ndarray:
    """The clip of a row at 16 kHz, (samples,), float32; the last 32 stay in memory.

    Raises:
        BadInputError: the clips must not be played, or the file is gone or cannot be read.
    """
    from core.corpora import require_audio

    require_audio(corpus)
    path = corpus.audio_path(row)
    start, end = corpus.table["start"].iat[row], corpus.table["end"].iat[row]
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        changed = 0
    return _read(str(path), _number(start), _number(end), changed)


@st.cache_resource(max_entries=32, show_spinner=False)
def _read(path: str, start: float | None, end: float | None, changed: int) -> np.ndarray:
    from core.corpora import read_audio

    return read_audio(path, start, end, corpus_view.RATE)


def _number(value: Any) -> float | None:
    return None if value is None or value != value else float(value)


def _short(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def row_of(corpus: Corpus, utterance_id: str) -> int:
    """The row number of an utterance.

    Raises:
        MirageError: the corpus has no such utterance.
    """
    rows = np.flatnonzero((corpus.table["utterance_id"] == utterance_id).to_numpy())
    if len(rows) == 0:
        raise MirageError(f"corpus {corpus.name}: there is no utterance {utterance_id!r}")
    return int(rows[0])
