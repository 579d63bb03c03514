"""What a corpus keeps from people is not in the file."""

from __future__ import annotations

import base64
import io
import json
from collections import Counter

import numpy as np
import pandas as pd
import soundfile

from core import LoadedRun, Workspace, load_run
from core.corpora import change_permissions
from dashboard.report import clips, lab_part, report_html
from dashboard.space.points import map_points
from tests.dashboard.report.conftest import Read, read_report


def words_of(page: Read) -> list[list[str]]:
    return json.loads(page.pack("map-pack")[1]["words"])


def test_clips_and_transcripts_of_the_demo(page: Read, told: Workspace) -> None:
    run = load_run("demo", told)
    data = page.data()["map"]
    sounds = json.loads(page.blocks["clip-pack"])
    assert len(sounds) == len(data["clips"]) == clips.MOST
    table = run.utterances
    rows = [clip["row"] for clip in data["clips"]]
    chosen = table.iloc[rows]
    assert set(chosen["part"]) == {"test"}
    # As evenly as 50 can be dealt out over 4 emotions and 2 speakers.
    for column in ("label", "speaker"):
        counts = Counter(chosen[column])
        assert max(counts.values()) - min(counts.values()) <= 1, counts
    assert [clip["said"] for clip in data["clips"]] == chosen["text"].str.slice(0, 80).to_list()
    heard, rate = soundfile.read(io.BytesIO(base64.b64decode(sounds[0])))
    true = run.waveform(rows[0])
    assert rate == clips.RATE
    assert abs(len(heard) - len(true)) < 0.15 * rate
    level = np.sqrt((heard**2).mean()) / np.sqrt((true**2).mean())
    assert 0.8 < level < 1.2


def test_without_audio(told: Workspace) -> None:
    page = read_report(told, audio=False)
    assert page.data()["map"]["clips"] == []
    assert json.loads(page.blocks["clip-pack"]) == []
    assert "It was made without sound." in page.text("the-map")


def test_audio_switched_off(own: Workspace) -> None:
    change_permissions("demo", own, audio=False)
    page = read_report(own)
    assert page.data()["map"]["clips"] == []
    assert json.loads(page.blocks["clip-pack"]) == []
    assert "lets nobody hear" in page.text("the-map")
    assert "Its clips may not be heard, and none is in this file." in page.text("limits")
    # Transcripts are another switch.
    assert any(row[3] for row in words_of(page))


def test_transcripts_switched_off(own: Workspace) -> None:
    said = load_run("demo", own).utterances["text"].to_list()
    features = load_run("demo", own).t
    change_permissions("demo", own, transcripts=False)
    html = report_html(load_run("demo", own), own)
    page = Read.of(html)
    inside = html + json.dumps(words_of(page))
    assert [text for text in said if text in inside] == []
    assert "Its transcripts may not be read, and none is in this file." in page.text("limits")
    assert len(page.data()["map"]["clips"]) == clips.MOST
    # The lab takes the mean text of each emotion, and no sentence's own feature.
    texts = page.pack("lab-pack")[0]["texts"]
    assert len(texts) == 4
    assert features is not None
    assert min(np.linalg.norm(features - row, axis=1).min() for row in texts) > 0.1


def test_an_emotion_with_few_texts_gives_none_of_them_away(own: Workspace) -> None:
    change_permissions("demo", own, transcripts=False)
    run = load_run("demo", own)
    assert run.t is not None
    run.has_text = run.has_text.copy()
    number = {name: np.flatnonzero(own_rows(run, name)) for name in run.classes}
    # Of the first emotion one text is left, of the second four, of the third five.
    for emotion, left in zip(run.classes, (1, 4, 5), strict=False):
        run.has_text[number[emotion][left:]] = False
    texts = lab_part._texts(run)
    assert texts is not None
    kept = [rows[run.has_text[rows]] for rows in number.values()]
    for index in (2, 3):
        np.testing.assert_allclose(texts[index], run.t[kept[index]].mean(axis=0), rtol=1e-5, atol=1e-6)
    # The others have no share in it: what is left when the means are taken away is no sentence either.
    for index in (0, 1):
        both = run.t[np.concatenate(kept[2:])].mean(axis=0)
        np.testing.assert_allclose(texts[index], both, rtol=1e-5, atol=1e-6)
    for rows in number.values():
        run.has_text[rows] = False
    run.has_text[number[run.classes[0]][:4]] = True
    made = lab_part.lab_part(run, map_points(run))
    assert made.data is None
    assert "too few to give a mean" in made.reason


def own_rows(run: LoadedRun, emotion: str) -> np.ndarray:
    table = run.utterances
    return run.has_text & (table["label"] == emotion).to_numpy() & (table["part"] == "train").to_numpy()


def test_a_corpus_that_is_not_here_has_no_clips(own: Workspace) -> None:
    own.corpus_file("demo").unlink()
    page = read_report(own)
    assert page.data()["map"]["clips"] == []
    assert "The audio is not here" in page.text("the-map")


def test_order_deals_out_emotions_and_speakers() -> None:
    table = pd.DataFrame(
        {
            "label": ["sad", "sad", "sad", "happy", "happy", None, "sad"],
            "speaker": ["b", "a", "a", "a", None, "a", "c"],
            "part": ["test"] * 6 + ["train"],
        }
    )
    assert clips.order(table, ["happy", "sad"], "test") == [4, 0, 3, 1, 2]
    assert clips.order(table, ["happy", "sad"], None)[:4] == [4, 0, 3, 6]
    assert clips.order(table.iloc[:0], ["happy"], None) == []


def test_a_long_clip_is_cut_and_called_so(told: Workspace) -> None:
    made = clips._clip(3, np.full(clips.RATE * 20, 0.5))
    assert made.cut
    assert abs(soundfile.info(io.BytesIO(made.sound)).duration - clips.SECONDS) < 0.2
