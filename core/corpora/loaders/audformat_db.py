"""A database in the audformat form, opened without running anything that comes with it.

The package's own ``Database.load`` prefers pickled copies of the tables and reads the header with a YAML loader that
can build any object. Here the header is read with the safe one, and tables are loaded from a folder into which only
their CSV or Parquet file was copied.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from core.corpora.paths import inside
from core.corpora.problems import printable
from core.errors import BadInputError

if TYPE_CHECKING:
    import pandas as pd

Key = tuple[str, float | None, float | None]
"""File, start and end in seconds; (file, None, None) is the whole file."""

HEADER = "db.yaml"
_FORMATS = ("parquet", "csv")
_INSTALL = "pip install audformat"


class DatabaseFolder:
    """The header of a database, and its tables as they are asked for.

    Attributes:
        header: audformat's ``Database``, tables empty.

    Raises:
        BadInputError: no header, not one of audformat, or the package is not installed.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        path = root / HEADER
        shown = printable(str(path))
        if not path.is_file():
            raise BadInputError(f"{printable(str(root))}: there is no {HEADER} in this folder, as audformat writes it")
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError, OSError, ValueError, RecursionError) as error:
            line = " ".join(str(error).split())[:200]
            raise BadInputError(f"{shown}: cannot be read as plain YAML ({line})") from None
        try:
            import audformat
        except ImportError:
            raise BadInputError(f"{shown}: reading it needs the package audformat: {_INSTALL}") from None
        try:
            self.header: Any = audformat.Database.load_header_from_yaml(content)
            _follow(self.header)
        except (KeyError, TypeError, ValueError, AttributeError, RuntimeError, StopIteration) as error:
            line = (str(error).splitlines() or [""])[0]
            raise BadInputError(f"{shown}: is no header of audformat ({type(error).__name__}: {line})") from None
        self._loaded: dict[str, str] = {}

    def frame(self, table: str) -> pd.DataFrame:
        """The content of a table, or of a table of labels (its ``misc`` tables).

        Raises:
            BadInputError: its file is missing, damaged, or there as a pickle only.
        """
        self.file_name(table)
        frame: pd.DataFrame = self.header[table].df
        return frame

    def file_name(self, table: str) -> str:
        """The file a table was read from; see ``frame`` for faults."""
        if table not in self._loaded:
            # Labels that are a table must be known before the tables that use them.
            for column in self.header[table].columns.values():
                scheme = column.scheme
                if scheme is not None and scheme.uses_table and scheme.labels not in self._loaded:
                    self.file_name(scheme.labels)
            self._loaded[table] = self._load(table)
        return self._loaded[table]

    def keys(self, table: str) -> Iterator[Key]:
        """Which file or part of one each row is about."""
        index = self.frame(table).index
        if index.nlevels == 1:
            for file in index:
                yield str(file), None, None
            return
        import pandas as pd

        starts = pd.TimedeltaIndex(index.get_level_values("start")).total_seconds()
        ends = pd.TimedeltaIndex(index.get_level_values("end")).total_seconds()
        for file, start, end in zip(index.get_level_values("file"), starts, ends, strict=True):
            first = None if start != start else float(start)
            last = None if end != end else float(end)
            # audformat's way to say "all of it".
            yield str(file), (None if not first and last is None else first), last

    def values(self, table: str, column: str) -> list[Any]:
        """The cells of a column; None where there is nothing."""
        cells = self.frame(table)[column].astype(object)
        return cells.where(cells.notna(), None).tolist()

    def properties(self, scheme: Any) -> dict[Any, Any]:
        """What the header, or a table of labels, says of each label: a dict of properties, or a text."""
        if scheme is None or scheme.labels is None or isinstance(scheme.labels, list):
            return {}
        if not scheme.uses_table:
            return dict(scheme.labels)
        frame = self.frame(scheme.labels)
        return {label: dict(zip(frame.columns, row, strict=True)) for label, *row in frame.itertuples(name=None)}

    def _load(self, table: str) -> str:
        names = [f"db.{table}.{form}" for form in _FORMATS]
        name = next((name for name in names if inside(self.root, name).is_file()), None)
        shown = printable(str(self.root / f"db.{table}"))
        if name is None:
            if (self.root / f"db.{table}.pkl").is_file():
                raise BadInputError(
                    f"{shown}.pkl: is a pickle, which can run code and is not loaded; have who made it save the "
                    "database with storage_format='csv'"
                )
            raise BadInputError(f"{shown}.csv: the table is missing; copy it again")
        with tempfile.TemporaryDirectory(prefix="mirage-") as folder:
            try:
                shutil.copyfile(self.root / name, Path(folder) / name)
                self.header[table].load(str(Path(folder) / f"db.{table}"))
            except (ValueError, KeyError, TypeError, RuntimeError, OSError) as error:
                line = (str(error).splitlines() or [type(error).__name__])[0]
                raise BadInputError(f"{printable(str(self.root / name))}: does not fit {HEADER} ({line})") from None
        return name


def _follow(header: Any) -> None:
    """Looks up every part that another part names: audformat itself does so when it is first needed.

    Raises:
        KeyError: there is none of that name.
    """
    for table in (*header.tables.values(), *header.misc_tables.values()):
        if table.split_id is not None:
            header.splits[table.split_id]
        for column in table.columns.values():
            scheme = column.scheme
            if scheme is not None and scheme.uses_table:
                header.misc_tables[scheme.labels]
