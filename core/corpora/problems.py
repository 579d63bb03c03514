"""What is wrong with one file or row of a corpus: where, why, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.errors import BadInputError
from core.files import write_text
from core.printable import printable
from core.spreadsheets import csv_text


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


def write_problems(path: Path, problems: Iterable[Problem]) -> None:
    """Writes all problems as CSV; no cell can be taken for a formula by a spreadsheet."""
    rows = ([printable(one.file), one.row, printable(one.reason), printable(one.remedy)] for one in problems)
    write_text(Path(path), csv_text(("file", "row", "reason", "remedy"), rows))
