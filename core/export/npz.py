"""Features as NumPy's ``.npz``, without a pickle: ``np.load(file, allow_pickle=False)`` reads all of it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import numpy as np

from core.export.features import Features, kind_of, numbers, texts

_TIME = (1980, 1, 1, 0, 0, 0)


def write_npz(target: Path | IO[bytes], features: Features) -> None:
    """Writes the arrays one after the other, each in pieces.

    The vectors under their names, (n, d) float32. Each group of columns, such as ``codes``, as (n, m) float32 with the
    names of its columns in ``code_names``. Every other column under its own name, (n,); text as Unicode, empty where
    there is none. ``metadata``: a JSON object as text. ``np.savez`` would need every array whole, and the text of a
    million rows twice.
    """
    grouped = {name for names in features.groups.values() for name in names}
    with zipfile.ZipFile(target, "w") as archive:
        for name, values in features.vectors.items():
            pieces = (np.ascontiguousarray(values[rows], dtype="<f4") for rows in features.pieces())
            _write(archive, name, np.dtype("<f4"), values.shape, pieces)
        for name in features.table.columns:
            if name not in grouped:
                _write_column(archive, features, str(name))
        for group, names in features.groups.items():
            pieces = (features.table[names].iloc[rows].to_numpy(dtype="<f4") for rows in features.pieces())
            _write(archive, group, np.dtype("<f4"), (len(features), len(names)), pieces)
            _write_text(archive, f"{group.removesuffix('s')}_names", names)
        said = {"rows": features.name, "description": features.description, **features.metadata}
        _write_text(archive, "metadata", json.dumps(said, ensure_ascii=False))


def _write_column(archive: zipfile.ZipFile, features: Features, name: str) -> None:
    column = features.table[name]
    kind = kind_of(column)
    if kind != "text":
        dtype = numbers(column.iloc[:0], kind).dtype
        pieces: Iterable[np.ndarray] = (numbers(column.iloc[rows], kind) for rows in features.pieces())
        _write(archive, name, dtype, (len(features),), pieces)
        return

    def words() -> Iterator[list[str]]:
        for rows in features.pieces():
            yield [text or "" for text in texts(column.iloc[rows])]

    longest = max((len(text) for piece in words() for text in piece), default=0)
    dtype = np.dtype(f"<U{max(1, longest)}")
    pieces = (np.asarray(piece, dtype=dtype) for piece in words())
    # Every text takes as much room as the longest: packed, that costs nothing.
    _write(archive, name, dtype, (len(features),), pieces, packed=True)


def _write_text(archive: zipfile.ZipFile, name: str, text: str | list[str]) -> None:
    array = np.asarray(text, dtype=str)
    _write(archive, name, array.dtype, array.shape, [array], packed=True)


def _write(
    archive: zipfile.ZipFile,
    name: str,
    dtype: np.dtype,
    shape: tuple[int, ...],
    pieces: Iterable[np.ndarray],
    *,
    packed: bool = False,
) -> None:
    entry = zipfile.ZipInfo(f"{name}.npy", _TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    entry.external_attr = 0o600 << 16
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    with archive.open(entry, "w", force_zip64=True) as file:
        np.lib.format.write_array_header_1_0(file, header)
        for piece in pieces:
            file.write(np.ascontiguousarray(piece, dtype=dtype).data.cast("B") if piece.size else b"")
