"""The measured values: whatever is left of the file, what can be read is read."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.runs import EventReader, read_events
from core.runs.events import COLUMNS, EventLog


def line(step: int, value: float | None, **other: object) -> str:
    row = {"time": 1.0 * step, "stage": "alignment", "step": step, "name": "loss", "value": value}
    return json.dumps(row | other) + "\n"


def bad(**other: object) -> str:
    return json.dumps(json.loads(line(3, 1.0)) | other)


def test_round_trip(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    log.write("alignment", 1, {"loss": 0.5, "ua": 1})
    log.write("alignment", 2, {})
    log.write("generation", 1, {"loss": math.nan, "held_out/I(c;h_hat)": math.inf})
    # A reader beside the writer sees every line that was written.
    assert len(read_events(tmp_path)) == 4
    log.close()
    table = read_events(tmp_path)
    assert list(table.columns) == list(COLUMNS)
    assert table["stage"].tolist() == ["alignment", "alignment", "generation", "generation"]
    assert table["value"].tolist()[:2] == [0.5, 1.0]
    assert table["value"][2:].isna().all()
    assert table["time"].is_monotonic_increasing
    for text in (tmp_path / "events.jsonl").read_text().splitlines():
        assert set(json.loads(text, parse_constant=pytest.fail)) == set(COLUMNS)


def test_no_file_and_an_empty_one(tmp_path: Path) -> None:
    for _ in range(2):
        table = read_events(tmp_path)
        assert list(table.columns) == list(COLUMNS)
        assert (len(table), table["value"].dtype, table["step"].dtype) == (0, "float64", "int64")
        (tmp_path / "events.jsonl").touch()


def test_a_resumed_run_repeats_steps_and_the_last_value_counts(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text(
        line(1, 1.0) + line(2, 2.0) + line(2, 2.5, name="mi") + line(2, 7.0, stage="generation") + line(2, 3.0)
    )
    table = read_events(tmp_path)
    assert table[["stage", "step", "name", "value"]].to_numpy().tolist() == [
        ["alignment", 1, "loss", 1.0],
        ["alignment", 2, "mi", 2.5],
        ["generation", 2, "loss", 7.0],
        ["alignment", 2, "loss", 3.0],
    ]


@settings(max_examples=40, deadline=None)
@given(cut=st.floats(0, 1))
def test_a_torn_last_line_is_left_out_and_closed(tmp_path_factory: pytest.TempPathFactory, cut: float) -> None:
    folder = tmp_path_factory.mktemp("e")
    whole = "".join(line(step, step / 10) for step in range(1, 5)).encode()
    kept = whole[: round(cut * len(whole))]
    (folder / "events.jsonl").write_bytes(kept)
    count = kept.count(b"\n")
    assert read_events(folder)["step"].tolist() == list(range(1, count + 1))
    # The next process writes on behind the torn line, and its own values are whole.
    log = EventLog(folder)
    log.write("alignment", 9, {"loss": 9.0})
    log.close()
    steps = read_events(folder)["step"].tolist()
    assert steps[-1] == 9
    # Cut right before its line end, the last line is whole after all.
    assert steps[:-1] in (list(range(1, count + 1)), list(range(1, count + 2)))


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        "null",
        "[1, 2]",
        "{}",
        '"text"',
        "{" * 5000,
        bad(step="three"),
        bad(step=None),
        bad(step=2.5),
        bad(step=10**30),
        bad(value="high"),
        bad(value=[1.0]),
        bad(name=None),
        bad(stage={"a": 1}),
        bad(time="now"),
    ],
    ids=lambda text: text[:40],
)
def test_a_damaged_line_hides_no_other(tmp_path: Path, damaged: str) -> None:
    (tmp_path / "events.jsonl").write_bytes(
        line(1, 1.0).encode() + damaged.encode() + b"\n\xff\xfe\n" + line(2, 2.0).encode()
    )
    table = read_events(tmp_path)
    assert table["step"].tolist() == [1, 2]
    assert table["value"].tolist() == [1.0, 2.0]


def test_nan_in_the_file_is_no_value(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text(line(1, math.nan) + line(2, None) + line(3, 1, extra="new key"))
    table = read_events(tmp_path)
    assert table["step"].tolist() == [1, 2, 3]
    assert pd.isna(table["value"]).tolist() == [True, True, False]


def test_a_reader_goes_on_where_it_was(tmp_path: Path) -> None:
    reader, file = EventReader(tmp_path), tmp_path / "events.jsonl"
    assert len(reader.table()) == 0
    seen = 0
    with file.open("a") as log:
        # A torn line, the rest of it, one that is damaged, a resumed run that repeats steps, another stage.
        for more in (
            line(1, 1.0) + line(2, 2.0)[:20],
            line(2, 2.0)[20:],
            "no json\n" + line(3, None),
            "",
            line(2, 2.5) + line(3, 3.5) + line(2, 0.5, name="ua"),
            line(1, 9.0, stage="generation"),
        ):
            log.write(more)
            log.flush()
            before, table = reader.table(), reader.table()
            assert table is before
            pd.testing.assert_frame_equal(table, read_events(tmp_path))
            seen = max(seen, len(table))
    assert seen == 5


def test_a_reader_reads_each_line_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import core.runs.events as events

    parsed = []
    monkeypatch.setattr(events, "_row", lambda text, whole=events._row: parsed.append(text) or whole(text))
    reader = EventReader(tmp_path)
    with (tmp_path / "events.jsonl").open("a") as log:
        for step in range(1, 6):
            log.write(line(step, 1.0))
            log.flush()
            assert len(reader.table()) == step
    assert len(parsed) == 5


@pytest.mark.parametrize("length", [1, 3, 5])
def test_a_reader_sees_another_run_of_that_name(tmp_path: Path, length: int) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text("".join(line(step, 1.0) for step in range(1, 4)))
    reader = EventReader(tmp_path)
    assert reader.table()["value"].tolist() == [1.0] * 3
    # Written over in place: the file keeps its number, as that of a deleted file may come again.
    file.write_text("".join(line(step, 2.0, time=100.0 + step) for step in range(1, length + 1)))
    assert reader.table()["value"].tolist() == [2.0] * length
    file.unlink()
    assert len(reader.table()) == 0
