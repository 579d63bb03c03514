"""From a folder to the workspace: the good rows stored, every other one named with file, row and reason."""

from __future__ import annotations

import csv
import hashlib
import shutil
import time

import numpy as np
import pytest
import soundfile

from core.corpora import (
    LOADERS,
    NothingUsableError,
    Problem,
    ingest,
    load_corpus,
    make_folds,
    transcript_groups,
    write_problems,
)
from core.errors import BadInputError

EMODB = {"angry": 127, "boredom": 81, "disgust": 46, "fear": 69, "happy": 71, "sad": 62, "neutral": 79}


@pytest.mark.speech
def test_emodb(shared, workspace):
    begin = time.perf_counter()
    seen = []
    done = ingest("emodb", shared / "data" / "emodb", workspace=workspace, progress=lambda d, t, m="": seen.append(d))
    assert time.perf_counter() - begin < 30
    assert seen == list(range(1, 536))
    assert done.problems == []
    assert done.remarks == []
    assert done.published.lines() == ["matches the published counts (8 compared)"]
    corpus = load_corpus("emodb", workspace)
    assert corpus.metadata["checked"] == "whole"
    assert corpus.metadata["published"]["matches"] is True
    table = corpus.table
    assert corpus.counts()["all"].to_dict() == EMODB
    assert corpus.speakers() == ["03", "08", "09", "10", "11", "12", "13", "14", "15", "16"]
    assert set(table["speaker"][table["gender"] == "male"]) == {"03", "10", "11", "12", "15"}
    assert table["text"].notna().all()
    assert len(set(transcript_groups(table))) == 10
    row = table[table["utterance_id"] == "03a01Fa"].iloc[0]
    assert (row["emotion"], row["text"], row["language"]) == ("happy", "Der Lappen liegt auf dem Eisschrank.", "de")
    assert corpus.metadata["licence"].startswith("free for research")
    assert 1480 < corpus.metadata["seconds"] < 1495
    folds = make_folds(table)
    assert sorted(speaker for fold in folds for speaker in fold.test_speakers) == corpus.speakers()
    flat = ingest("emodb", shared / "data" / "emodb" / "wav", name="flat", workspace=workspace)
    assert flat.corpus.table.drop(columns="audio").equals(table.drop(columns="audio"))


@pytest.mark.speech
def test_ravdess(shared, workspace):
    done = ingest("ravdess", shared / "data" / "ravdess", workspace=workspace)
    assert done.problems == []
    assert done.published.lines() == ["matches the published counts (9 compared)"]
    counts = done.corpus.counts()["all"].to_dict()
    assert counts.pop("neutral") == 96
    assert counts == dict.fromkeys(["angry", "happy", "sad", "fear", "disgust", "surprise", "calm"], 192)
    table = done.corpus.table
    assert len(table) == 1440
    assert sorted(set(table["speaker"])) == [f"{actor:02d}" for actor in range(1, 25)]
    assert (table.groupby("speaker")["gender"].first() == ["male", "female"] * 12).all()
    assert set(table["text"]) == {"Kids are talking by the door.", "Dogs are sitting by the door."}
    assert [len(fold.test_speakers) for fold in make_folds(table)] == [5, 5, 5, 5, 4]


def test_emodb_with_what_does_not_belong(tmp_path, workspace, clip):
    root = tmp_path / "db"
    for name in ("wav/03a01Fa.wav", "wav/08a01Wa.wav", "wav/99a01Fa.wav", "wav/noise.wav", "wav/._03a01Fa.wav"):
        clip(root / name)
    clip(root / "03a01Fa.wav")
    clip(root / "08a01Wa.wav", 0.5)
    (root / "wav" / "notes.txt").write_text("not looked at")
    done = ingest("emodb", root, workspace=workspace)
    assert done.corpus.table["utterance_id"].tolist() == ["03a01Fa", "08a01Wa"]
    lines = "\n".join(str(problem) for problem in done.problems)
    assert "wav/noise.wav: is not named like a clip of EmoDB" in lines
    assert "wav/99a01Fa.wav: is not named" in lines
    # The same clip again is a copy, another one of that name is not.
    assert "1 copies of clips were passed over" in done.remarks
    assert "wav/08a01Wa.wav: the utterance id '08a01Wa' is already taken by 08a01Wa.wav" in lines
    assert len(done.problems) == 3


