"""Reads a CSV or TSV of people: the delimiter is found out, the encoding is UTF-8, faults name their row."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from core.corpora.paths import is_file
from core.corpora.problems import printable
from core.errors import BadInputError

_DELIMITERS = (",", ";", "\t", "|")
_LARGEST = 1 << 30
_MOST_COLUMNS = 2000


@dataclass(frozen=True)
class Sheet:
    """A table: header cells, and the rows with their numbers as a spreadsheet shows them (the header is row 1)."""

    name: str
    header: list[str]
    rows: list[tuple[int, list[str]]]


def read_sheet(path: Path) -> Sheet:
    """Reads a delimited text file; empty rows are passed over.

    Raises:
        BadInputError: missing, not UTF-8 text, without header or rows, or with broken quotes.
    """
    return parse_sheet(_text(path), printable(path.name))


def parse_sheet(text: str, name: str) -> Sheet:
    """As ``read_sheet``, of text that is already read; ``name`` is what faults call it."""
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] | None = None
    rows: list[tuple[int, list[str]]] = []
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = cells
                if len(header) > _MOST_COLUMNS:
                    raise BadInputError(
                        f"{name}, row {number}: has {len(header):,} columns, which no table of utterances has; "
                        "check the delimiter"
                    )
            else:
                rows.append((number, cells))
    except csv.Error as error:
        raise BadInputError(
            f"{name}, row {number + 1}: cannot be read as a table ({error}); check the quotes"
        ) from None
    if header is None:
        raise BadInputError(f"{name}: the table is empty; it needs a header and a row for each utterance")
    if not rows:
        raise BadInputError(f"{name}: the table has a header and no rows")
    return Sheet(name, header, rows)


def _text(path: Path) -> str:
    shown = printable(str(path))
    try:
        if not is_file(path):
            raise BadInputError(f"{shown}: no such table")
        if path.stat().st_size > _LARGEST:
            raise BadInputError(f"{shown}: larger than 1 GiB, which no table of utterances is")
        raw = path.read_bytes()
    except OSError as error:
        raise BadInputError(f"{shown}: cannot be read ({error.strerror or error})") from None
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise BadInputError(f"{shown}: is UTF-16; save it as CSV UTF-8")
    if b"\0" in raw:
        line = raw.count(b"\n", 0, raw.index(b"\0")) + 1
        raise BadInputError(f"{shown}, row {line}: holds a null character; is it a text table (CSV or TSV)?")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # Positions are counted after a byte order mark, which the codec takes away.
        start = error.start + (3 if raw.startswith(b"\xef\xbb\xbf") else 0)
        line = raw.count(b"\n", 0, start) + 1
        raise BadInputError(
            f"{shown}, row {line}: is not UTF-8 (byte 0x{raw[start]:02x}); save it as CSV UTF-8"
        ) from None


def _delimiter(text: str) -> str:
    """The delimiter that splits the header into most cells; a comma where there is only one column."""
    header = _first_line(text)
    counts = {}
    for delimiter in _DELIMITERS:
        try:
            counts[delimiter] = len(next(csv.reader([header], delimiter=delimiter)))
        except (csv.Error, StopIteration):
            counts[delimiter] = 0
    return max(_DELIMITERS, key=lambda delimiter: counts[delimiter])


def _first_line(text: str) -> str:
    """The first line that is not blank; the lines after it are not looked at."""
    first = re.search(r"\S", text)
    if first is None:
        return ""
    at = first.start()
    begin = max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
    end = re.compile(r"[\r\n]").search(text, at)
    return text[begin : end.start() if end is not None else len(text)]
