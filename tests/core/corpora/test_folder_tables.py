"""Tables of people: delimiters, names of columns, words for emotions, and what is wrong with them."""

from __future__ import annotations

import csv
import io
import os
import posixpath
import tracemalloc
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.corpora import EMOTIONS, ingest, read_emotion
from core.corpora.loaders.csvfile import _delimiter, parse_sheet
from core.corpora.loaders.folder import read
from core.corpora.paths import path_fault
from core.errors import BadInputError


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_mapping_labels_and_scales(workspace, sheet, small, delimiter):
    root, _ = small
    rows = [
        ("Datei", "Gefühl", "Wer", "act", "val", "sex"),
        ("clips\\0.wav", "Wut", "1", "7", "1", "F"),
        ("clips/1.wav", " TRAUER ", "2", "1", "5", "weiblich"),
        ("clips/2.wav", "unklar", "2", "4", "", "m"),
        ("clips/3.wav", "Happiness", "2", "4", "nan", ""),
    ]
    table = sheet(root / "liste.csv", rows, delimiter=delimiter)
    done = ingest(
        "folder",
        root,
        workspace=workspace,
        table=table,
        mapping={"audio": "datei", "emotion": "Gefühl", "speaker": "Wer", "arousal": "act", "valence": "val"},
        labels={"wut": "Angry", "Trauer": "sadness", "UNKLAR": "none"},
        scales={"arousal": (1, 7), "valence": (5, 1)},
    )
    got = done.corpus.table
    assert done.problems == []
    assert got["emotion"].tolist() == ["angry", "sad", None, "happy"]
    assert got["audio"].tolist() == [f"clips/{n}.wav" for n in range(4)]
    assert got["speaker"].tolist() == ["1", "2", "2", "2"]
    assert got["arousal"].tolist() == [1.0, 0.0, 0.5, 0.5]
    assert got["valence"].tolist()[:2] == [1.0, 0.0]
    assert got["valence"].isna().tolist() == [False, False, True, True]
    assert got["gender"].tolist() == ["female", "weiblich", "male", None]
    assert done.corpus.metadata["scales"] == {"arousal": [1.0, 7.0], "valence": [5.0, 1.0]}
    assert "columns taken: audio = Datei" in done.remarks[0]


def test_names_of_columns_are_recognised(workspace, sheet, small):
    root, _ = small
    table = sheet(
        root / "t.csv",
        [("\ufeffID", "File Name", "LABEL", "Speaker_ID", "Transcript"), ("u", "clips/0.wav", "joy", 7, "none")],
    )
    row = ingest("folder", root, workspace=workspace, table=table).corpus.table.iloc[0]
    assert row[["utterance_id", "audio", "emotion", "speaker", "text"]].tolist() == [
        "u",
        "clips/0.wav",
        "happy",
        "7",
        "none",
    ]


def refused(root, says: str, **options) -> None:
    with pytest.raises(BadInputError) as caught:
        read(root, **options)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_a_table(tmp_path, small):
    refused(small[0], "no table says what the clips are; give --table FILE.csv")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "there is no audio in this folder, and no table")


def test_unreadable_tables(small):
    root, _ = small
    table = root / "t.csv"
    refused(root, "gone.csv: no such table", table="gone.csv")
    refused(root, "no such table", table=root)
    for content, says in [
        (b"", "t.csv: the table is empty"),
        (b"\n\n , \n", "t.csv: the table is empty"),
        (b"audio,emotion\n\n", "a header and no rows"),
        (b"audio,emotion\na.wav,sad\nb.wav,fr\xf6hlich\n", "row 3: is not UTF-8 (byte 0xf6)"),
        (b"\xef\xbb\xbfaudio,emotion\na.wav,fr\xf6hlich\n", "row 2: is not UTF-8 (byte 0xf6)"),
        ("audio,emotion\na,sad\n".encode("utf-16"), "is UTF-16; save it as CSV UTF-8"),
        (b"audio,emotion\na\0b.wav,sad\n", "row 2: holds a null character"),
        (b'audio,emotion\n"a.wav,sad\nb.wav,sad\n', "cannot be read as a table"),
        (b"audio,emotion\n" + b"x" * 200_000 + b",sad\n", "cannot be read as a table (field larger"),
        (b"clip,emotion\na.wav,sad\n", "no column for audio; the columns are clip, emotion; say --map audio=COLUMN"),
        (b"a,b\nc,d\n", "no column for audio and emotion; the columns are a, b; say --map audio=COLUMN,emotion=COLUMN"),
        (b"audio,emotion,Emotion\na,sad,sad\n", "the column 'emotion' is there 2 times"),
    ]:
        table.write_bytes(content)
        refused(root, says, table=table)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_header_is_the_first_line_with_something_in_it(end):
    text = end.join(["", "  ", "\taudio\temotion, or none", "1\ta.wav\tsad", "", "2\tb.wav\tsad"])
    sheet = parse_sheet(text, "t")
    assert sheet.header == ["", "audio", "emotion, or none"]
    assert [cells[1] for _, cells in sheet.rows] == ["a.wav", "b.wav"]