def test_ravdess_unpacked_twice(tmp_path, workspace, clip):
    for folder in ("Actor_07", "audio_speech_actors_01-24/Actor_07"):
        clip(tmp_path / "r" / folder / "03-01-05-02-01-01-07.wav")
    done = ingest("ravdess", tmp_path / "r", workspace=workspace)
    assert (len(done.corpus), done.problems) == (1, [])
    assert "1 copies of clips were passed over" in done.remarks


def test_ravdess_flat_and_without_songs(tmp_path, workspace, clip):
    for name in ("03-01-05-02-01-01-07.wav", "03-02-05-02-01-01-07.wav", "Actor_08/03-01-04-02-01-01-08.flac"):
        clip(tmp_path / "r" / name)
    done = ingest("ravdess", tmp_path / "r", workspace=workspace)
    assert done.corpus.table[["emotion", "gender"]].to_numpy().tolist() == [["angry", "male"], ["sad", "female"]]
    assert "1 songs were passed over" in done.remarks[0]


@pytest.mark.parametrize("check", ["whole", "pieces"])
def test_every_bad_clip_is_named_and_the_rest_goes_on(tmp_path, workspace, clip, sheet, small, check):
    root, table = small
    (root / "text.wav").write_text("no sound")
    (root / "empty.wav").write_bytes(b"")
    (root / "cut.wav").write_bytes((root / "clips" / "0.wav").read_bytes()[:5000])
    (root / "cut.flac").write_bytes(clip(tmp_path / "whole.flac").read_bytes()[:4000])
    soundfile.write(root / "nan.wav", np.full(4000, np.nan), 16_000, subtype="FLOAT")
    soundfile.write(root / "zero.wav", np.zeros(4000), 16_000)
    clip(root / "short.wav", 0.05)
    clip(tmp_path / "outside.wav")
    (root / "link.wav").symlink_to(tmp_path / "outside.wav")
    bad = [
        ("text.wav", "text.wav: is not audio that can be read"),
        ("empty.wav", "empty.wav: the file is empty (0 bytes)"),
        ("cut.wav", "cut.wav: the header promises"),
        ("cut.flac", "cut.flac: cannot be decoded to its end"),
        ("nan.wav", "nan.wav: holds samples that are not numbers"),
        ("zero.wav", "zero.wav: nothing can be heard"),
        ("short.wav", "short.wav: only 0.050 s long"),
        ("link.wav", "link.wav: a link leads out of the folder"),
        ("gone.wav", "gone.wav: the audio file is missing"),
        ("../outside.wav", "leaves the folder"),
        ("x/../../outside.wav", "leaves the folder"),
        (str(tmp_path / "outside.wav"), "the path is absolute"),
        ("D:\\speech\\a.wav", "the path is absolute"),
        ("", "there is no audio"),
    ]
    with table.open("a", newline="") as file:
        csv.writer(file).writerows((audio, "sad", "s9", "") for audio, _ in bad)
    done = ingest("folder", root, workspace=workspace, table=table, check=check)
    assert len(done.corpus) == 8
    assert done.corpus.metadata["checked"] == check
    found = {problem.row: str(problem) for problem in done.problems}
    assert sorted(found) == list(range(10, 10 + len(bad)))
    for row, (_, says) in enumerate(bad, start=10):
        assert found[row].startswith(f"table.csv, row {row}: ")
        assert says in found[row]
        assert "\n" not in found[row]
    assert done.corpus.metadata["problems_total"] == len(bad)
    assert len(load_corpus("small", workspace).metadata["problems"]) == len(bad)


