"""IEMOCAP: every trap of the release, on a miniature of it."""

from __future__ import annotations

import shutil

import pytest

from core.corpora import class_view, ingest, make_folds
from core.errors import BadInputError

from .miniatures import iemocap

# Utterances of each session, and of the four-class labels in it.
PUBLISHED = {
    1: (1819, {"neu": 384, "hap": 135, "exc": 143, "ang": 229, "sad": 194}),
    2: (1811, {"neu": 362, "hap": 117, "exc": 210, "ang": 137, "sad": 197}),
    3: (2136, {"neu": 320, "hap": 135, "exc": 151, "ang": 240, "sad": 305}),
    4: (2103, {"neu": 258, "hap": 65, "exc": 238, "ang": 327, "sad": 143}),
    5: (2170, {"neu": 384, "hap": 143, "exc": 299, "ang": 170, "sad": 245}),
}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return iemocap.write(tmp_path_factory.mktemp("iemocap") / "IEMOCAP_full_release")


@pytest.fixture
def own(root, tmp_path):
    """A copy that a test may damage."""
    return shutil.copytree(root, tmp_path / "own")


@pytest.fixture
def table(root, workspace):
    done = ingest("iemocap", root, workspace=workspace)
    assert (done.problems, done.remarks) == ([], [])
    return done.corpus.table.set_index("utterance_id")


def test_speaker_is_the_letter_after_the_last_underscore(table):
    assert table.loc["Ses01F_impro01_M000", ["speaker", "gender", "session"]].tolist() == ["Ses01M", "male", "1"]
    assert table.loc["Ses01F_impro01_F001", ["speaker", "gender"]].tolist() == ["Ses01F", "female"]
    assert sorted(set(table["speaker"])) == [f"Ses0{session}{letter}" for session in range(1, 6) for letter in "FM"]


def test_ten_labels_stay_apart_and_no_agreement_has_none(table):
    counts = table["emotion"].value_counts()
    names = ["angry", "happy", "sad", "neutral", "excited", "frustrated", "fear", "surprise", "disgust", "other"]
    assert counts.to_dict() == dict.fromkeys(names, 10)
    assert table["emotion"].isna().sum() == 10


def test_annotators_files_below_are_not_the_consensus(table):
    # Self-evaluation says ang [1, 1, 1] of the first utterance.
    assert len(table) == 110
    first = table.loc["Ses01F_impro01_F001"]
    assert first["emotion"] == "angry"
    assert first["valence"] == 0.25


def test_attributes_are_valence_activation_dominance(table):
    first = table.iloc[0]
    assert first[["valence", "arousal", "dominance"]].tolist() == [0.25, 0.625, 1.0]


def test_votes_are_those_of_others_not_of_the_speakers(table):
    votes = table.loc["Ses01F_impro01_M000", "emotion_votes"]
    assert votes == {"angry": 2.0, "neutral": 1.0, "other": 1.0}
    neutral = table[table["emotion"] == "neutral"]["emotion_votes"].iloc[0]
    assert neutral == {"neutral": 3.0, "other": 1.0}


def test_times_are_of_the_dialogue_not_of_the_clip(table):
    assert table[["start", "end"]].isna().all(axis=None)
    assert table.iloc[0]["audio"] == "Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_M000.wav"


def test_transcripts_with_odd_lines_encodings_and_gaps(own, workspace):
    spoken = own / "Session1" / "dialog" / "transcriptions" / "Ses01F_impro01.txt"
    spoken.write_bytes(spoken.read_bytes().replace(b"Line 3 of it.", b"A caf\xe9, isn\x27t it?"))
    shutil.rmtree(own / "Session2" / "dialog" / "transcriptions")
    done = ingest("iemocap", own, workspace=workspace)
    assert done.problems == []
    table = done.corpus.table.set_index("utterance_id")
    assert table.loc["Ses01F_impro01_F003", "text"] == "A café, isn't it?"
    assert table.loc["Ses01F_impro01_F001", "text"] == "Line 1 of it."
    assert table["text"].isna().sum() == 22
    # Utterances without a number (XX) are spoken but have no label.
    assert not any("XX" in name for name in table.index)


