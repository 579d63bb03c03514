"""Parquet files that anybody may have made: a few bytes that claim much are refused before they are unpacked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.errors import BadInputError
from core.parquet_pages import Chunk, PageError, Pages, read_footer, read_pages
from core.reading import open_plain

_MOST_COLUMNS, _MOST_GROUPS, _MOST_CHUNKS, _MOST_FOOTER = 200, 10_000, 100_000, 16 << 20
_THRIFT = {"thrift_string_size_limit": _MOST_FOOTER, "thrift_container_size_limit": 1_000_000}
_NESTED_VALUES = 64
"""Values of a nested column for each row, on average, at most."""


class ParquetTable:
    """A Parquet file whose footer and page headers have been read and checked, its values not yet.

    Attributes:
        path: the file.
        rows: how many there are.
        schema: of the Arrow form.
        metadata: of the schema, decoded.
    """

    def __init__(self, path: Path, *, most_bytes: int, bytes_a_row: int = 0, most_rows: int, nested: bool = False):
        """Reads footer and page headers.

        Args:
            path: the file.
            most_bytes: that it may take when unpacked, and ``bytes_a_row`` more for each row.
            most_rows: that it may have.
            nested: whether columns of lists and maps are expected.

        Raises:
            BadInputError: it is missing, damaged, larger than that, or no such file.
        """
        self.path = path
        try:
            with open_plain(path) as source:
                size = os.fstat(source.fileno()).st_size
                length = _footer_length(source, size)
                with pq.ParquetFile(source, **_THRIFT) as file:
                    self._footer, self.schema = file.metadata, file.schema_arrow
                    footer = self._footer
                    self.rows: int = footer.num_rows
                    if not 0 <= self.rows <= most_rows:
                        raise PageError(f"it claims {self.rows:,} rows")
                    self._most = most_bytes + bytes_a_row * self.rows
                    if len(set(self.schema.names)) != len(self.schema.names):
                        raise PageError("two columns have one name")
                    columns = [file.schema.column(index) for index in range(len(file.schema))]
                    groups = footer.num_row_groups
                    if len(columns) > _MOST_COLUMNS or groups > _MOST_GROUPS or groups * len(columns) > _MOST_CHUNKS:
                        raise PageError("it has more columns or parts than any of MIRAGE's")
                    flat = [column.max_repetition_level == 0 for column in columns]
                    if not nested and not (all(flat) and all("." not in column.path for column in columns)):
                        raise PageError("it has lists or structures")
                    source.seek(size - 8 - length)
                    self._check_groups(source, footer, read_footer(source.read(length), size), flat)
            self.metadata = {key.decode(): value.decode() for key, value in (self.schema.metadata or {}).items()}
        except BadInputError:
            raise
        except Exception as error:
            # What a parser written in another language says of hostile bytes is no closed list.
            raise self.damaged(error) from None

    def read(self, columns: list[str] | None = None) -> pa.Table:
        """The values, checked to be what their types say.

        Raises:
            BadInputError: damaged, or larger when unpacked than was said.
        """
        names = self.schema.names if columns is None else columns
        texts = [name for name in names if _is_text(self.schema.field(name).type)]
        if self._written_out <= self._most:
            # Even if every row had the longest word of its column.
            texts = []
        try:
            # Words that occur often are kept once: how much they take when written out is asked before they are.
            with (
                open_plain(self.path) as source,
                pq.ParquetFile(source, metadata=self._footer, read_dictionary=texts, **_THRIFT) as file,
            ):
                table = file.read(columns=columns)
            table.validate(full=True)
            size = sum(_length(table.column(name)) for name in texts)
            if size > self._most:
                raise PageError(f"its words take {size:,} bytes")
            for name in texts:
                place = table.schema.get_field_index(name)
                field = self.schema.field(name)
                table = table.set_column(place, field, table.column(name).cast(field.type))
        except BadInputError:
            raise
        except Exception as error:
            raise self.damaged(error) from None
        # What it says of itself to pandas could be anything, and none of it is needed.
        return table.replace_schema_metadata(None)

    def frame(self) -> pd.DataFrame:
        """The values as a data frame.

        Raises:
            BadInputError: as ``read``.
        """
        table = self.read()
        try:
            return table.to_pandas()
        except Exception as error:
            raise self.damaged(error) from None

    def require(self, kinds: Mapping[str, Any], optional: Mapping[str, Any] | None = None) -> None:
        """Refuses a table without these columns of these types (each a function of an Arrow type).

        Args:
            kinds: of the columns that must be there.
            optional: of those that may be. All others hold strings, numbers or booleans.

        Raises:
            BadInputError: names the column.
        """
        missing = [name for name in kinds if name not in self.schema.names]
        if missing:
            raise BadInputError(f"{self.path}: columns are missing: {', '.join(missing)}; copy the run's folder again")
        known = {**(optional or {}), **kinds}
        for name in self.schema.names:
            kind = self.schema.field(name).type
            if not known.get(name, is_plain)(kind):
                raise self.damaged(PageError(f"column {name[:60]!r} has the type {str(kind)[:60]}"))

    def damaged(self, error: Exception) -> BadInputError:
        """What is said of this file."""
        return _damaged(self.path, error)

    def _check_groups(self, source: Any, footer: Any, chunks: list[list[Chunk]], flat: list[bool]) -> None:
        rows = unpacked = self._written_out = 0
        if len(chunks) != footer.num_row_groups:
            raise PageError("its footer contradicts itself")
        for number, columns in enumerate(chunks):
            group_rows = footer.row_group(number).num_rows
            rows += group_rows
            if group_rows < 0 or len(columns) != len(flat):
                raise PageError("its footer contradicts itself")
            for chunk, is_flat in zip(columns, flat, strict=True):
                if is_flat and chunk.values != group_rows:
                    raise PageError("its footer contradicts itself")
                # Of an empty column no page is read.
                pages = read_pages(source, chunk.begin, chunk.end) if chunk.values else Pages()
                values = group_rows if is_flat else _NESTED_VALUES * group_rows
                if pages.values > values or pages.dictionary_values > max(values, 1):
                    raise PageError(f"a column claims {max(pages.values, pages.dictionary_values):,} values")
                unpacked += pages.size
                self._written_out += pages.size + pages.values * pages.dictionary_size
                if not is_flat:
                    unpacked += pages.values * pages.dictionary_size
                if unpacked > self._most:
                    raise PageError(f"it takes more than {self._most:,} bytes when unpacked")
        if rows != self.rows:
            raise PageError("its footer contradicts itself")


def read_schema_metadata(path: Path) -> dict[bytes, bytes]:
    """What a file says of itself; no value is read, and no page header.

    Raises:
        BadInputError: it is missing, damaged, no plain file, or its footer is longer than any of MIRAGE's.
    """
    try:
        with open_plain(path) as source:
            _footer_length(source, os.fstat(source.fileno()).st_size)
            with pq.ParquetFile(source, **_THRIFT) as file:
                return dict(file.schema_arrow.metadata or {})
    except BadInputError:
        raise
    except Exception as error:
        # As above.
        raise _damaged(path, error) from None


def is_text(kind: pa.DataType) -> bool:
    """Strings, or nothing but missing values."""
    return _is_text(kind) or pa.types.is_null(kind)


def is_number(kind: pa.DataType) -> bool:
    """Floats or integers, or nothing but missing values."""
    return pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind)


def is_plain(kind: pa.DataType) -> bool:
    """Strings, numbers or booleans."""
    return is_text(kind) or is_number(kind) or pa.types.is_boolean(kind)


def _damaged(path: Path, error: Exception) -> BadInputError:
    line = (str(error).splitlines() or [type(error).__name__])[0][:300]
    return BadInputError(f"{path}: not a readable Parquet file ({line}); copy it again")


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _footer_length(source: Any, size: int) -> int:
    if size < 12:
        raise PageError("it is too short")
    source.seek(size - 8)
    length = int.from_bytes(source.read(4), "little")
    if source.read(4) != b"PAR1":
        raise PageError("its end is missing")
    if length > min(_MOST_FOOTER, size - 12):
        raise PageError("its footer is longer than it can be")
    source.seek(0)
    return length


def _length(column: pa.ChunkedArray) -> int:
    """Bytes of all strings of a column when each is written out."""
    total = 0
    for chunk in column.chunks:
        if pa.types.is_dictionary(chunk.type):
            lengths = pc.binary_length(chunk.dictionary).cast(pa.int64())
            counts = pc.value_counts(chunk.indices)
            places, often = counts.field("values"), counts.field("counts")
            known = places.is_valid()
            each = lengths.take(places.filter(known))
            total += pc.sum(pc.multiply(each, often.filter(known))).as_py() or 0
        else:
            total += chunk.nbytes
    return total