def test_a_long_table_is_not_split_to_find_its_header():
    text = "audio;emotion\n" + "a.wav;sad\n" * 200_000
    tracemalloc.start()
    assert _delimiter(text) == ";"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000
    assert _delimiter(" " * 1_000_000) == ","


def test_bad_options(small):
    root, table = small
    refused(root, "'feeling' is not one of utterance_id, audio", table=table, mapping={"feeling": "emotion"})
    refused(root, "table.csv has no such column; it has audio, emotion", table=table, mapping={"emotion": "gefühl"})
    refused(root, "'furious' is not one of angry", table=table, labels={"wut": "furious"})
    refused(root, "two different numbers", table=table, scales={"arousal": (1, 1)})
    refused(root, "two different numbers", table=table, scales={"arousal": (1, float("nan"))})
    refused(root, "choose arousal, valence, dominance", table=table, scales={"pitch": (1, 2)})


def test_bad_rows_are_named(small, sheet):
    root, _ = small
    rows = [
        ("audio", "emotion", "utterance_id", "start", "arousal"),
        ("clips/0.wav", "sad", "a", "", ""),
        ("clips/1.wav", "wut", "b", "", ""),
        ("clips/2.wav", "sad", "c", "soon", ""),
        ("clips/3.wav", "sad", "d", "", "5"),
        ("clips/4.wav", "sad", "e", "", "", "too much"),
        ("clips/5.wav", "sad", "f", "1e999", ""),
        ("clips/6.wav", "sad"),
    ]
    draft = read(root, table=sheet(root / "t.csv", rows))
    assert [row.values["utterance_id"] for row in draft.rows] == ["a", "d", "clips/6.wav"]
    assert [(problem.row, problem.reason) for problem in draft.problems] == [
        (3, "the emotion 'wut' is not known"),
        (4, "start is 'soon', not a number"),
        (6, "has 6 cells, the header has 5"),
        (7, "start is '1e999', not a number"),
    ]
    assert '--labels "wut=EMOTION"' in draft.problems[0].remedy


def test_attributes_on_another_scale_cost_no_row(small, sheet):
    root, _ = small
    header = ("audio", "emotion", "activation", "valence", "dominance")
    numbers = [("1", "0.5", "2"), ("4.5", "0.2", "3"), ("3", "", "high"), ("nan", "1", "4")]
    rows = [header, *[(f"clips/{at}.wav", "sad", *cells) for at, cells in enumerate(numbers)]]
    table = sheet(root / "t.csv", rows)
    draft = read(root, table=table)
    assert draft.problems == []
    # A 1 of a scale from 1 to 5 is not the highest value of one from 0 to 1.
    assert [row.values["arousal"] for row in draft.rows] == [None] * 4
    assert [row.values["valence"] for row in draft.rows] == [0.5, 0.2, None, 1.0]
    assert [row.values["dominance"] for row in draft.rows] == [None] * 4
    assert draft.remarks[-1] == (
        "values were left empty: arousal (2 of 3 outside 0 to 1, from 1 to 4.5, all left empty), "
        "dominance (3 of 3 outside 0 to 1, from 2 to 4, all left empty), dominance (1 are no numbers); "
        "say the scale: --scale arousal=1:5,dominance=1:5"
    )
    told = read(root, table=table, scales={"arousal": (1, 4), "dominance": (1, 5)})
    assert [row.values["arousal"] for row in told.rows] == [0.0, None, pytest.approx(2 / 3), None]
    assert [row.values["dominance"] for row in told.rows] == [0.25, 0.5, None, 0.75]
    assert "arousal (1 of 3 outside 1 to 4, from 1 to 4.5)" in told.remarks[-1]


def test_a_slip_does_not_empty_the_column(small, sheet):
    root, _ = small
    cells = ["0.5"] * 39 + ["5"]
    rows = [("audio", "emotion", "id", "valence"), *[("clips/0.wav", "sad", at, v) for at, v in enumerate(cells)]]
    draft = read(root, table=sheet(root / "t.csv", rows))
    assert [row.values["valence"] for row in draft.rows] == [0.5] * 39 + [None]
    assert "valence (1 of 40 outside 0 to 1, from 0.5 to 5); say the scale: --scale valence=0:5" in draft.remarks[-1]


