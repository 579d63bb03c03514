"""Features as Parquet: vectors as lists, a column for each single value."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.export.features import Features, kind_of, numbers, texts

_KINDS = {"bool": pa.bool_(), "int": pa.int64(), "float32": pa.float32(), "float64": pa.float64(), "text": pa.string()}


def write_parquet(path: Path, features: Features) -> None:
    """Labels first, then the vectors as lists of float32, then the other columns; the metadata as text.

    Rows are written in pieces.
    """
    kinds = {str(name): kind_of(features.table[name]) for name in features.table.columns}
    order = [*features.labels, *features.vectors, *(name for name in kinds if name not in features.labels)]
    fields = [
        pa.field(name, pa.list_(pa.float32(), features.vectors[name].shape[1]))
        if name in features.vectors
        else pa.field(name, _KINDS[kinds[name]])
        for name in order
    ]
    schema = pa.schema(fields, metadata={key: _shown(value) for key, value in features.metadata.items()})
    with pq.ParquetWriter(path, schema) as writer:
        for rows in features.pieces():
            columns = [
                vectors(features.vectors[name][rows])
                if name in features.vectors
                else column(features, name, kinds[name], rows)
                for name in order
            ]
            writer.write_table(pa.table(columns, schema=schema))


def column(features: Features, name: str, kind: str, rows: slice) -> pa.Array:
    """Some rows of a column of single values."""
    part = features.table[name].iloc[rows]
    if kind == "text":
        return pa.array(texts(part), pa.string())
    return pa.array(numbers(part, kind), _KINDS[kind], from_pandas=kind == "float64")


def vectors(values: np.ndarray) -> pa.Array:
    """(n, d) as a list of d float32 for each row."""
    flat = pa.array(np.ascontiguousarray(values, dtype=np.float32).ravel())
    return pa.FixedSizeListArray.from_arrays(flat, values.shape[1])


def _shown(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
