"""The tables beside the map and their export."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core.export import Features
from core.spreadsheets import frame_csv
from dashboard.space.points import MapPoints

if TYPE_CHECKING:
    from core import LoadedRun

SHOWN = ("utterance_id", "emotion", "predicted", "p_true", "mi", "speaker", "part", "text")


def shown_table(points: MapPoints, rows: Sequence[int]) -> pd.DataFrame:
    """The columns that the page shows for ``rows``, in their order."""
    table = points.table.iloc[list(rows)].assign(mi=points.mi[list(rows)])
    # Without a transcript there is no such column, whether there are none or they must not be shown.
    names = [name for name in SHOWN if name != "text" or table["text"].notna().any()]
    return table.loc[:, names].reset_index(drop=True)


def exported_table(points: MapPoints, rows: Sequence[int], *, paths: bool = False) -> pd.DataFrame:
    """Everything that is known of ``rows``: the utterances' columns, their places on the map, the pointwise MI.

    Args:
        paths: whether those of the clips may be in it, as ``audio``.
    """
    chosen = list(rows)
    table = points.table.iloc[chosen].reset_index(drop=True)
    if not paths:
        table = table.drop(columns="audio")
    if table["text"].isna().all():
        table = table.drop(columns="text")
    table.insert(0, "row", chosen)
    for name, places in (("audio", points.audio), ("text", points.text)):
        table[f"map_{name}_x"] = places[chosen, 0]
        table[f"map_{name}_y"] = places[chosen, 1]
    table["pointwise_mi_nats"] = points.mi[chosen]
    return table


def exported_features(run: LoadedRun, points: MapPoints, rows: Sequence[int]) -> Features:
    """``rows`` for other programs: the aligned features of real utterances, and what is known of them.

    The utterances' ``audio`` is ``file`` here: ``audio`` are the features, as in a file of generated ones. Where clips
    must not be heard there is no ``file``, where transcripts must not be read no ``text_feature``: words can be guessed
    from it.
    """
    allowed = run.permissions
    table = exported_table(points, rows, paths=allowed.audio).rename(columns={"audio": "file", "row": "row_of_run"})
    chosen = list(rows)
    vectors = {"audio": run.h[chosen]}
    if run.t is not None and allowed.transcripts:
        vectors["text_feature"] = run.t[chosen]
    return Features(
        name="utterances",
        description=f"Aligned features of real utterances of the corpus {run.corpus}, by run {run.id}.",
        table=table,
        vectors=vectors,
        metadata={"run": run.id, "corpus": run.corpus, "classes": run.classes},
        labels={"label": run.classes},
    )


def neighbour_table(run: LoadedRun, points: MapPoints, row: int, k: int = 8) -> pd.DataFrame:
    """The ``k`` utterances nearest to utterance ``row`` in the full dimension: row, distance and what was said."""
    rows, distances = run.neighbours(run.h[row : row + 1], k=min(k + 1, len(points)))
    kept = [(int(r), float(d)) for r, d in zip(rows[0], distances[0], strict=True) if int(r) != row][:k]
    table = near_table(points.table, [r for r, _ in kept], [d for _, d in kept])
    table.insert(0, "row", [r for r, _ in kept])
    return table


def near_table(utterances: pd.DataFrame, rows: Sequence[int], distances: Sequence[float]) -> pd.DataFrame:
    """Utterances that are near something, nearest first, with their distance."""
    names = ["utterance_id", "emotion", "speaker", *(["text"] if utterances["text"].notna().any() else [])]
    table = utterances.iloc[list(rows)][names].reset_index(drop=True)
    table.insert(0, "distance", list(distances))
    return table


def agreement(points: MapPoints, row: int, others: Iterable[int], k: int) -> int:
    """How many of ``others`` (neighbours in the full dimension) are also among the ``k`` nearest on the map."""
    distance = np.linalg.norm(points.audio - points.audio[row], axis=1)
    distance[row] = np.inf
    near = set(np.argsort(np.nan_to_num(distance, nan=np.inf))[:k].tolist())
    return len(near & set(others))


def csv_bytes(table: pd.DataFrame) -> bytes:
    """``table`` as CSV (UTF-8 with a mark, so that spreadsheets read accents), safe against formulas."""
    return frame_csv(table, mark=True)


def parquet_bytes(table: pd.DataFrame) -> bytes:
    """``table`` as Parquet, values as they are."""
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()