@pytest.mark.parametrize("loader", ["emodb", "ravdess"])
def test_folders_that_hold_nothing(tmp_path, workspace, loader):
    with pytest.raises(BadInputError, match="no such folder"):
        ingest(loader, tmp_path / "nowhere", workspace=workspace)
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadInputError, match="is not a folder"):
        ingest(loader, tmp_path / "file", workspace=workspace)
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInputError, match="there is no audio in this folder"):
        ingest(loader, tmp_path / "empty", workspace=workspace)
    with pytest.raises(BadInputError, match="where is the corpus"):
        ingest(loader, workspace=workspace)
    assert not workspace.corpora.exists()


def test_no_usable_utterance(tmp_path, workspace, sheet):
    root = tmp_path / "bad"
    root.mkdir()
    (root / "a.wav").write_text("no sound")
    table = sheet(root / "t.csv", [("audio", "emotion"), ("a.wav", "sad"), ("b.wav", "happy")])
    with pytest.raises(NothingUsableError, match=r"no usable utterance; first: t.csv, row 2: a.wav: is not") as caught:
        ingest("folder", root, workspace=workspace, table=table)
    assert [problem.row for problem in caught.value.problems] == [2, 3]
    assert not workspace.corpora.exists()


def test_one_emotion_or_one_speaker_is_remarked(workspace, sheet, small):
    root, _ = small
    table = sheet(
        root / "one.csv", [("audio", "emotion", "speaker"), *[(f"clips/{n}.wav", "sad", "") for n in range(3)]]
    )
    done = ingest("folder", root, workspace=workspace, table=table)
    assert done.remarks == [
        "its only emotion is sad: training needs at least two emotions",
        "no utterance names its speaker: testing on other speakers needs at least two",
    ]
    table = sheet(
        root / "two.csv", [("audio", "emotion", "speaker"), ("clips/0.wav", "", "s1"), ("clips/1.wav", "-", "")]
    )
    done = ingest("folder", root, name="two", workspace=workspace, table=table)
    assert done.remarks == [
        "no utterance has an emotion: training needs at least two emotions",
        "its only speaker is s1: testing on other speakers needs at least two",
    ]
    with pytest.raises(BadInputError, match=r"one speaker \(s1\)"):
        make_folds(done.corpus.table)


def test_another_corpus_is_not_overwritten(tmp_path, workspace, small):
    root, table = small
    first = ingest("folder", root, workspace=workspace, table=table)
    again = ingest("folder", root, workspace=workspace, table=table)
    assert again.corpus.fingerprint() == first.corpus.fingerprint()
    other = tmp_path / "elsewhere" / "small"
    shutil.copytree(root, other)
    with pytest.raises(BadInputError, match=r"another corpus 'small'.*use --name or --replace"):
        ingest("folder", other, workspace=workspace, table=table)
    ingest("folder", other, workspace=workspace, table=table, name="second")
    assert ingest("folder", other, workspace=workspace, table=table, replace=True).corpus.root == other
    workspace.corpus_file("small").write_bytes(b"damaged")
    with pytest.raises(BadInputError, match="a damaged corpus of this name is there"):
        ingest("folder", other, workspace=workspace, table=table)
    with pytest.raises(BadInputError, match="cannot name a corpus"):
        ingest("folder", other, workspace=workspace, table=table, name="../x")


def test_another_table_of_the_same_folder_is_another_corpus(tmp_path, workspace, small, sheet):
    root, table = small
    options = {"mapping": {"text": "text"}, "labels": {"wut": "angry"}}
    first = ingest("folder", root, workspace=workspace, table=table, **options)
    assert first.corpus.metadata["source"] == {
        **options,
        "table": {"path": str(table), "sha256": hashlib.sha256(table.read_bytes()).hexdigest()},
    }
    rows = [("audio", "emotion", "text"), ("clips/0.wav", "happy", "a"), ("clips/1.wav", "fear", "b")]
    second = sheet(root / "second.csv", rows)
    for says, change in {
        r"another corpus 'small' \(of the same folder, with another table\); use --name or --repl": {"table": second},
        r"with other columns \(--map\)\)": {"mapping": {"text": "speaker"}},
        r"with another table and other --labels\)": {"table": second, "labels": {}},
    }.items():
        with pytest.raises(BadInputError, match=says):
            ingest("folder", root, workspace=workspace, **{"table": table, **options, **change})
    with pytest.raises(BadInputError, match="no such table"):
        ingest("folder", root, workspace=workspace, table="gone.csv", **options)
    assert load_corpus("small", workspace).fingerprint() == first.corpus.fingerprint()
    # The same table by another way, an edited one, and a copy of it: the corpus is read again.
    shutil.copy(table, tmp_path / "copy.csv")
    for same in ("table.csv", tmp_path / "copy.csv", table):
        ingest("folder", root, workspace=workspace, table=same, **options)
    table.write_text(table.read_text().replace("clips/7.wav,sad", "clips/7.wav,happy"))
    assert "happy" in ingest("folder", root, workspace=workspace, table=table, **options).corpus.classes()
    ingest("folder", root, workspace=workspace, table=second, name="second")
    assert len(ingest("folder", root, workspace=workspace, table=second, replace=True).corpus) == 2


