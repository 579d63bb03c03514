"""Runs that were published without the features of their utterances: their tables are there, without rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
import torch

from core.errors import BadInputError
from core.tensors import TensorFile, write_tensors

if TYPE_CHECKING:
    from core.runs.loaded import LoadedRun

KEY = "training_counts"
"""In the metadata of ``features/utterances.parquet`` where rows are out: training utterances of each emotion."""

_TABLES = ("features/utterances.parquet", "projection/coordinates.parquet")
_MOST = 1 << 40


def withhold(folder: Path, run: LoadedRun) -> None:
    """Takes every row out of a copy of a run, and keeps how many each emotion had in training.

    Args:
        folder: the copy. run: of it, opened before. One that has no rows stays as it is.
    """
    if not len(run.utterances):
        return
    train = run.utterances["label"][run.utterances["part"] == "train"]
    counts = said([int((train == name).sum()) for name in run.classes])
    for name in _TABLES:
        table = pq.read_table(folder / name)
        metadata = {**(table.schema.metadata or {}), **({KEY: counts} if name == _TABLES[0] else {})}
        pq.write_table(table.slice(0, 0).replace_schema_metadata(metadata), folder / name)
    path = folder / "features" / "aligned.safetensors"
    forms = TensorFile(path).forms
    write_tensors(path, {name: torch.zeros((0, form.shape[1])) for name, form in forms.items()})


def said(counts: Iterable[float] | None) -> str:
    """What stands under ``KEY``: counts (k,), or that they are not known."""
    return json.dumps(None if counts is None else [int(count) for count in counts])


def training_counts(metadata: Mapping[str, str], classes: int) -> np.ndarray | None:
    """(classes,) utterances of the training part by emotion, where the run says them; None where it does not."""
    try:
        counts = json.loads(metadata.get(KEY, "null"))
        plain = isinstance(counts, list) and all(type(count) is int and 0 <= count < _MOST for count in counts)
        if not plain or len(counts) != classes or not sum(counts):
            return None
    except (ValueError, RecursionError):
        return None
    return np.asarray(counts, dtype=np.float64)


def require_utterances(run: LoadedRun) -> None:
    """Raises BadInputError where a run has no utterances to show, to compare with or to lie near."""
    if not len(run.utterances):
        raise BadInputError(
            f"run {run.id!r} was published without the features of its utterances: it generates, but it has no map, no "
            "neighbours and nothing to compare with; ask whoever published it, or train on the corpus"
        )
