"""Finding a run and reading its tables, with every fault named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import torch

from core.config import Config, build_config
from core.errors import BadInputError
from core.hub.fetching import fetch_run
from core.hub.names import hub_id
from core.parquet import ParquetTable, is_number, is_text
from core.progress import Progress, silent
from core.reading import named_path
from core.runs.data import PARTS
from core.runs.state import read_state
from core.runs.withheld import KEY
from core.settings_file import read_whole_yaml
from core.tensors import Form, TensorFile
from core.workspace import Workspace

_MOST_ROWS = 50_000_000
_TABLE_BYTES, _ROW_BYTES = 64 << 20, 16 << 10
_FEATURE_COLUMNS = {
    **dict.fromkeys(("utterance_id", "emotion", "label", "text", "speaker", "part", "predicted"), is_text),
    "p_true": is_number,
    "has_text": pa.types.is_boolean,
}
_MORE_COLUMNS = {
    **dict.fromkeys(("audio", "session", "gender", "language", "split"), is_text),
    **dict.fromkeys(("start", "end", "arousal", "valence", "dominance"), is_number),
}
TEXT_COLUMNS = frozenset(name for name, kind in {**_FEATURE_COLUMNS, **_MORE_COLUMNS}.items() if kind is is_text)
"""Of the utterances of a run, the columns that hold text or nothing."""

_PLACES = {"row": pa.types.is_integer, "modality": is_text, "x": pa.types.is_floating, "y": pa.types.is_floating}


def find_run(id_or_path: str | Path, workspace: Workspace, progress: Progress = silent) -> Path:
    """The folder of a run: in the workspace by its id, by path, or fetched from the Hugging Face hub.

    Args:
        id_or_path: on the hub ``owner/name``, or ``owner/name@revision`` for a branch, a tag or a commit.
        progress: told of the bytes that are fetched.

    Raises:
        BadInputError: nothing of that name is there.
        FailureError: the download broke off, or the disk has no room for it.
    """
    name = str(id_or_path)
    path = named_path(name)
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
    if (place := hub_id(name)) is not None:
        return fetch_run(place, progress)
    raise BadInputError(f"{name}: no such folder")


def read_config(path: Path) -> Config:
    """The configuration of a run.

    Raises:
        BadInputError: ``config.yaml`` is missing or damaged. A run keeps its whole configuration: where the end is
            gone, the defaults must not take its place unseen.
    """
    file = path / "config.yaml"
    return build_config(read_whole_yaml(file, tuple(Config.model_fields)), str(file))


def refuse_unfinished(path: Path) -> None:
    """Raises BadInputError where the last file of a run is missing, and says whether it was ever there."""
    last = path / "projection" / "coordinates.parquet"
    if last.is_file():
        return
    try:
        finished = read_state(path).status == "finished"
    except BadInputError:
        finished = False
    if finished:
        raise BadInputError(f"{last}: the file is missing; copy the run's folder again")
    raise BadInputError(
        f"run {path.name!r} is not finished; go on with `mirage resume {path.name}`, or copy the whole folder"
    )


def read_features(
    path: Path, dim: int, classes: list[str]
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray | None, dict[str, str]]:
    """Utterances, h (n, dim), t (n, dim) or None, and the table's metadata.

    Both headers are compared before a value of either file is read.

    Raises:
        BadInputError: a file is missing or damaged, or they do not belong together.
    """
    file = path / "features" / "utterances.parquet"
    tensors = TensorFile(path / "features" / "aligned.safetensors")
    if "h" not in tensors.forms:
        raise BadInputError(f"{tensors.path}: h is missing; copy the run's folder again")
    rows = tensors.forms["h"].shape[0] if tensors.forms["h"].shape else 0
    source = ParquetTable(file, most_bytes=_TABLE_BYTES, bytes_a_row=_ROW_BYTES, most_rows=_MOST_ROWS)
    source.require(_FEATURE_COLUMNS, _MORE_COLUMNS)
    for name, form in tensors.forms.items():
        if (
            name not in ("h", "t")
            or form != Form("float32", (source.rows, dim))
            or not (rows or KEY in source.metadata)
        ):
            raise BadInputError(
                f"{tensors.path}: {name[:60]} has shape {form.shape} (torch.{form.dtype}), expected "
                f"({source.rows}, {dim}); copy the run's folder again"
            )
    table = source.frame()
    _check_utterances(table, classes, file)
    values = tensors.read()
    for name, tensor in values.items():
        if not bool(torch.isfinite(tensor).all()):
            raise BadInputError(f"{tensors.path}: {name} holds NaN or infinity; copy the run's folder again")
    text = values.get("t")
    return table, values["h"].numpy(), None if text is None else text.numpy(), source.metadata


def read_coordinates(path: Path, utterances: int) -> pd.DataFrame:
    """The map of a run.

    Raises:
        BadInputError: the file is damaged or speaks of rows that are not there.
    """
    file = path / "projection" / "coordinates.parquet"
    source = ParquetTable(file, most_bytes=_TABLE_BYTES, bytes_a_row=64, most_rows=2 * utterances)
    source.require(_PLACES)
    table = source.frame()
    if (
        list(table.columns) != list(_PLACES)
        or not table["row"].between(0, utterances - 1).all()
        or not table["modality"].isin(["audio", "text"]).all()
        or len(np.unique(2 * table["row"].to_numpy() + (table["modality"] == "text").to_numpy())) < len(table)
        or not np.isfinite(table[["x", "y"]]).all(axis=None)
    ):
        raise BadInputError(f"{file}: does not belong to this run; copy the run's folder again")
    return table


def _check_utterances(table: pd.DataFrame, classes: list[str], file: Path) -> None:
    """Raises BadInputError where a cell is none that a run writes."""
    ids, labels, predicted = table["utterance_id"], table["label"].dropna(), table["predicted"]
    sure = table["p_true"].to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = {
        "utterance_id": ids.isna().any() or not ids.is_unique or (ids == "").any(),
        "label": not set(labels.unique()) <= set(classes),
        "predicted": not set(predicted.unique()) <= set(classes),
        "part": not set(table["part"].unique()) <= set(PARTS),
        "p_true": not np.all(np.isnan(sure) | ((sure > -0.001) & (sure < 1.001))),
        "has_text": table["has_text"].isna().any(),
    }
    for name, bad in wrong.items():
        if bad:
            raise BadInputError(f"{file}: {name} holds what no run writes there; copy the run's folder again")
