"""MELD: tables in three encodings, films, what the release lacks, and who speaks."""

from __future__ import annotations

import sys

import pytest

from core.corpora import ingest, make_folds
from core.corpora.loaders.meld_speakers import speaker_of
from core.errors import BadInputError

from .miniatures import meld
from .miniatures.sound import write_clip


@pytest.mark.parametrize("nested", [False, True])
def test_meld_as_released(tmp_path, workspace, nested):
    pytest.importorskip("av")
    done = ingest("meld", meld.build(tmp_path / "MELD.Raw", nested=nested), workspace=workspace)
    rows = done.corpus.table.set_index("utterance_id")
    assert len(rows) == sum(map(len, meld.ROWS.values())) - 2
    # Apostrophes of three kinds of files are one.
    assert rows.loc["train_dia0_utt0", "text"] == "also I was the point person on my company’s transition"
    assert rows.loc["train_dia2_utt0", "text"] == "Oh no…"
    assert rows.loc["dev_dia0_utt0", "text"] == "Oh my God, he’s lost it."
    assert rows.loc["test_dia0_utt0", "text"] == "Why do all you’re coffee mugs have numbers?"
    assert rows.loc["train_dia1_utt1", "text"] == '"Wanted. Female roommate." Nice!'
    assert rows.loc["dev_dia0_utt1", "text"] is None
    assert rows.loc["train_dia0_utt0", ["emotion", "speaker", "gender", "split"]].tolist() == [
        "neutral",
        "Chandler",
        "male",
        "train",
    ]
    assert set(rows["emotion"]) == {"neutral", "surprise", "happy", "fear", "disgust", "angry", "sad"}
    # Dialogues are numbered anew in each split, and times are those of the episode.
    assert rows.loc[["dev_dia0_utt0", "test_dia0_utt0"], "split"].tolist() == ["dev", "test"]
    assert rows[["start", "end"]].isna().all(axis=None)
    assert done.corpus.metadata["seconds"] == pytest.approx(len(rows) * 0.5, abs=0.5)
    problems = {problem.row: str(problem) for problem in done.problems}
    assert len(done.problems) == 2
    broken, missing = sorted(problems.values(), reverse=True)
    prefix = "train/" if nested else ""
    clip = f"{prefix}train_splits/dia125_utt3.mp4"
    assert broken == f"train_sent_emo.csv, row 9: {clip}: is broken in the release and cannot be decoded"
    assert missing == (
        "dev_sent_emo.csv, row 4: dia110_utt7: there is no clip of this name in dev: the release lacks it"
    )


def test_the_nearest_folder_names_the_split(tmp_path, workspace):
    meld.build(tmp_path / "raw" / "from-dev-machine", video=False)
    table = ingest("meld", tmp_path / "raw", workspace=workspace).corpus.table
    assert table["split"].value_counts().to_dict() == {"train": 8, "dev": 2, "test": 2}


def test_speakers_of_meld(tmp_path, workspace):
    done = ingest("meld", meld.build(tmp_path / "meld", video=False), workspace=workspace)
    rows = done.corpus.table.set_index("utterance_id")
    # Several people are no speaker; a waiter is another one in another episode.
    assert rows.loc["train_dia1_utt0", "speaker"] is None
    assert rows.loc["train_dia3_utt1", "speaker"] is None
    assert rows.loc["train_dia2_utt0", "speaker"] == "Waiter (s03e09)"
    assert rows.loc["train_dia3_utt0", "speaker"] == "Waiter (s05e02)"
    assert rows.loc["dev_dia0_utt1", "speaker"] == "Mrs Green"
    assert rows.loc["dev_dia0_utt1", "gender"] is None
    assert "the official split has 1 speakers both in training and in test: folds are made by speaker" in done.remarks
    assert "2 utterances name no speaker: they are not used in folds" in done.remarks
    with pytest.raises(BadInputError, match=r"both in training and in test \(Joey\)"):
        make_folds(done.corpus.table, by="split")
    for fold in make_folds(done.corpus.table):
        assert not set(fold.test_speakers) & set(done.corpus.table["speaker"][fold.train])


