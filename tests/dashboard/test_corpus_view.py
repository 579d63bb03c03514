from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core import Corpus
from core.corpora import build_table
from core.spreadsheets import frame_csv
from dashboard import charts, corpus_view
from dashboard.theme import plain


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    rows = [
        {"utterance_id": "a1", "emotion": "angry", "speaker": "ann", "text": "Go *away*, <b>now</b>"},
        {"utterance_id": "a2", "emotion": "sad", "speaker": "ann"},
        {"utterance_id": "b1", "emotion": None, "speaker": "bob", "text": "It rains."},
        {"utterance_id": "b2", "emotion": "sad", "speaker": None, "start": 1.0, "end": 2.5, "audio": "x.wav"},
    ]
    return Corpus("c", tmp_path, build_table(rows), {"seconds": 90.0})


def test_filters_join(corpus: Corpus) -> None:
    table = corpus.table
    assert corpus_view.filtered(table).index.tolist() == [0, 1, 2, 3]
    assert corpus_view.filtered(table, emotions=["sad"]).index.tolist() == [1, 3]
    assert corpus_view.filtered(table, emotions=["sad", charts.NO_LABEL], speakers=["bob"]).index.tolist() == [2]
    assert corpus_view.filtered(table, words="AWAY").index.tolist() == [0]
    assert corpus_view.filtered(table, words="b1").index.tolist() == [2]


def test_counts_sum_to_all(corpus: Corpus) -> None:
    counts = corpus_view.counts_by(corpus.table, "speaker", corpus.classes())
    assert int(counts.to_numpy().sum()) == len(corpus.table)
    assert list(counts.columns) == ["angry", "sad", charts.NO_LABEL]
    assert corpus_view.emotion_counts(corpus.table, corpus.classes()).to_dict() == {
        "angry": 1,
        "sad": 2,
        charts.NO_LABEL: 1,
    }


def test_lengths_of_segments_need_no_file(corpus: Corpus) -> None:
    assert corpus_view.durations(corpus).tolist() == [1.5]


@pytest.mark.parametrize("samples", [100, 1_600, 48_000])
def test_spectrogram_of_a_tone_peaks_at_its_frequency(samples: int) -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(samples) / 16_000).astype(np.float32)
    mel, times, centres = corpus_view.log_mel(tone)
    assert mel.shape == (len(centres), len(times))
    assert mel.max() == 0
    assert mel.min() >= -80
    assert abs(centres[int(mel.mean(axis=1).argmax())] - 1000) < 120


def test_a_long_clip_has_few_frames() -> None:
    mel, _, _ = corpus_view.log_mel(np.zeros(16_000 * 120, dtype=np.float32))
    assert mel.shape[1] < 1_100


def test_envelope_holds_the_extremes() -> None:
    samples = np.sin(np.linspace(0, 1000, 100_000)).astype(np.float32)
    time, low, high = charts.envelope(samples, 16_000)
    assert len(time) <= 800
    assert low.min() == samples.min()
    assert high.max() == samples.max()


def test_problems_csv_holds_no_formula() -> None:
    import pandas as pd

    frame = pd.DataFrame([{"file": "=cmd()", "row": 2, "reason": "+A1", "remedy": "fine"}])
    assert frame_csv(frame).decode().splitlines()[1] == "'=cmd(),2,'+A1,fine"


def test_text_from_data_is_no_markdown() -> None:
    assert plain("<b>*a*</b> $x$ :red[b]") == "\\<b\\>\\*a\\*\\</b\\> \\$x\\$ \\:\u2060red\\[b\\]"
