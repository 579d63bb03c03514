"""CSV that can be opened in a spreadsheet: no cell of data runs as a formula there, numbers stay numbers.

Every CSV that MIRAGE writes goes through here. The rule follows OWASP's page on CSV injection: a cell of text that a
spreadsheet would take for a formula gets an apostrophe in front, also inside a cell after a line end or a delimiter
that a spreadsheet of another country may expect.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

# What begins a formula, once full-width and other compatibility forms are folded (NFKC), and the true minus sign.
_BEGINS = ("=", "+", "-", "@", "\u2212")
# What a spreadsheet may pass over before it: spaces of all kinds, quotes, marks that cannot be seen.
_PASSED_OVER = "'\"`\u2018\u2019\u201c\u201d\u00ab\u00bb\u2032\u2033\ufeff\u200b\u200c\u200d\u2060\u00ad"
_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_HARMLESS = re.compile(rf"{_NUMBER}(?: to {_NUMBER})?")
_INSIDE = re.compile(r"([;\t|\r\n][\s'\"]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20\u2212\ufe62\ufe63\ufe66\ufe6b])")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_NOT_IN_NAMES = re.compile(r"[^\w.@+-]+", re.ASCII)


def safe_cell(value: Any) -> Any:
    """``value``, with an apostrophe in front where it is text that a spreadsheet would take for a formula.

    Numbers, and texts that are one number or an interval of two, stay as they are. Control characters other than tab
    and line ends are written out.

    >>> safe_cell("=1+1"), safe_cell("plain"), safe_cell(-1.5), safe_cell("-1.5"), safe_cell("+0.1 to +0.4")
    ("'=1+1", 'plain', -1.5, '-1.5', '+0.1 to +0.4')
    """
    if not isinstance(value, str) or not value:
        return value
    text = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", _INSIDE.sub(r"\1'", value))
    if value[0] in "\t\r\n":
        return "'" + text
    # Folded as far as spaces and marks may stand before it; that is the whole of it only where it is short.
    head = unicodedata.normalize("NFKC", value.lstrip()[:256])
    while head and (head[0] in _PASSED_OVER or head[0].isspace() or unicodedata.category(head[0]) in ("Cc", "Cf")):
        head = head[1:]
    if head.startswith(_BEGINS) and not _HARMLESS.fullmatch(text):
        return "'" + text
    return text


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table as CSV, with line ends of one character; missing values (None) are empty."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([safe_cell(str(name)) for name in header])
    for row in rows:
        writer.writerow([safe_cell(cell) for cell in row])
    return buffer.getvalue()


def frame_csv(table: pd.DataFrame, *, mark: bool = False) -> bytes:
    """A data frame as CSV in UTF-8, without its index; ``mark`` puts a byte order mark in front, by which spreadsheets
    know the encoding."""
    import numpy as np
    import pandas as pd

    safe = table.copy()
    for position in range(table.shape[1]):
        column = table.iloc[:, position]
        if not pd.api.types.is_numeric_dtype(column):
            cells = [safe_cell(cell) for cell in column]
            safe.isetitem(position, np.array(cells, dtype=object))
    safe.columns = pd.Index([safe_cell(str(name)) for name in table.columns])
    text = safe.to_csv(index=False, lineterminator="\n")
    return text.encode("utf-8-sig" if mark else "utf-8", "backslashreplace")


def file_name(text: str, ending: str) -> str:
    """A name for a file to take away, made of ``text``: letters, digits and ``._@+-``, at most 80 and the ending.

    >>> file_name('a/b"\\r\\n<img>', "csv"), file_name("..", "csv"), file_name("emodb", "csv")
    ('a-b-img.csv', 'mirage.csv', 'emodb.csv')
    """
    clean = _NOT_IN_NAMES.sub("-", text).strip("-.")[:80] or "mirage"
    return f"{clean}.{ending}"
