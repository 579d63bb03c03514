"""What a loader hands to ``ingest``: utterances whose audio has not been looked at yet."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.corpora.audio import EXTENSIONS
from core.corpora.problems import Problem, printable
from core.errors import BadInputError


@dataclass(frozen=True, slots=True)
class Row:
    """One utterance: values by column name, and where it was read (a file, and a row of it where it is a table)."""

    values: dict[str, Any]
    file: str
    number: int | None = None


@dataclass(frozen=True)
class Draft:
    """All utterances a loader found, what it had to leave out, and remarks for the user."""

    root: Path
    rows: list[Row]
    problems: list[Problem] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    scales: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Loader:
    """One kind of corpus.

    Attributes:
        name: as given to ``mirage ingest``.
        read: reads the folder; keyword options as in ``options``.
        audio_allowed, transcript_allowed: whether clips may be played and transcripts shown to people (kept in the
            corpus's metadata, see ``core.corpora.permissions``).
        named_by_folder: whether a corpus is called like its folder, not like the loader, where no name is given.
        home: the folder where no path is given, or None where a path is needed.
    """

    name: str
    title: str
    description: str
    licence: str
    layout: str
    read: Callable[..., Draft]
    options: tuple[str, ...] = ()
    audio_allowed: bool = True
    transcript_allowed: bool = True
    named_by_folder: bool = False
    home: Callable[[], Path] | None = None


def check_folder(root: Path) -> Path:
    """``root`` made absolute.

    Raises:
        BadInputError: it is missing, no folder, or cannot be opened.
    """
    shown = printable(str(root))
    try:
        if not root.exists():
            raise BadInputError(f"{shown}: no such folder")
        if not root.is_dir():
            raise BadInputError(f"{shown}: is not a folder; give the folder that holds the corpus")
        return root.resolve()
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadInputError(f"{shown}: cannot be opened ({reason})") from None


def audio_files(root: Path, depth: int = 3, *, extensions: Collection[str] = EXTENSIONS) -> Iterator[str]:
    """Audio files up to ``depth`` folders down, by extension, as sorted paths relative to ``root`` with ``/``.

    Hidden files are passed over: copies made on a Mac are full of ``._name.wav`` that are no audio.
    """
    for folder, folders, files in os.walk(root):
        relative = Path(folder).relative_to(root)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if len(relative.parts) >= depth:
            folders.clear()
        prefix = "" if relative == Path() else relative.as_posix() + "/"
        for name in sorted(files):
            if not name.startswith(".") and os.path.splitext(name)[1].lower() in extensions:  # noqa: PTH122
                yield prefix + name