def test_one_clip_is_one_clip_by_whatever_path(small, sheet):
    root, _ = small
    rows = [
        ("audio", "emotion", "speaker", "id", "start", "end"),
        ("clips/0.wav", "sad", "ann", "a", "", ""),
        ("./clips/0.wav", "sad", "bob", "b", "", ""),
        ("clips//0.wav", "sad", "ann", "c", "0", ""),
        ("clips\\.\\0.wav", "sad", "", "d", "", ""),
        ("clips/0.wav", "sad", "bob", "e", "0", "0.2"),
        ("clips/1/../0.wav", "sad", "bob", "f", "", ""),
    ]
    draft = read(root, table=sheet(root / "t.csv", rows))
    assert [row.values["utterance_id"] for row in draft.rows] == ["a", "c", "d", "e", "f"]
    assert [row.values["audio"] for row in draft.rows] == ["clips/0.wav"] * 4 + ["clips/1/../0.wav"]
    assert [str(problem) for problem in draft.problems] == [
        "t.csv, row 3: clips/0.wav: the speaker is 'bob', in row 2 the same clip is by 'ann'; "
        "say who it is, or leave one row out"
    ]


@pytest.mark.parametrize("long", ["a\\" + "x" * 5_000, "x" * 5_000, "a/" * 3_000 + "b", "a\\" * 3_000 + "b"])
def test_a_cell_that_is_too_long_for_a_path_costs_its_row(workspace, small, sheet, long):
    root, _ = small
    table = sheet(root / "t.csv", [("audio", "emotion"), ("clips/0.wav", "sad"), (long, "sad"), ("clips/1.wav", "sad")])
    done = ingest("folder", root, workspace=workspace, table=table)
    assert len(done.corpus) == 2
    assert [problem.row for problem in done.problems] == [3]


def test_duplicate_ids_name_both_rows(workspace, small, sheet):
    root, _ = small
    rows = [
        ("audio", "emotion", "id"),
        ("clips/0.wav", "sad", "a"),
        ("clips/1.wav", "happy", "b"),
        ("clips/2.wav", "sad", "a"),
    ]
    done = ingest("folder", root, workspace=workspace, table=sheet(root / "t.csv", rows))
    assert [str(problem) for problem in done.problems] == [
        "t.csv, row 4: the utterance id 'a' is already taken by row 2; give it its own"
    ]
    assert len(done.corpus) == 2


def test_synonyms():
    for word, emotion in [
        ("Anger", "angry"),
        ("JOY", "happy"),
        ("sadness", "sad"),
        ("fearful", "fear"),
        ("disgusted", "disgust"),
        ("pleasant_surprise", "surprise"),
        (" Neutral ", "neutral"),
        ("frustration", "frustrated"),
        ("", None),
        ("XXX", None),
    ]:
        assert read_emotion(word) == emotion
    for emotion in EMOTIONS:
        assert read_emotion(emotion.upper()) == emotion
    with pytest.raises(ValueError, match="melancholy"):
        read_emotion("melancholy")


_CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=15)


@given(
    st.lists(st.tuples(_CELL, st.sampled_from([*EMOTIONS, "wut", ""]), _CELL), min_size=1, max_size=6),
    st.sampled_from([",", ";", "\t", "|"]),
    st.permutations(["Pfad", "Gefühl", "Wer"]),
)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_cells_come_through_any_table(tmp_path, rows, delimiter, order):
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter)
    writer.writerow(order)
    for cells in rows:
        record = dict(zip(["Pfad", "Gefühl", "Wer"], cells, strict=True))
        writer.writerow([record[name] for name in order])
    table = tmp_path / "t.csv"
    table.write_text(buffer.getvalue(), encoding="utf-8", newline="")
    names = {"audio": "Pfad", "emotion": "Gefühl", "text": "Wer"}
    try:
        draft = read(tmp_path, table=table, mapping=names, labels={"wut": "angry"})
    except BadInputError as error:
        assert "header and no rows" in str(error)  # noqa: PT017
        assert not any(cell.strip() for cells in rows for cell in cells)
        return
    kept = [cells for cells in rows if any(cell.strip() for cell in cells)]
    assert len(draft.rows) + len(draft.problems) == len(kept)
    assert {problem.reason for problem in draft.problems} <= {"there is no audio"}
    good = iter(draft.rows)
    for audio, emotion, text in kept:
        if audio.strip().casefold() in ("", "nan", "null", "none", "n/a"):
            continue
        values = next(good).values
        assert values["emotion"] == ({"wut": "angry", "": None}.get(emotion, emotion))
        assert values["text"] == (text.strip() or None)
        path = audio.strip().replace("\\", "/")
        assert values["audio"].replace("\\", "/") == (path if ".." in path.split("/") else posixpath.normpath(path))
        assert values["utterance_id"]


@given(st.lists(st.sampled_from(["a", "..", ".", "", "b.wav", "C:", "...", "\\", "..\\"]), max_size=5).map("/".join))
@settings(max_examples=200, deadline=None)
def test_a_path_without_fault_stays_inside(path):
    if path_fault(path) is not None:
        return
    root = Path("/root/corpus")
    assert Path(os.path.normpath(root / path)).is_relative_to(root)
    assert Path(os.path.normpath(root / path.replace("\\", "/"))).is_relative_to(root)
    assert not PureWindowsPath(path).drive
