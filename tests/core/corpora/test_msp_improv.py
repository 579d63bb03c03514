"""MSP-IMPROV: every trap of the release, on a miniature of it."""

from __future__ import annotations

import math
import shutil

import pytest

from core.corpora import class_view, ingest, make_folds
from core.errors import BadInputError

from .miniatures import msp_improv
from .miniatures.sound import write_clip

PUBLISHED = {
    "T": {"A": 115, "S": 106, "H": 136, "N": 283, "X": 12},
    "R": {"A": 169, "S": 80, "H": 88, "N": 241, "O": 42},
    "S": {"A": 470, "S": 633, "H": 1048, "N": 1789, "X": 441},
    "P": {"A": 38, "S": 66, "H": 1372, "N": 1164, "O": 45, "X": 100},
}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return msp_improv.write(tmp_path_factory.mktemp("improv") / "MSP-IMPROV")


@pytest.fixture
def own(root, tmp_path):
    """A copy that a test may damage."""
    return shutil.copytree(root, tmp_path / "own")


@pytest.fixture
def table(root, workspace):
    done = ingest("msp-improv", root, workspace=workspace)
    assert (done.problems, done.remarks) == ([], [])
    return done.corpus.table.set_index("utterance_id")


def test_the_label_is_what_was_heard_not_what_was_intended(table):
    intended = table.index.str.extract(r"-S\d\d([AHSN])-")[0].map({"A": "angry", "S": "sad"})
    assert (table["emotion"].to_numpy() != intended.to_numpy()).all()
    assert table["emotion"].value_counts().to_dict() == {"neutral": 18, "happy": 12, "sad": 12, "angry": 6, "other": 6}
    assert table["emotion"].isna().sum() == 6


def test_activation_is_turned_over(table, root, workspace):
    # A:2, V:3.5 of 1 to 5, where 1 is active.
    assert set(table["arousal"]) == {0.75}
    assert set(table["valence"]) == {0.625}
    scales = ingest("msp-improv", root, workspace=workspace).corpus.metadata["scales"]
    assert scales == {"arousal": [5, 1], "valence": [1, 5], "dominance": [1, 5]}


def test_nan_is_no_number(table):
    assert table["dominance"].isna().sum() == math.ceil(60 / 7)
    assert set(table["dominance"].dropna()) == {0.5}


def test_one_rater_has_one_vote(table):
    assert table.loc["MSP-IMPROV-S01S-F01-T-FM01", "emotion_votes"] == {"angry": 1.0, "neutral": 1.0}
    neutral = table[table["emotion"] == "neutral"]["emotion_votes"].iloc[0]
    assert neutral == {"neutral": 2.0}


def test_speakers_and_sessions_are_in_the_name(table):
    row = table.loc["MSP-IMPROV-S01S-M03-T-FM01"]
    assert (row["speaker"], row["gender"], row["session"]) == ("M03", "male", "3")
    assert sorted(set(table["speaker"])) == [f"{letter}0{number}" for letter in "FM" for number in range(1, 7)]


def test_transcripts_may_be_empty_or_missing(own, workspace):
    folder = own / "Human_transcriptions" / "All_human_transcriptions"
    (folder / "MSP-IMPROV-S01S-F01-T-FM01.txt").write_text(" \n")
    (folder / "MSP-IMPROV-S01S-F02-T-FM01.txt").write_bytes(b"Na\xefve.")
    table = ingest("msp-improv", own, workspace=workspace).corpus.table.set_index("utterance_id")
    assert table.loc["MSP-IMPROV-S01S-F01-T-FM01", "text"] is None
    assert table.loc["MSP-IMPROV-S01S-F02-T-FM01", "text"] == "Naïve."
    assert table["text"].notna().sum() == 29


@pytest.mark.parametrize(
    ("labels", "audio", "transcripts"),
    [
        ("Evaluation.txt", "", "All_human_transcriptions"),
        ("evalution.txt", "audio", "human_transcriptions/All_human_transcriptions"),
    ],
)
def test_other_spellings_and_layouts(tmp_path, workspace, labels, audio, transcripts, table):
    root = msp_improv.write(tmp_path / "other", labels=labels, audio=audio, transcripts=transcripts)
    done = ingest("msp-improv", root, name="other", workspace=workspace)
    assert done.problems == []
    other = done.corpus.table.set_index("utterance_id")
    assert other.drop(columns="audio").equals(table.drop(columns="audio"))


def test_lines_with_other_spaces_and_without_naturalness(own, workspace):
    file = own / "Evalution.txt"
    text = file.read_bytes().decode().replace("; A:2.000000; V:3.500000; D:3.000000 ; N:4.000000;", ";A:2;V:3.5;D:3.0")
    file.write_text(text)
    done = ingest("msp-improv", own, workspace=workspace)
    assert done.problems == []
    assert set(done.corpus.table["arousal"]) == {0.75}


def test_what_cannot_be_used_is_named_and_the_rest_goes_on(own, workspace):
    file = own / "Evalution.txt"
    lines = file.read_bytes().decode().splitlines()
    lines[0] = lines[0].replace("; A; ", "; Q; ")
    lines[5] = lines[5].split(";")[0]
    lines[10] = lines[10].replace("S01S-F02", "S01S-F09")
    file.write_text("\n".join(lines))
    audio = own / "Audio" / "session3" / "S01S" / "T" / "MSP-IMPROV-S01S-F03-T-FM01.wav"
    audio.unlink()
    write_clip(own / "again" / "MSP-IMPROV-S01S-M03-T-FM01.wav")
    write_clip(own / "Audio" / "again" / "MSP-IMPROV-S01S-M03-T-FM01.wav")
    done = ingest("msp-improv", own, workspace=workspace)
    assert len(done.corpus) == 56
    shown = "\n".join(str(problem) for problem in done.problems)
    assert "Evalution.txt, row 1: the label 'Q' is not one of A, H, S, N, O, X" in shown
    assert "Evalution.txt, row 6: is not 'UTD-IMPROV-" in shown
    assert "Evalution.txt, row 11: 'S01S-F09-T-FM01' is not named like a turn" in shown
    assert "row 21: session3/S01S/T/MSP-IMPROV-S01S-F03-T-FM01.wav: the audio file is missing" in shown
    assert shown.count("has no label in Evalution.txt") == 3
    assert shown.count("another copy of") == 1
    assert len(done.problems) == 8


def test_nothing_to_read(tmp_path, workspace):
    (tmp_path / "none").mkdir()
    with pytest.raises(BadInputError, match=r"there is no Evalution\.txt or Evaluation\.txt"):
        ingest("msp-improv", tmp_path / "none", workspace=workspace)
    (tmp_path / "none" / "Evaluation.txt").write_text("")
    with pytest.raises(BadInputError, match="there is no audio in this folder"):
        ingest("msp-improv", tmp_path / "none", workspace=workspace)


def test_six_sessions_are_six_folds(table):
    folds = make_folds(table.reset_index())
    assert [fold.name for fold in folds] == list("123456")
    assert folds[0].test_speakers == ("F01", "M01")


def test_a_whole_copy_matches_the_published_counts(tmp_path, workspace):
    done = ingest("msp-improv", msp_improv.write(tmp_path / "whole", PUBLISHED), workspace=workspace)
    assert done.problems == []
    assert len(done.corpus) == 8_438
    assert done.published.lines() == ["matches the published counts (26 compared)"]
    labels, _ = class_view(done.corpus.table["emotion"], "4-class")
    assert labels.notna().sum() == 7_798
