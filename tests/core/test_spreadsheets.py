"""One rule for every CSV: what a spreadsheet would run is text, what is a number stays one."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.spreadsheets import csv_text, file_name, frame_csv, safe_cell

ROOT = Path(__file__).resolve().parents[2]

FORMULAS = [
    "=1+1",
    "+cmd",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =1",
    "\u00a0=1",
    "\ufeff=1",
    "\u200b=1",
    "\x00=1",
    "\u202e=1",
    '"=1',
    "'=1",
    "''=1",
    "\u201c=1",
    "\uff1d1+1",
    "\uff0b1+cmd",
    "\uff0d1+cmd",
    "\uff20SUM",
    "\ufe661+1",
    "\u22121+cmd",
    "-",
    "+1,2",
]


@pytest.mark.parametrize("cell", FORMULAS)
def test_what_a_spreadsheet_would_run_is_text(cell):
    assert safe_cell(cell).startswith("'")


@pytest.mark.parametrize(
    "cell", [-1.5, 0, None, True, "-1.5", "+3", "-1e-5", "1 to 2", "-0.5 to +1.2", "a=b", "", "x-1"]
)
def test_numbers_and_plain_words_stay(cell):
    assert safe_cell(cell) == cell
    assert type(safe_cell(cell)) is type(cell)


def test_the_table_read_back_is_the_table():
    table = pd.DataFrame({"=name": ["a;b", 'b",=1', "c\nd", "d\te", "ä"], "value": [-1.5, np.nan, 3, 4, 5]})
    read = pd.read_csv(io.BytesIO(frame_csv(table)))
    assert list(read.columns) == ["'=name", "value"]
    assert read["'=name"].tolist() == table["=name"].tolist()
    assert read["value"].dtype == float
    np.testing.assert_array_equal(read["value"], table["value"])


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_no_cell_begins_with_a_formula_whatever_delimiter_is_taken(delimiter):
    text = csv_text(["a", "b", "c"], [["x;=1", "y\t =1", "z\n=1"], ['z|"=1', "w;@a", "v\r+1"]])
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        assert not any(cell.startswith(("=", "+", "@")) for cell in row)


@given(st.text())
def test_any_text_comes_back_and_begins_no_formula(text):
    (cell,) = next(csv.reader(io.StringIO(csv_text([text], []), newline="")))
    assert not re.match(r"\s*[=@]", cell)
    assert not re.match(r"\s*[+-]", cell) or re.fullmatch(r"[+-]?[\d.eE+-]+( to [+-]?[\d.eE+-]+)?", cell)


def test_two_columns_of_one_name_stay_two():
    table = pd.DataFrame([["=1", "=2"]], columns=["a", "a"])
    assert frame_csv(table).decode().splitlines()[1] == "'=1,'=2"


@pytest.mark.parametrize("text", ["a/../b", 'x"\r\nSet-Cookie: a=b', "<img src=x>", "\u202efdp", "\x00", "", "é" * 200])
def test_names_of_files_are_plain(text):
    name = file_name(text, "csv")
    assert re.fullmatch(r"[A-Za-z0-9._@+-]{1,84}", name)
    assert not name.startswith(".")
    assert name.endswith(".csv")


def test_nothing_else_writes_csv():
    """The rule holds where it is used: no other place may write CSV by itself."""
    others = []
    for folder in ("core", "dashboard", "pages"):
        for path in (ROOT / folder).rglob("*.py"):
            if path.name != "spreadsheets.py" and re.search(
                r"\.to_csv\(|csv\.(Dict)?[wW]riter", path.read_text(encoding="utf-8")
            ):
                others.append(str(path.relative_to(ROOT)))
    assert others == []
