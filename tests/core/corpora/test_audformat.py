"""audformat databases: found columns, segments, splits; nothing that comes with a database is run."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys

import pytest

from core.corpora import ingest
from core.errors import BadInputError

from .miniatures import audformat as miniature

package = pytest.importorskip("audformat")


@pytest.fixture
def database(tmp_path):
    return miniature.build(tmp_path / "mini")


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_files(tmp_path, workspace, form):
    done = ingest("audformat", miniature.build(tmp_path / "mini", form=form), workspace=workspace)
    rows = done.corpus.table.set_index("utterance_id")
    assert done.problems == []
    # The table that holds all files, not those of the splits.
    assert rows["emotion"].tolist() == ["angry", "happy", "neutral"] * 2 + ["angry", None]
    assert rows["speaker"].tolist() == ["3"] * 4 + ["8"] * 4
    assert rows["gender"].tolist() == ["male"] * 4 + ["female"] * 4
    assert rows["split"].tolist() == ["train"] * 4 + ["test"] * 4
    assert set(rows["text"]) == set(miniature.TEXTS.values())
    assert set(rows["language"]) == {"de"}
    assert rows["arousal"].tolist()[:4] == [0.0, 1.0, 0.5, 0.0]
    assert rows["arousal"].isna().tolist() == [False] * 7 + [True]
    assert rows["valence"].isna().all()
    assert rows.index[0] == "wav/0.wav"
    assert rows[["start", "end"]].isna().all(axis=None)
    assert done.corpus.metadata["scales"] == {"arousal": [1.0, 7.0]}
    assert done.remarks == [
        "emotions are taken from emotion.emotion",
        "valence is left out: the scheme of files.valence does not say its minimum and maximum",
    ]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_segments_and_labels_in_a_table(tmp_path, workspace, form):
    root = miniature.build_segmented(tmp_path / "talks", form=form)
    done = ingest("audformat", root, workspace=workspace)
    rows = done.corpus.table.set_index("utterance_id")
    assert rows.index.tolist() == ["a.wav@0-1.5", "a.wav@1.5-3.25", "b.wav"]
    assert rows["emotion"].tolist() == ["angry", "neutral", "angry"]
    assert rows[["speaker", "gender", "language"]].to_numpy().tolist() == [
        ["ann", "female", "en"],
        ["ann", "female", "en"],
        ["bob", "male", "zh"],
    ]
    assert [len(done.corpus.waveform(row)) for row in range(3)] == [24_000, 28_000, 64_000]
    assert [str(problem) for problem in done.problems] == [
        f"db.turns.{form}, row 5: the emotion 'Z' is not known; say what it is: --labels \"Z=EMOTION\" (or =none)",
        f"db.turns.{form}, row 6: gone.wav: the audio file is missing",
    ]
    told = ingest("audformat", root, name="told", workspace=workspace, labels={"Z": "excited"})
    assert told.corpus.table["emotion"].tolist()[-1] == "excited"


def test_a_language_code_that_was_withdrawn_is_kept(tmp_path, workspace):
    root = miniature.build_segmented(tmp_path / "talks", form="csv")
    table = root / "db.speakers.csv"
    table.write_text(table.read_text().replace("eng", "sh"))
    done = ingest("audformat", root, workspace=workspace)
    assert done.corpus.table["language"].tolist() == ["sh", "sh", "zh"]


def test_the_emotion_can_be_told(workspace, database):
    done = ingest("audformat", database, workspace=workspace, mapping={"emotion": "emotion.test.gold.emotion"})
    assert done.corpus.table["emotion"].tolist() == ["neutral"] * 4
    assert done.corpus.table["speaker"].tolist() == ["8"] * 4
    for mapping, says in {
        ("emotion", "emotion.felt"): "the database has no such column; it has emotion.emotion, emotion.emotion.conf",
        ("emotion", "emotion"): "is in several tables; say one of emotion.emotion, emotion.test.gold.emotion",
        ("audio", "files.speaker"): "'audio' is not one of emotion, text, speaker",
    }.items():
        with pytest.raises(BadInputError, match=says):
            ingest("audformat", database, name="x", workspace=workspace, mapping=dict([mapping]))


def test_tables_of_splits_are_read_together(workspace, database):
    header = database / "db.yaml"
    text = header.read_text()
    begin, end = text.index("  emotion:\n    type: filewise"), text.index("  emotion.test.gold:")
    header.write_text(text[:begin] + text[end:])
    done = ingest("audformat", database, workspace=workspace)
    assert done.corpus.table["split"].tolist() == ["test"] * 4 + ["train"] * 4
    assert done.remarks[0] == "emotions are taken from emotion.test.gold.emotion, emotion.train.gold.emotion"


def test_which_emotion_is_asked_where_it_is_not_clear(workspace, database):
    db = package.Database.load(str(database), load_data=True)
    for number, name in enumerate(("desired", "perceived")):
        db[name] = package.Table(db["emotion"].index)
        db[name][name] = package.Column(scheme_id="emotion")
        db[name][name].set(miniature.LABELS[number])
    db.save(str(database), storage_format="csv")
    with pytest.raises(
        BadInputError, match=r"mini: which emotion\? say --map emotion=TABLE.COLUMN, one of desired.desired, em"
    ):
        ingest("audformat", database, workspace=workspace)
    done = ingest("audformat", database, workspace=workspace, mapping={"emotion": "perceived.perceived"})
    assert set(done.corpus.table["emotion"]) == {"happy"}
    for table in list(db.tables):
        for column in list(db[table].columns):
            if db[table][column].scheme_id == "emotion":
                db[table].drop_columns(column, inplace=True)
    db.save(str(database), storage_format="csv")
    with pytest.raises(BadInputError, match=r"mini: no column has the scheme emotion; say --map emotion=TABLE.COLUMN"):
        ingest("audformat", database, name="y", workspace=workspace)


def test_two_columns_of_one_table_are_not_clear(workspace, database):
    db = package.Database.load(str(database), load_data=True)
    for column in ("first", "second"):
        db["emotion"][column] = package.Column(scheme_id="emotion")
        db["emotion"][column].set("anger")
    db["emotion"].drop_columns("emotion", inplace=True)
    db.save(str(database), storage_format="csv")
    with pytest.raises(
        BadInputError, match=r"which emotion\? say .*, one of emotion.first, emotion.second, emotion.test"
    ):
        ingest("audformat", database, workspace=workspace)


def test_tables_outside_the_folder_are_not_read(tmp_path, workspace, database):
    (database / "db.emotion.csv").rename(tmp_path / "outside.csv")
    (database / "db.emotion.csv").symlink_to(tmp_path / "outside.csv")
    with pytest.raises(BadInputError, match=r"db.emotion.csv: a link leads out of the folder"):
        ingest("audformat", database, workspace=workspace)


def test_pickles_beside_the_tables_are_not_loaded(tmp_path, workspace, database):
    mark = tmp_path / "trapped"
    plain = ingest("audformat", database, workspace=workspace).corpus.fingerprint()
    miniature.set_traps(database, mark)
    # The trap works: audformat itself walks into it.
    with contextlib.suppress(Exception):
        package.Database.load(str(shutil.copytree(database, tmp_path / "copy")), load_data=True)
    assert mark.exists()
    mark.unlink()
    assert ingest("audformat", database, workspace=workspace).corpus.fingerprint() == plain
    (database / "db.emotion.csv").unlink()
    with pytest.raises(BadInputError, match=r"db.emotion.pkl: is a pickle, which can run code and is not loaded"):
        ingest("audformat", database, workspace=workspace)
    assert not mark.exists()


def test_a_header_that_builds_objects_is_refused(tmp_path, workspace, database):
    mark = tmp_path / "trapped"
    header = database / "db.yaml"
    header.write_text(header.read_text() + f"meta: !!python/object/apply:os.mkdir ['{mark}']\n")
    with pytest.raises(BadInputError, match=r"db.yaml: cannot be read as plain YAML") as caught:
        ingest("audformat", database, workspace=workspace)
    assert "\n" not in str(caught.value)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is no header of audformat"),
        ("[1, 2]", "is no header of audformat"),
        ("a: b: c", "cannot be read as plain YAML"),
        ("name: x", "is no header of audformat"),
        ("\xff\xfe", "cannot be read as plain YAML"),
    ],
)
def test_headers_that_are_none(tmp_path, workspace, content, says):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "db.yaml").write_text(content, encoding="latin-1")
    with pytest.raises(BadInputError, match=says) as caught:
        ingest("audformat", tmp_path / "d", workspace=workspace)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        ("transcription: {scheme_id: transcription}", "transcription: {scheme_id: uranscription}"),
        ("split_id: test", "split_id: rest"),
        ("labels: [anger, happiness, neutral]", "labels: feelings"),
    ],
)
def test_a_header_that_names_what_it_lacks(workspace, database, there: str, instead: str):
    """Found by fuzzing: audformat looks a part up when it is first needed."""
    header = database / "db.yaml"
    assert there in header.read_text()
    header.write_text(header.read_text().replace(there, instead))
    with pytest.raises(BadInputError, match="is no header of audformat"):
        ingest("audformat", database, workspace=workspace)


def test_tables_that_do_not_fit_the_header(workspace, database):
    table = database / "db.files.csv"
    good = table.read_text()
    table.write_text("file,x\nwav/0.wav,1\n")
    with pytest.raises(BadInputError, match=r"db.files.csv: does not fit db.yaml") as caught:
        ingest("audformat", database, workspace=workspace)
    assert "\n" not in str(caught.value)
    table.unlink()
    with pytest.raises(BadInputError, match=r"db.files.csv: the table is missing"):
        ingest("audformat", database, workspace=workspace)
    table.write_text(good)
    (database / "db.emotion.csv").write_text("file,emotion,emotion.confidence\n../../etc/passwd,anger,1\n")
    (database / "db.emotion.train.gold.csv").unlink()
    with pytest.raises(BadInputError, match=r"db.emotion.train.gold.csv: the table is missing"):
        ingest("audformat", database, workspace=workspace)
    (database / "db.emotion.train.gold.csv").write_text("file,emotion\nwav/1.wav,anger\n")
    with pytest.raises(BadInputError, match=r"no usable utterance; first: db.emotion.csv, row 2: .*leaves the folder"):
        ingest("audformat", database, workspace=workspace, mapping={"emotion": "emotion.emotion"})


def test_without_the_package_one_line_says_what_to_do(workspace, database, monkeypatch):
    monkeypatch.setitem(sys.modules, "audformat", None)
    with pytest.raises(BadInputError, match=r"db.yaml: reading it needs the package audformat: pip install audformat$"):
        ingest("audformat", database, workspace=workspace)


def test_the_map_of_the_command_line(tmp_path, database):
    environment = {**os.environ, "MIRAGE_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "core", "ingest", "audformat", str(database), "--map"]
    for value, says in {
        "emotion=emotion.test.gold.emotion": "mini: 4 utterances, 1 speakers",
        "emotion=emotion.felt": "mirage: --map emotion=emotion.felt: the database has no such column",
    }.items():
        done = subprocess.run([*command, value], capture_output=True, text=True, env=environment, check=False)
        assert says in (done.stdout + done.stderr)
