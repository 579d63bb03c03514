"""What is wrong with one file or row of a corpus: where, why, and what to do."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.errors import BadInputError
from core.files import write_text


@dataclass(frozen=True)
class Problem:
    """One row or file that was left out.

    ``file`` is the file at fault, ``row`` the row of a table as a spreadsheet numbers it (the header is row 1).
    """

    file: str
    row: int | None
    reason: str
    remedy: str = ""

    def __str__(self) -> str:
        where = self.file if self.row is None else f"{self.file}, row {self.row}"
        line = f"{where}: {self.reason}" + (f"; {self.remedy}" if self.remedy else "")
        return printable(line)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


class NothingUsableError(BadInputError):
    """A corpus without one utterance that can be used; ``problems`` says of every file or row why."""

    def __init__(self, message: str, problems: Sequence[Problem]) -> None:
        super().__init__(message)
        self.problems = list(problems)


def printable(text: str) -> str:
    """``text`` with control characters and half surrogates escaped: file names can hold anything.

    >>> printable("a\\x1b[31m")
    'a\\\\x1b[31m'
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def write_problems(path: Path, problems: Iterable[Problem]) -> None:
    """Writes all problems as CSV; no cell can be taken for a formula by a spreadsheet."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("file", "row", "reason", "remedy"))
    for problem in problems:
        row = "" if problem.row is None else problem.row
        writer.writerow((_cell(problem.file), row, _cell(problem.reason), _cell(problem.remedy)))
    write_text(Path(path), buffer.getvalue())


def _cell(text: str) -> str:
    text = printable(text)
    return f"'{text}" if text.lstrip().startswith(("=", "+", "-", "@")) else text
