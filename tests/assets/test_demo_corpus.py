"""The synthetic demo corpus is whole, balanced and decodes as its datasheet says."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

soundfile = pytest.importorskip("soundfile")

DEMO = Path(__file__).resolve().parents[2] / "assets" / "demo"
COLUMNS = ["utterance_id", "audio", "text", "emotion", "speaker", "gender", "language", "session"]
EMOTIONS = {"angry", "happy", "sad", "neutral"}


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with (DEMO / "utterances.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def decoded(rows) -> dict[str, tuple[np.ndarray, int]]:
    return {r["utterance_id"]: soundfile.read(DEMO / r["audio"], dtype="float32") for r in rows}


def test_table_has_the_columns_and_unique_ids(rows):
    assert list(rows[0]) == COLUMNS
    assert len({row["utterance_id"] for row in rows}) == len(rows)
    assert len({row["audio"] for row in rows}) == len(rows)
    assert {row["language"] for row in rows} == {"en"}


def test_voices_and_emotions_are_balanced(rows):
    assert len(rows) >= 480
    cells = Counter((row["speaker"], row["emotion"]) for row in rows)
    assert {emotion for _, emotion in cells} == EMOTIONS
    assert len({speaker for speaker, _ in cells}) == 8
    assert len(cells) == 32
    assert len(set(cells.values())) == 1


def test_each_voice_has_one_gender_and_genders_are_balanced(rows):
    genders = {(row["speaker"], row["gender"]) for row in rows}
    assert Counter(gender for _, gender in genders) == {"female": 4, "male": 4}


def test_sentences_bear_one_emotion_or_are_said_in_all(rows):
    said = defaultdict(set)
    for row in rows:
        said[row["text"]].add(row["emotion"])
    bearing = Counter(next(iter(found)) for found in said.values() if len(found) == 1)
    shared = [text for text, found in said.items() if found == EMOTIONS]
    assert len(bearing) == 4
    assert min(bearing.values()) >= 40
    assert len(shared) >= 20
    assert sum(bearing.values()) + len(shared) == len(said)


def test_shared_sentences_are_said_in_every_emotion_by_each_of_their_voices(rows):
    said = defaultdict(set)
    spoken = defaultdict(set)
    for row in rows:
        said[row["text"]].add(row["emotion"])
        spoken[row["text"], row["speaker"]].add(row["emotion"])
    assert all(found == said[text] for (text, _), found in spoken.items())


def test_voices_do_not_all_say_the_same_texts(rows):
    texts = defaultdict(set)
    for row in rows:
        texts[row["speaker"]].add(row["text"])
    assert not set.intersection(*texts.values())


def test_sentences_are_short(rows):
    assert all(4 <= len(row["text"].split()) <= 10 for row in rows)


def test_table_and_files_match_both_ways(rows):
    files = {path.relative_to(DEMO).as_posix() for path in (DEMO / "speech").iterdir()}
    assert files == {row["audio"] for row in rows}


def test_audio_is_small():
    sizes = [path.stat().st_size for path in (DEMO / "speech").iterdir()]
    assert sum(sizes) <= 8 * 2**20


def test_every_clip_is_16_khz_mono_of_half_to_eight_seconds(decoded):
    for samples, rate in decoded.values():
        assert rate == 16_000
        assert samples.ndim == 1
        assert 0.5 <= len(samples) / rate <= 8.0


def test_no_clip_is_clipped_silent_or_cut_off(decoded):
    for name, (samples, _) in decoded.items():
        assert np.isfinite(samples).all(), name
        assert 0.03 < np.abs(samples).max() < 0.99, name
        assert np.sqrt(np.mean(samples**2)) > 0.005, name
        edges = np.concatenate([samples[:32], samples[-32:]])
        assert np.abs(edges).max() < 0.01, name


def test_no_clip_has_long_silence_at_its_ends(decoded):
    for name, (samples, rate) in decoded.items():
        hop = rate // 100
        power = (samples[: len(samples) // hop * hop].reshape(-1, hop) ** 2).mean(axis=1)
        active = np.flatnonzero(power > power.max() * 1e-4)
        assert active[0] * 0.01 <= 0.15, name
        assert (len(power) - 1 - active[-1]) * 0.01 <= 0.15, name


def test_datasheet_calls_the_corpus_synthetic():
    text = (DEMO / "DATASHEET.md").read_text(encoding="utf-8")
    assert "synthetic" in text.lower()