@pytest.mark.parametrize(
    ("name", "speaker"),
    [
        ("Ross", "Ross"), (" ross ", "Ross"), ("Dr. Green", "Dr Green"), ("Janice", "Janice"),
        ("Phoebe Sr", "Phoebe Sr"), ("Mr. Geller", "Mr Geller"), ("Mr.Geller", "Mr Geller"), ("MR GELLER", "Mr Geller"),
        ("Andrea", "Andrea"), ("Sandy", "Sandy"),
        ("Allesandro", "Allesandro"), ("Guy #1", "Guy #1 (s01e10)"),
        ("The Casting Director", "Casting Director (s01e10)"), ("a casting director.", "Casting Director (s01e10)"),
        ("A Waiter", "Waiter (s01e10)"), ("The Waiter", "Waiter (s01e10)"), ("Waiter", "Waiter (s01e10)"),
        ("An Usher", "Usher (s01e10)"), ("Ross’s Date", "Ross's Date (s01e10)"), ("...", None),
        ("Woman", "Woman (s01e10)"), ("2nd Customer", "2nd Customer (s01e10)"), ("Ross's Date", "Ross's Date (s01e10)"),
        ("All", None), ("Both", None), ("Everyone", None), ("Ross and Joey", None), ("Joey/Chandler", None),
        ("Rachel, Phoebe", None), ("Guys", None), ("", None),
    ],
)  # fmt: skip
def test_names_roles_and_crowds(name, speaker):
    assert speaker_of(name, "1", "10") == speaker


def test_sound_beside_the_films_is_taken(tmp_path, workspace):
    root = meld.build(tmp_path / "meld", video=False)
    for folder in meld.FOLDERS.values():
        for path in list((root / folder).glob("dia*.wav")):
            path.with_suffix(".mp4").write_bytes(b"not looked at")
    done = ingest("meld", root, workspace=workspace)
    # The extracted sound of a broken film may be whole.
    assert len(done.corpus) == sum(map(len, meld.ROWS.values())) - 1
    assert done.corpus.table["audio"].str.endswith(".wav").all()
    assert "12 copies of clips were passed over" in done.remarks


def test_without_pyav_one_line_says_what_to_do(tmp_path, workspace, monkeypatch):
    pytest.importorskip("av")
    root = meld.build(tmp_path / "meld")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(
        BadInputError, match=r"12 clips are videos.*install PyAV \(pip install av\), or extract"
    ) as caught:
        ingest("meld", root, workspace=workspace)
    assert "\n" not in str(caught.value)


def test_tables_that_do_not_fit(tmp_path, workspace):
    root = meld.build(tmp_path / "meld", video=False)
    table = root / "train_sent_emo.csv"
    good = table.read_bytes()
    table.write_bytes(
        good.replace(b",neutral,neutral,0,0,", b",bliss,neutral,0,0,").replace(b",1,1,4,7,", b",x,1,4,7,")
    )
    lines = [str(problem) for problem in ingest("meld", root, workspace=workspace).problems]
    assert "train_sent_emo.csv, row 2: the emotion 'bliss' is not one of MELD's seven; copy the table again" in lines
    assert (
        "train_sent_emo.csv, row 5: Dialogue_ID and Utterance_ID are not numbers; check the quotes of this row" in lines
    )
    table.write_bytes(good.replace(b"Dialogue_ID", b"Dialog"))
    with pytest.raises(
        BadInputError, match=r"train_sent_emo.csv: is not a table of MELD, it has no column Dialogue_ID"
    ):
        ingest("meld", root, workspace=workspace)
    table.unlink()
    done = ingest("meld", root, workspace=workspace)
    assert "there is no table for train: its clips are not read" in done.remarks
    for other in root.glob("*.csv"):
        other.unlink()
    with pytest.raises(BadInputError, match=r"there is no train_sent_emo.csv, dev_ or test_ beside the clips"):
        ingest("meld", root, workspace=workspace)


def test_clips_of_no_table(tmp_path, workspace):
    root = meld.build(tmp_path / "meld", video=False)
    write_clip(root / "dev_splits_complete" / "dia999_utt0.wav")
    done = ingest("meld", root, workspace=workspace)
    assert "1 clips are in no table and were passed over" in done.remarks
