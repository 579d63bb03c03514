"""Generated features as files that other programs read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import BadInputError
from core.files import atomic_path
from core.runs.loaded import LoadedRun
from core.runs.requests import Batch


def write_batch(path: Path, batch: Batch, run: LoadedRun, *, emotion: str, seed: int) -> Path:
    """Writes Parquet: ``audio`` and, for pairs, ``text_feature`` as lists of ``d`` float32, then every code column.

    The file's metadata names the run and the seed.

    Raises:
        BadInputError: the name does not end in .parquet.
        FailureError: the disk is full or the folder cannot be written.
    """
    if path.suffix.lower() != ".parquet":
        raise BadInputError(f"{path}: features are written as Parquet; give a name that ends in .parquet")
    columns = {"emotion": pa.array([emotion] * len(batch), pa.string()), "audio": _vectors(batch.audio)}
    if batch.text is not None:
        columns["text_feature"] = _vectors(batch.text)
    for name in batch.codes.columns:
        kind = pa.string() if name == "text" else pa.float32()
        columns[name] = pa.array(batch.codes[name].tolist(), kind)
    table = pa.table(columns).replace_schema_metadata(
        {"run": run.id, "seed": str(seed), "mode": run.mode, "classes": ",".join(run.classes)}
    )
    path = path.expanduser().absolute()
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary)
    return path


def _vectors(values: np.ndarray) -> pa.Array:
    flat = pa.array(np.ascontiguousarray(values, dtype=np.float32).ravel())
    return pa.FixedSizeListArray.from_arrays(flat, values.shape[1])
