"""Rows of features as the writers take them: columns of single values, and vectors beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

PIECE = 65_536
"""Rows that a writer turns into bytes at a time."""


@dataclass(frozen=True, eq=False)
class Features:
    """n rows of features with everything that is known of them.

    Attributes:
        name: what the rows are, in one word: ``generated``, ``samples``, ``utterances``.
        description: one or two sentences for whoever gets the file.
        table: n rows of single values: text (or None), numbers, truth values.
        vectors: name to (n, d) float32.
        metadata: JSON values: run, seed, mode, classes and the like.
        groups: columns of ``table`` that belong side by side, such as ``{"codes": ["u1", "u2"]}``.
        labels: columns that hold one of a fixed set of values, and the set.
    """

    name: str
    description: str
    table: pd.DataFrame
    vectors: dict[str, np.ndarray]
    metadata: dict[str, Any]
    groups: dict[str, list[str]] = field(default_factory=dict)
    labels: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        wrong = [name for name, rows in self.vectors.items() if rows.ndim != 2 or len(rows) != len(self.table)]
        if wrong:
            raise ValueError(f"{wrong[0]}: not a vector for each of {len(self.table)} rows")

    def __len__(self) -> int:
        return len(self.table)

    def pieces(self) -> Iterator[slice]:
        """The rows in pieces that are small beside all of them; one empty piece where there are none."""
        for start in range(0, max(1, len(self)), PIECE):
            yield slice(start, min(start + PIECE, len(self)))


def kind_of(column: pd.Series) -> str:
    """``text``, ``bool``, ``int``, ``float32`` or ``float64``: what a column is written as.

    Whole numbers with gaps are floats: not every format can leave one out.
    """
    if types.is_bool_dtype(column.dtype):
        return "bool"
    if types.is_integer_dtype(column.dtype):
        return "float64" if column.hasnans else "int"
    if types.is_float_dtype(column.dtype):
        return "float32" if column.dtype == np.float32 else "float64"
    return "text"


def texts(column: pd.Series) -> list[str | None]:
    """The values of a column of text; None where there is none."""
    values = column.astype(object)
    return [None if missing else str(value) for value, missing in zip(values, values.isna(), strict=True)]


def numbers(column: pd.Series, kind: str) -> np.ndarray:
    """The values of a column of any other kind."""
    dtype = {"bool": np.bool_, "int": np.int64}.get(kind) or np.dtype(kind)
    return column.to_numpy(dtype=dtype, na_value=np.nan) if kind.startswith("float") else column.to_numpy(dtype=dtype)