def test_what_cannot_be_used_is_named_by_line_and_the_rest_goes_on(own, workspace):
    file = own / "Session1" / "dialog" / "EmoEvaluation" / "Ses01F_impro01.txt"
    text = file.read_text()
    text = text.replace("M000\tang\t[2.0000, 3.5000, 5.0000]", "M000\tang\t[nan, 3.5000, 7.0000]")
    text = text.replace("F001\tang", "F001\tjoy").replace("M002\thap\t[2.0000, 3.5000, 5.0000]", "M002\thap")
    file.write_text(text.replace("Ses01F_impro01_F003\t", "odd_F003\t"))
    clips = own / "Session1" / "sentences" / "wav" / "Ses01F_impro01"
    (clips / "Ses01F_impro01_M004.wav").unlink()
    (clips / "Ses01F_impro01_M006.wav").unlink()
    (clips / "Ses01F_impro01_M006.wav").write_bytes(b"")
    done = ingest("iemocap", own, workspace=workspace)
    table = done.corpus.table.set_index("utterance_id")
    assert len(table) == 105
    first = table.loc["Ses01F_impro01_M000"]
    assert first[["valence", "arousal", "dominance"]].isna().tolist() == [True, False, True]
    assert done.remarks == ["1 values lie outside their scale and were left empty"]
    lines = [str(problem) for problem in done.problems]
    where = "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt, row"
    assert lines[:3] == [
        f"Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_{name}.wav: has no label in "
        "Session1/dialog/EmoEvaluation; leave it, or add its label"
        for name in ("F001", "F003", "M002")
    ]
    assert lines[3].startswith(f"{where} 11: the label 'joy' is not one of ang, hap, sad")
    assert lines[4].startswith(f"{where} 19: is not '[start - end] utterance label [V, A, D]'")
    assert lines[5].startswith(f"{where} 27: 'odd_F003' is not named like an utterance of IEMOCAP")
    assert lines[6].startswith(f"{where} 35: Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_M004.wav: the audio")
    assert "the file is empty (0 bytes)" in lines[7]
    assert len(lines) == 8


def test_folders_above_and_part_of_the_sessions(root, tmp_path, workspace):
    assert ingest("iemocap", root.parent, workspace=workspace).corpus.root == root
    part = tmp_path / "part"
    shutil.copytree(root / "Session2", part / "Session2")
    assert len(ingest("iemocap", part, workspace=workspace, name="part").corpus) == 22
    with pytest.raises(BadInputError, match="there is no Session1 to Session5"):
        ingest("iemocap", part / "Session2", workspace=workspace, name="none")
    shutil.rmtree(part / "Session2" / "dialog")
    with pytest.raises(BadInputError, match="there is no SessionN/dialog/EmoEvaluation"):
        ingest("iemocap", part, workspace=workspace, name="part")


def test_views_merge_without_loss(table):
    labels, names = class_view(table["emotion"], "four-class")
    assert names == ["angry", "happy", "sad", "neutral"]
    assert labels.value_counts().to_dict() == {"happy": 20, "angry": 10, "sad": 10, "neutral": 10}
    assert class_view(table["emotion"], "nine-class")[1] == [
        "angry",
        "happy",
        "sad",
        "neutral",
        "excited",
        "frustrated",
        "fear",
        "surprise",
        "disgust",
    ]
    assert (table["emotion"] == "excited").sum() == 10


def test_five_sessions_are_five_folds(table):
    folds = make_folds(table.reset_index())
    assert [fold.name for fold in folds] == ["1", "2", "3", "4", "5"]
    assert folds[2].test_speakers == ("Ses03F", "Ses03M")
    assert all(fold.test.sum() == 22 and fold.train.sum() == 88 for fold in folds)
    assert len(make_folds(table.reset_index(), by="speaker", n_folds=10)) == 10


def test_a_whole_copy_matches_the_published_counts(tmp_path, workspace):
    sessions = {
        number: {**labels, "fru": total - sum(labels.values())} for number, (total, labels) in PUBLISHED.items()
    }
    done = ingest("iemocap", iemocap.write(tmp_path / "whole", sessions), workspace=workspace)
    assert done.problems == []
    assert len(done.corpus) == 10_039
    assert done.published.lines() == ["matches the published counts (37 compared)"]
    kept = done.corpus.metadata["published"]
    assert (kept["matches"], kept["differences"]) == (True, [])
    labels, _ = class_view(done.corpus.table["emotion"], "four-class")
    assert labels.notna().sum() == 5_531
    clip = next((tmp_path / "whole" / "Session3" / "sentences" / "wav").rglob("*.wav"))
    clip.unlink()
    again = ingest("iemocap", tmp_path / "whole", workspace=workspace)
    assert "utterances: 10,038 found, 10,039 published" in again.published.lines()[0]
    assert "session 3: 2,135 found, 2,136 published" in again.published.lines()[2]
