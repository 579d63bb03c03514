"""What a tracker was told already: a small file beside it, so that a second start tells nothing twice."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from core.errors import BadInputError
from core.export.record import Measured, RunRecord
from core.files import clear_disk_errors, read_json, write_json
from core.jobs.locks import hold

_MOST = 8 << 20


class Sent:
    """The marks of one run in one place; ``with`` keeps other processes away from them.

    Attributes:
        marks: name to the last step that was told. figures: names of the final figures that were. settings: whether
            the configuration was. extra: what the tracker wants to know again, JSON values.

    Raises:
        BadInputError: what lies there is of another run of that name, or damaged; or another process is telling.
    """

    def __init__(self, file: Path, record: RunRecord) -> None:
        self._file, self._id, self._begun = file, record.id, record.begun()
        self._stack = ExitStack()
        self.marks: dict[str, int] = {}
        self.figures: set[str] = set()
        self.settings = False
        self.extra: dict[str, Any] = {}

    def __enter__(self) -> Sent:
        with clear_disk_errors(self._file):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            if not hold(self._stack, self._file.with_suffix(".lock"), 0.0):
                raise BadInputError(
                    f"{self._file.parent}: another process is writing the events of {self._id!r} there; leave it to "
                    "that one, or stop it first"
                )
        try:
            if self._file.is_file():
                self._read()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def take(self, rows: list[Measured]) -> None:
        """Takes note of rows that were told; see ``save``."""
        for row in rows:
            self.marks[row.name] = max(row.step, self.marks.get(row.name, -1))

    def save(self) -> None:
        """Writes the marks."""
        write_json(
            self._file,
            {
                "run": self._id,
                "begun": self._begun,
                "settings": self.settings,
                "marks": self.marks,
                "figures": sorted(self.figures),
                "extra": self.extra,
            },
        )

    def _read(self) -> None:
        content = read_json(self._file, _MOST)
        try:
            other = content["run"] != self._id or content["begun"] != self._begun
            self.marks = {str(name): int(step) for name, step in content["marks"].items()}
            self.figures, self.settings = set(map(str, content["figures"])), content["settings"] is True
            self.extra = dict(content["extra"])
        except (KeyError, TypeError, ValueError, AttributeError):
            raise BadInputError(
                f"{self._file}: the file is damaged; remove it, and everything is told once more"
            ) from None
        if other:
            raise BadInputError(
                f"{self._file}: holds the events of another run of that name; give another folder with -o"
            )
