"""Finding a run and reading its tables, with every fault named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import BadInputError
from core.networks import read_tensors
from core.workspace import Workspace

_HUB_PATTERNS = ["*.json", "*.jsonl", "*.yaml", "*.parquet", "*.safetensors"]
_FEATURE_COLUMNS = ("utterance_id", "emotion", "label", "text", "speaker", "part", "predicted", "p_true", "has_text")


def find_run(id_or_path: str | Path, workspace: Workspace) -> Path:
    """The folder of a run: in the workspace by its id, by path, or fetched from the Hugging Face hub.

    Raises:
        BadInputError: nothing of that name is there.
    """
    name = str(id_or_path)
    path = Path(name).expanduser()
    if path.is_dir():
        # A bare word is the id of a run before it is a folder that happens to lie here.
        inside = workspace.runs / name
        path = inside if "/" not in name and inside.is_dir() else path
        if not (path / "config.yaml").is_file():
            raise BadInputError(f"{path}: not a run (config.yaml is missing)")
        return path.absolute()
    if "/" not in name and "\\" not in name:
        folder = workspace.run_folder(name)
        if (folder / "config.yaml").is_file():
            return folder
        if folder.is_dir():
            raise BadInputError(f"{folder}: not a run (config.yaml is missing)")
        there = ", ".join(workspace.run_ids()[:5]) or "none"
        raise BadInputError(f"there is no run {name!r} in {workspace.runs} (there are: {there})")
    if name.count("/") == 1 and not name.startswith((".", "/", "~")):
        return _from_hub(name)
    raise BadInputError(f"{name}: no such folder")


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=_HUB_PATTERNS, etag_timeout=5))
    except Exception as error:
        kind = type(error).__name__
        raise BadInputError(
            f"{name}: no such folder, and it cannot be fetched from the Hugging Face hub ({kind}); check the name and "
            "the network, or copy the run here and give its path"
        ) from None


def read_features(path: Path, dim: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray | None, dict[str, str]]:
    """Utterances, h (n, dim), t (n, dim) or None, and the table's metadata.

    Raises:
        BadInputError: a file is missing or damaged, or they do not belong together.
    """
    arrow = _read_table(path / "features" / "utterances.parquet")
    missing = [column for column in _FEATURE_COLUMNS if column not in arrow.column_names]
    if missing:
        raise BadInputError(f"{path / 'features' / 'utterances.parquet'}: columns are missing: {', '.join(missing)}")
    metadata = {key.decode(): value.decode() for key, value in (arrow.schema.metadata or {}).items()}
    tensors = read_tensors(path / "features" / "aligned.safetensors")
    for name in tensors:
        if tuple(tensors[name].shape) != (arrow.num_rows, dim):
            raise BadInputError(
                f"{path / 'features' / 'aligned.safetensors'}: {name} has shape {tuple(tensors[name].shape)}, "
                f"expected ({arrow.num_rows}, {dim}); the run is damaged"
            )
    if "h" not in tensors:
        raise BadInputError(f"{path / 'features' / 'aligned.safetensors'}: h is missing; the run is damaged")
    table = arrow.to_pandas()
    text = tensors.get("t")
    return table, tensors["h"].numpy(), None if text is None else text.numpy(), metadata


def read_coordinates(path: Path, utterances: int) -> pd.DataFrame:
    """The map of a run.

    Raises:
        BadInputError: the file is damaged or speaks of rows that are not there.
    """
    file = path / "projection" / "coordinates.parquet"
    table = _read_table(file).to_pandas()
    if list(table.columns) != ["row", "modality", "x", "y"] or not table["row"].between(0, utterances - 1).all():
        raise BadInputError(f"{file}: does not belong to this run; copy the run's folder again")
    return table


def _read_table(path: Path) -> pa.Table:
    if not path.is_file():
        raise BadInputError(f"{path}: the file is missing; copy the run's folder again")
    try:
        return pq.read_table(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise BadInputError(f"{path}: not a readable Parquet file ({str(error).splitlines()[0]})") from None
