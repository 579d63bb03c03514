"""Features as a database in the audformat form: a header that says what they are, and tables as Parquet."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import BadInputError
from core.export.features import Features, kind_of
from core.export.parquet import column

HEADER = "db.yaml"
_USE = (
    "MIRAGE grants no rights in them: what the licence of the corpus allows of things learnt from it is for you to "
    "find out."
)
_TYPES = {"text": "str", "bool": "bool", "int": "int", "float32": "float", "float64": "float"}


def write_database(folder: Path, features: Features) -> None:
    """Writes ``db.yaml`` and the tables into an empty folder.

    The rows are no sound files, so the tables are audformat's ``misc`` tables over one index, ``row``: one of the name
    of ``features`` with the single values, labels as a scheme; and one for each kind of vector, a column of floats for
    each dimension. ``audformat.utils.concat`` joins them. The header is audformat's own; tables are written in
    pieces, which its ``save`` does not.

    Raises:
        BadInputError: the package audformat is not installed.
    """
    try:
        import audformat
    except ImportError:
        raise BadInputError(
            f"{folder}: writing it needs the package audformat: pip install 'mirage-affect[audformat]'"
        ) from None
    database = audformat.Database(
        features.name,
        source="MIRAGE",
        usage=audformat.define.Usage.OTHER,
        description=f"{features.description} {_USE}",
        meta={**features.metadata, "made_by": "MIRAGE"},
    )
    kinds = {str(name): kind_of(features.table[name]) for name in features.table.columns}
    schemes = _schemes(audformat, database, features, kinds)
    shapes = {features.name: list(kinds)}
    for name, values in features.vectors.items():
        shapes[name] = [f"{name}{index + 1}" for index in range(values.shape[1])]
    empty = pd.Index([], dtype="Int64", name="row")
    for name, columns in shapes.items():
        table = audformat.MiscTable(empty, description=_about(features, name))
        database[name] = table
        with warnings.catch_warnings():
            # A table of many columns is built one by one; pandas finds that slow.
            warnings.simplefilter("ignore")
            for one in columns:
                table[one] = audformat.Column(scheme_id=schemes.get(one, name))
    database.save(str(folder), header_only=True)
    for name, columns in shapes.items():
        _write_table(folder / f"db.{name}.parquet", features, name, columns, kinds, audformat.__version__)


def _schemes(audformat: Any, database: Any, features: Features, kinds: dict[str, str]) -> dict[str, str]:
    """Declares what values there are; gives the scheme of each column of single values."""
    chosen: dict[str, str] = {}
    for group, names in features.groups.items():
        database.schemes[group] = audformat.Scheme("float", description=_MEANINGS.get(group))
        chosen.update(dict.fromkeys(names, group))
    for name, kind in kinds.items():
        if name in features.labels:
            database.schemes[name] = audformat.Scheme("str", labels=features.labels[name])
        elif name not in chosen:
            database.schemes[name] = audformat.Scheme(_TYPES[kind], description=_MEANINGS.get(name))
        chosen.setdefault(name, name)
    for name, values in features.vectors.items():
        database.schemes[name] = audformat.Scheme("float", description=f"One of {values.shape[1]} dimensions.")
    return chosen


_MEANINGS = {
    "codes": "Continuous latent code, in deviations of its normal distribution.",
    "noise": "Noise that the row was made from.",
    "mixture": "Share of an emotion that was asked for.",
    "text": "Utterance, or words, whose text feature conditioned the row.",
}


def _about(features: Features, name: str) -> str:
    if name == features.name:
        return "What each row is and was made from."
    return f"{name}: the features, a column for each dimension; row as in {features.name}."


def _write_table(
    file: Path, features: Features, name: str, columns: list[str], kinds: dict[str, str], version: str
) -> None:
    fields = [pa.field("row", pa.int64())]
    if name == features.name:
        fields += [pa.field(one, _arrow(kinds[one])) for one in columns]
    else:
        fields += [pa.field(one, pa.float32()) for one in columns]
    digest = hashlib.md5(usedforsecurity=False)
    schema = pa.schema(fields)
    digest.update(str(schema).encode())
    with pq.ParquetWriter(file, schema) as writer:
        for rows in features.pieces():
            index = pa.array(np.arange(rows.start, rows.stop), pa.int64())
            if name == features.name:
                values = [column(features, one, kinds[one], rows) for one in columns]
            else:
                vectors = np.ascontiguousarray(features.vectors[name][rows].T, dtype=np.float32)
                values = [pa.array(one) for one in vectors]
            table = pa.table([index, *values], schema=schema)
            for one in table.itercolumns():
                for chunk in one.chunks:
                    for buffer in chunk.buffers():
                        digest.update(buffer or b"-")
            writer.write_table(table)
        # By this, audb finds out whether a table has changed.
        writer.add_key_value_metadata({"hash": digest.hexdigest(), "audformat-version": version})


def _arrow(kind: str) -> pa.DataType:
    return {"text": pa.string(), "bool": pa.bool_(), "int": pa.int64(), "float32": pa.float32()}.get(kind, pa.float64())