def test_segments_of_one_file(tmp_path, workspace, clip, sheet):
    clip(tmp_path / "d" / "talk.flac", 4.0)
    rows = [
        ("file", "emotion", "start", "end"),
        ("talk.flac", "sad", 0, 1.5),
        ("talk.flac", "happy", 2, ""),
        ("talk.flac", "sad", 3, 9),
    ]
    table = sheet(tmp_path / "d" / "t.csv", rows)
    done = ingest("folder", tmp_path / "d", workspace=workspace, table=table)
    assert done.corpus.table["utterance_id"].tolist() == ["talk.flac@0-1.5", "talk.flac@2-"]
    assert [len(done.corpus.waveform(row)) for row in range(2)] == [24_000, 32_000]
    assert [str(problem) for problem in done.problems] == [
        "t.csv, row 4: talk.flac: the segment from 3.00 to 9.00 s lies outside the file of 4.00 s"
    ]


def test_unknown_loader_and_options(tmp_path, workspace):
    with pytest.raises(BadInputError, match=r"no corpus loader 'iemocapp'; there are demo, .*, folder "):
        ingest("iemocapp", tmp_path, workspace=workspace)
    with pytest.raises(BadInputError, match="--check some: choose auto, whole, pieces"):
        ingest("emodb", tmp_path, workspace=workspace, check="some")
    with pytest.raises(BadInputError, match=r"emodb takes no table \(folder does\)$"):
        ingest("emodb", tmp_path, workspace=workspace, table="x.csv")
    with pytest.raises(BadInputError, match=r"takes no labels \(audformat, folder do\), scales \(folder does\)$"):
        ingest("emodb", tmp_path, workspace=workspace, labels={"a": "sad"}, scales={})
    with pytest.raises(BadInputError, match=r"audformat takes no colour \(no corpus does\)$"):
        ingest("audformat", tmp_path, workspace=workspace, colour="red")


def test_the_demo_is_read_like_any_table(workspace, small):
    root, table = small
    shutil.copy(table, root / "utterances.csv")
    done = ingest("demo", root, workspace=workspace)
    assert done.corpus.name == "demo"
    assert len(done.corpus) == 8
    (root / "utterances.csv").unlink()
    with pytest.raises(BadInputError, match="the demo corpus is not there"):
        ingest("demo", root, workspace=workspace)


def test_every_loader_says_what_it_is():
    for name, loader in LOADERS.items():
        assert loader.name == name
        for text in (loader.title, loader.description, loader.licence, loader.layout):
            assert text
            assert text.isprintable()


def test_problems_as_csv_are_harmless(tmp_path):
    nasty = [Problem('=HYPERLINK("x")', 3, "+A1", "@cmd"), Problem("a\x1b[31m\nb.wav", None, "\t-2", "do")]
    write_problems(tmp_path / "p.csv", nasty)
    with (tmp_path / "p.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["file", "row", "reason", "remedy"]
    assert rows[1] == ['\'=HYPERLINK("x")', "3", "'+A1", "'@cmd"]
    assert rows[2] == ["a\\x1b[31m\\nb.wav", "", "\\t-2", "do"]
    assert "\x1b" not in str(nasty[1])
    assert "\n" not in str(nasty[1])
