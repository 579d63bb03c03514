"""Features into a file or a folder: the ending of the name says which form."""

from __future__ import annotations

import io
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

from core.errors import BadInputError
from core.export.database import HEADER, write_database
from core.export.features import Features
from core.export.npz import write_npz
from core.export.parquet import write_parquet
from core.files import atomic_directory, atomic_path

FORMATS = ("parquet", "npz", "audformat")
"""``parquet`` and ``npz`` are files, ``audformat`` is a folder; so are the endings of their names."""


def format_of(path: Path, wanted: str | None = None) -> str:
    """One of ``FORMATS``: the one that is wanted, else the one that the name's ending says.

    Raises:
        BadInputError: there is no such form, or the ending says none.
    """
    chosen = wanted or path.suffix.lower().removeprefix(".")
    if chosen in FORMATS:
        return chosen
    if wanted:
        raise BadInputError(f"{wanted}: features are written as one of {', '.join(FORMATS)}; choose one of these")
    raise BadInputError(
        f"{path}: says no form; give a name that ends in .parquet, .npz or .audformat (a folder), or --format"
    )


def write_features(path: str | Path, features: Features, wanted: str | None = None) -> Path:
    """Writes ``features`` complete or not at all; what was written there before is replaced.

    Returns:
        Where they are, as an absolute path.

    Raises:
        BadInputError: no form is said; another folder is in the way; audformat is not installed.
        FailureError: the disk is full or the folder cannot be written.
    """
    path = Path(path)
    form = format_of(path, wanted)
    path = path.expanduser().absolute()
    if form == "audformat":
        refuse_other_content(path, (HEADER, "db.*.parquet"), "a database of features")
        with atomic_directory(path) as folder:
            write_database(folder, features)
        return path
    with atomic_path(path) as temporary:
        if form == "npz":
            with temporary.open("wb") as file:
                write_npz(file, features)
        else:
            write_parquet(temporary, features)
    return path


def features_bytes(features: Features, form: str) -> bytes:
    """What ``write_features`` writes, for a download; the folder of ``audformat`` as a zip of the same name."""
    if form == "npz":
        buffer = io.BytesIO()
        write_npz(buffer, features)
        return buffer.getvalue()
    with tempfile.TemporaryDirectory() as scratch:
        target = write_features(Path(scratch) / features.name, features, form)
        if form == "parquet":
            return target.read_bytes()
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(target.iterdir()):
                archive.write(file, f"{features.name}/{file.name}")
        return buffer.getvalue()


def has_audformat() -> bool:
    """Whether the package that databases are written with is installed."""
    return find_spec("audformat") is not None


def refuse_other_content(path: Path, allowed: tuple[str, ...], what: str) -> None:
    """Raises BadInputError where a folder holds anything but files of these patterns: it is replaced as a whole."""
    if path.is_file():
        raise BadInputError(f"{path}: cannot be written: {what} is a folder, and a file is there; give another name")
    if path.is_dir():
        other = [entry.name for entry in path.iterdir() if not any(entry.match(pattern) for pattern in allowed)]
        if other:
            raise BadInputError(
                f"{path}: holds {min(other)!r}, which is no part of {what}, and would be replaced; give another name"
            )
