"""Finding a run and reading its tables, with every fault named."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from core.config import Config, load_config
from core.encoders.checkpoint import within
from core.errors import BadInputError
from core.networks import read_tensors
from core.runs.state import read_state
from core.workspace import Workspace

_HUB_SECONDS = 6.0
_HUB_PATTERNS = ["*.json", "*.jsonl", "*.yaml", "*.parquet", "*.safetensors"]
_FEATURE_COLUMNS = ("utterance_id", "emotion", "label", "text", "speaker", "part", "predicted", "p_true", "has_text")


def find_run(id_or_path: str | Path, workspace: Workspace) -> Path:
    """The folder of a run: in the workspace by its id, by path, or fetched from the Hugging Face hub.

    Raises:
        BadInputError: nothing of that name is there.
    """
    name = str(id_or_path)
    path = Path(name).expanduser()
    if _is_folder(path):
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


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        # A name too long, a folder that must not be entered.
        return False


def _from_hub(name: str) -> Path:
    from huggingface_hub import HfApi, snapshot_download

    try:
        within(_HUB_SECONDS, lambda: HfApi().model_info(name, timeout=_HUB_SECONDS - 1))
        reachable, kind = True, ""
    except Exception as error:
        # No name service, refused, timed out, no such run: what was fetched earlier still serves.
        reachable, kind = False, type(error).__name__
    try:
        folder = snapshot_download(
            name, allow_patterns=_HUB_PATTERNS, etag_timeout=_HUB_SECONDS, local_files_only=not reachable
        )
    except Exception as error:
        kind = kind or type(error).__name__
        raise BadInputError(
            f"{name}: no such folder, and it cannot be fetched from the Hugging Face hub ({kind}); check the name and "
            "the network, or copy the run here and give its path"
        ) from None
    return Path(folder)


def read_config(path: Path) -> Config:
    """The configuration of a run.

    Raises:
        BadInputError: ``config.yaml`` is missing or damaged. A run keeps its whole configuration: where the end is
            gone, the defaults must not take its place unseen.
    """
    file = path / "config.yaml"
    config = load_config(file)
    content = file.read_text(encoding="utf-8")
    missing = [name for name in Config.model_fields if not re.search(rf"^{name}:", content, re.MULTILINE)]
    if missing or not content.endswith("\n"):
        raise BadInputError(f"{file}: the end is missing; copy the run's folder again")
    return config


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


def read_features(path: Path, dim: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray | None, dict[str, str]]:
    """Utterances, h (n, dim), t (n, dim) or None, and the table's metadata.

    Raises:
        BadInputError: a file is missing or damaged, or they do not belong together.
    """
    file = path / "features" / "utterances.parquet"
    table, metadata = _read_table(file)
    missing = [column for column in _FEATURE_COLUMNS if column not in table.columns]
    if missing:
        raise BadInputError(f"{file}: columns are missing: {', '.join(missing)}; copy the run's folder again")
    file = path / "features" / "aligned.safetensors"
    tensors = read_tensors(file)
    if "h" not in tensors:
        raise BadInputError(f"{file}: h is missing; the run is damaged")
    for name, tensor in tensors.items():
        if tuple(tensor.shape) != (len(table), dim) or tensor.dtype != torch.float32:
            raise BadInputError(
                f"{file}: {name} has shape {tuple(tensor.shape)} ({tensor.dtype}), expected ({len(table)}, {dim}); "
                "the run is damaged"
            )
        if not bool(torch.isfinite(tensor).all()):
            raise BadInputError(f"{file}: {name} holds NaN or infinity; the run is damaged")
    text = tensors.get("t")
    return table, tensors["h"].numpy(), None if text is None else text.numpy(), metadata


def read_coordinates(path: Path, utterances: int) -> pd.DataFrame:
    """The map of a run.

    Raises:
        BadInputError: the file is damaged or speaks of rows that are not there.
    """
    file = path / "projection" / "coordinates.parquet"
    table, _ = _read_table(file)
    good = list(table.columns) == ["row", "modality", "x", "y"]
    if (
        not good
        or not table["row"].between(0, utterances - 1).all()
        or not np.isfinite(table[["x", "y"]]).all(axis=None)
    ):
        raise BadInputError(f"{file}: does not belong to this run; copy the run's folder again")
    return table


def _read_table(path: Path) -> tuple[pd.DataFrame, dict[str, str]]:
    if not path.is_file():
        raise BadInputError(f"{path}: the file is missing; copy the run's folder again")
    try:
        # Not read_table: that makes columns out of folder names such as `lang=de`.
        with pq.ParquetFile(path) as file:
            arrow = file.read()
        arrow.validate(full=True)
        metadata = {key.decode(): value.decode() for key, value in (arrow.schema.metadata or {}).items()}
        return arrow.to_pandas(), metadata
    except (pa.ArrowException, OSError, ValueError) as error:
        line = (str(error).splitlines() or ["unreadable"])[0]
        raise BadInputError(f"{path}: not a readable Parquet file ({line}); copy the run's folder again") from None
