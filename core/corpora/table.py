"""The utterance table: its columns, how it is built and what must hold of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from core.corpora.paths import path_fault
from core.corpora.problems import printable
from core.corpora.vocabulary import EMOTIONS
from core.errors import BadInputError

SCHEMA: pa.Schema = pa.schema(
    [
        pa.field("utterance_id", pa.string(), nullable=False),
        pa.field("audio", pa.string()),
        pa.field("start", pa.float64()),
        pa.field("end", pa.float64()),
        pa.field("text", pa.string()),
        pa.field("emotion", pa.string()),
        pa.field("speaker", pa.string()),
        pa.field("session", pa.string()),
        pa.field("gender", pa.string()),
        pa.field("language", pa.string()),
        pa.field("split", pa.string()),
        pa.field("arousal", pa.float64()),
        pa.field("valence", pa.float64()),
        pa.field("dominance", pa.float64()),
        pa.field("emotion_votes", pa.map_(pa.string(), pa.float64())),
    ]
)
"""The columns of ``corpora/<corpus>.parquet``."""

COLUMNS: tuple[str, ...] = tuple(SCHEMA.names)
FLOATS = tuple(field.name for field in SCHEMA if pa.types.is_floating(field.type))
STRINGS = tuple(field.name for field in SCHEMA if pa.types.is_string(field.type))
DIMENSIONS = ("arousal", "valence", "dominance")


def build_table(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """A table of all columns; what a row leaves out is missing (None, in float columns NaN).

    Strings are made such that UTF-8 can hold them.
    """
    rows = list(rows)
    columns: dict[str, Any] = {}
    for name in COLUMNS:
        values = [row.get(name) for row in rows]
        columns[name] = pd.Series(values, dtype="float64") if name in FLOATS else _objects(values)
    return pd.DataFrame(columns)


def to_arrow(table: pd.DataFrame) -> pa.Table:
    """The Arrow form of ``table``, in the order of the schema."""
    arrays = []
    for field in SCHEMA:
        values = table[field.name].to_numpy()
        if field.name == "emotion_votes":
            pairs = [None if _missing(value) else list(value.items()) for value in values]
            arrays.append(pa.array(pairs, type=field.type))
        else:
            # from_pandas: NaN is a missing number.
            arrays.append(pa.array(values, type=field.type, from_pandas=True))
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def from_arrow(arrow: pa.Table, where: str) -> pd.DataFrame:
    """The pandas form of an Arrow table.

    Raises:
        BadInputError: a column is missing or of another type.
    """
    missing = [name for name in COLUMNS if name not in arrow.column_names]
    if missing:
        raise BadInputError(f"{where}: is no utterance table, it has no column {', '.join(missing)}; ingest it again")
    try:
        arrow = arrow.select(list(COLUMNS)).cast(SCHEMA)
    except (pa.ArrowException, ValueError) as error:
        line = str(error).splitlines()[0]
        raise BadInputError(f"{where}: a column has the wrong type ({line}); ingest it again") from None
    columns: dict[str, Any] = {}
    for name in COLUMNS:
        column = arrow.column(name)
        if name == "emotion_votes":
            columns[name] = pd.Series(_votes(column), dtype=object)
        else:
            values = column.to_numpy()
            columns[name] = pd.Series(values, dtype="float64" if name in FLOATS else object)
    return pd.DataFrame(columns)


def validate_table(table: pd.DataFrame, where: str) -> None:
    """Checks what must hold of every table; nothing on disk is looked at.

    Raises:
        BadInputError: names the first utterance at fault.
    """
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise BadInputError(f"{where}: the table has no column {', '.join(missing)}")
    ids = table["utterance_id"]
    for row, value in enumerate(ids):
        if not isinstance(value, str) or not value:
            raise BadInputError(f"{where}, row {row + 1}: the utterance has no id")
    twice = ids[ids.duplicated()]
    if len(twice):
        raise BadInputError(f"{where}: the utterance id {twice.iloc[0]!r} occurs more than once")
    known = table["emotion"].isin(EMOTIONS) | table["emotion"].isna()
    _all(known, table, where, lambda row: f"{row['emotion']!r} is not one of the emotions {', '.join(EMOTIONS)}")
    for name in DIMENSIONS:
        values = table[name]
        good = values.isna() | values.between(0.0, 1.0)
        _all(good, table, where, lambda row, name=name: f"{name} is {row[name]}, not from 0 to 1")
    start, end = table["start"], table["end"]
    good = (start.isna() | (start >= 0)) & (end.isna() | (end > start.fillna(0.0))) & (end != np.inf)
    _all(good, table, where, lambda row: f"the segment from {row['start']} to {row['end']} s is not possible")
    faults = [None if audio is None else path_fault(audio) for audio in table["audio"]]
    good = pd.Series([fault is None for fault in faults], dtype=bool)
    _all(good, table, where, lambda row: f"{row['audio']!r}: {path_fault(row['audio'])}")


def _all(good: pd.Series, table: pd.DataFrame, where: str, say: Any) -> None:
    bad = np.flatnonzero(~good.to_numpy(dtype=bool))
    if len(bad):
        row = table.iloc[int(bad[0])]
        raise BadInputError(printable(f"{where}, utterance {row['utterance_id']!r}: {say(row)}"))


def _objects(values: list[Any]) -> pd.Series:
    """Values as they are; object, not pandas' str: a missing value is None, which is false and never prints as nan."""
    return pd.Series([None if _missing(value) else _clean(value) for value in values], dtype=object)


def _clean(value: Any) -> Any:
    """Half surrogates, which JSON and file names can hold and UTF-8 cannot, written as ``\\ud800``."""
    if isinstance(value, dict):
        return {_clean(key): share for key, share in value.items()}
    if not isinstance(value, str) or value.isascii():
        return value
    return value.encode("utf-8", "backslashreplace").decode("utf-8")


def _votes(column: pa.ChunkedArray) -> list[dict[str, float] | None]:
    votes: list[dict[str, float] | None] = []
    for chunk in column.chunks:
        # Every word once, not once for each vote.
        words = {name: name for name in chunk.keys.unique().to_pylist()}
        names = [words[name] for name in chunk.keys.to_pylist()]
        numbers, ends = chunk.items.to_pylist(), chunk.offsets.to_pylist()
        known = chunk.is_valid().to_pylist()
        for there, begin, end in zip(known, ends, ends[1:], strict=False):
            votes.append(dict(zip(names[begin:end], numbers[begin:end], strict=True)) if there else None)
    return votes


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and value != value)
