"""The workspace: where corpora, embeddings, runs and benchmarks live."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.errors import BadInputError

RUN_FILES = ("*.json", "*.jsonl", "*.yaml", "*.parquet", "*.safetensors")
"""Kinds of files that a run consists of: these are fetched or copied with it, nothing else."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}")


def is_name(name: str) -> bool:
    """Whether ``name`` can be a file name everywhere; see ``check_name``."""
    return _NAME.fullmatch(name) is not None and not name.endswith(".tmp")


def check_name(name: str, what: str) -> str:
    """Returns ``name`` if it can be a file name everywhere.

    Raises:
        BadInputError: ``name`` is empty, too long, or holds a separator or anything but letters, digits and ._@+-

    >>> check_name("my-run", "run")
    'my-run'
    >>> check_name("../x", "run")
    Traceback (most recent call last):
    core.errors.BadInputError: '../x' cannot name a run: use letters, digits and . _ @ + - (at most 128)
    """
    if not is_name(name):
        raise BadInputError(f"{name!r} cannot name a {what}: use letters, digits and . _ @ + - (at most 128)")
    return name


@dataclass(frozen=True)
class Workspace:
    """The folders of one workspace. ``Workspace()`` is the one of ``MIRAGE_HOME``, by default ``./workspace``."""

    root: Path

    def __init__(self, root: str | Path | None = None) -> None:
        chosen = root if root is not None else os.environ.get("MIRAGE_HOME") or "workspace"
        object.__setattr__(self, "root", Path(chosen).expanduser().absolute())

    @property
    def corpora(self) -> Path:
        return self.root / "corpora"

    @property
    def embeddings(self) -> Path:
        return self.root / "embeddings"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def benchmarks(self) -> Path:
        return self.root / "benchmarks"

    def corpus_file(self, name: str) -> Path:
        """The utterance table of corpus ``name``, there or not."""
        return self.corpora / f"{check_name(name, 'corpus')}.parquet"

    def embeddings_folder(self, corpus: str, encoder: str | None = None) -> Path:
        """The embedding stores of ``corpus``, or the one made by ``encoder``."""
        folder = self.embeddings / check_name(corpus, "corpus")
        return folder if encoder is None else folder / check_name(encoder, "store of embeddings")

    def run_folder(self, run_id: str) -> Path:
        """The folder of run ``run_id``, there or not."""
        return self.runs / check_name(run_id, "run")

    def corpus_names(self) -> list[str]:
        """The ingested corpora, sorted; a file whose name no corpus can have is none."""
        return sorted(path.stem for path in self.corpora.glob("*.parquet") if is_name(path.stem))

    def encoder_names(self, corpus: str) -> list[str]:
        """The embedding stores of ``corpus``, sorted."""
        names = (path.parent.name for path in self.embeddings_folder(corpus).glob("*/meta.json"))
        return sorted(name for name in names if is_name(name))

    def run_ids(self) -> list[str]:
        """The runs, newest first."""
        found = []
        for path in self.runs.glob("*/state.json"):
            # Somebody may delete one meanwhile.
            with suppress(FileNotFoundError, NotADirectoryError):
                if is_name(path.parent.name):
                    found.append((path.parent.stat().st_mtime, path.parent.name))
        return [name for _, name in sorted(found, reverse=True)]
