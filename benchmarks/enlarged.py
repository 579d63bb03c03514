"""The demo's run with many more utterances than it has, to measure maps of a size that the demo does not reach.

The rows are the demo's own, repeated with a little noise: good for measuring speed, and for nothing else.
"""

from __future__ import annotations

import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors.numpy import load_file, save_file

from core.workspace import Workspace


def enlarge(workspace: Workspace, count: int, *, source: str = "demo") -> str:
    """Puts the run ``source`` with ``count`` utterances into the workspace, and gives its id."""
    name = f"{source}-{count}"
    folder = workspace.run_folder(name)
    if (folder / "projection" / "coordinates.parquet").is_file():
        return name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(workspace.run_folder(source), folder)
    rng = np.random.default_rng(0)
    table = pq.read_table(folder / "features" / "utterances.parquet")
    rows = np.arange(count) % table.num_rows
    large = table.take(rows)
    ids = pa.array([f"{name}-{i // table.num_rows}" for i, name in enumerate(large["utterance_id"].to_pylist())])
    place = large.schema.get_field_index("utterance_id")
    pq.write_table(large.set_column(place, "utterance_id", ids), folder / "features" / "utterances.parquet")
    features = load_file(folder / "features" / "aligned.safetensors")
    noisy = {key: values[rows] + rng.normal(0, 0.05, (count, values.shape[1])) for key, values in features.items()}
    save_file(
        {key: values.astype(np.float32) for key, values in noisy.items()}, folder / "features" / "aligned.safetensors"
    )
    places = pq.read_table(folder / "projection" / "coordinates.parquet").to_pandas()
    parts = []
    for modality, part in places.groupby("modality", sort=False):
        found = part.set_index("row")[["x", "y"]].reindex(rows)
        moved = found.to_numpy() + rng.normal(0, 0.15, (count, 2))
        parts.append(
            pa.table({"row": np.arange(count), "modality": [modality] * count, "x": moved[:, 0], "y": moved[:, 1]})
        )
    whole = pa.concat_tables(parts).to_pandas().dropna()
    types = pq.read_schema(folder / "projection" / "coordinates.parquet")
    pq.write_table(
        pa.Table.from_pandas(whole, preserve_index=False).cast(types.remove_metadata()),
        folder / "projection" / "coordinates.parquet",
    )
    return name
