"""``guesses.parquet``: what a run takes the emotions of its unlabelled utterances to be. Guesses, never labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from torch import Tensor

from core.errors import BadInputError
from core.files import atomic_path
from core.generation import Aligned, tell_apart
from core.parquet import ParquetTable, is_text
from core.runs.data import RunData

FILE = "guesses.parquet"


def shares_of_emotions(data: RunData, features: dict[str, Tensor], seed: int) -> np.ndarray:
    """(m, k) shares of the emotions for the m unlabelled utterances, told by ``core.generation.tell_apart``.

    Args:
        features: of all utterances (``features_of``), by an aligner that has learnt from the labelled ones alone.
    """
    train = data.rows("train")
    return tell_apart(
        _aligned(data, features, train),
        data.labels[train],
        len(data.classes),
        _aligned(data, features, data.rows("unlabelled")),
        seed,
    )


def write_guesses(folder: Path, data: RunData, shares: np.ndarray) -> None:
    """Writes ``utterance_id``, ``guessed_emotion`` and ``share_<emotion>`` of each unlabelled utterance."""
    names = np.asarray(data.classes, dtype=object)
    columns = {
        "utterance_id": pa.array(data.table["utterance_id"][data.rows("unlabelled")].tolist(), pa.string()),
        "guessed_emotion": pa.array(names[shares.argmax(axis=1)].tolist(), pa.string()),
        **{f"share_{name}": pa.array(shares[:, index], pa.float64()) for index, name in enumerate(data.classes)},
    }
    table = pa.table(columns).replace_schema_metadata(
        {"run": folder.name, "corpus": data.corpus.name, "classes": ",".join(data.classes)}
    )
    with atomic_path(folder / FILE) as temporary:
        pq.write_table(table, temporary)


def read_guesses(folder: Path, data: RunData) -> np.ndarray:
    """(m,) guessed class indices of the unlabelled utterances, in the order of the table.

    Raises:
        BadInputError: the file is missing, damaged or of other utterances.
    """
    path = folder / FILE
    wanted = data.table["utterance_id"][data.rows("unlabelled")].tolist()
    try:
        source = ParquetTable(path, most_bytes=16 << 20, bytes_a_row=16 << 10, most_rows=len(wanted))
        source.require({"utterance_id": is_text, "guessed_emotion": is_text})
        table = source.read(["utterance_id", "guessed_emotion"])
    except BadInputError as error:
        line = str(error).removeprefix(f"{path}: ").removesuffix("; copy it again")
        raise BadInputError(f"{path}: cannot be read ({line}); train a new run") from None
    same = table["utterance_id"].to_pylist() == wanted
    guessed = table["guessed_emotion"].to_pylist()
    if not same or not set(guessed) <= set(data.classes):
        raise BadInputError(f"{path}: does not belong to the utterances of this run; train a new run")
    return np.array([data.classes.index(name) for name in guessed], dtype=np.int64)


def _aligned(data: RunData, features: dict[str, Tensor], rows: np.ndarray) -> Aligned:
    t = features["t"].numpy()[rows] if "t" in features else None
    return Aligned(features["h"].numpy()[rows], t, data.has_text[rows], data.groups[rows])
