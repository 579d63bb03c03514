"""MIRAGE - Mutual-Information-Regularised Affective GEneration.

The public names are loaded when they are first used: importing ``core`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.config import Config, load_config
    from core.corpora import Corpus, load_corpus
    from core.encoders import Embeddings
    from core.errors import BadInputError, FailureError, MirageError
    from core.runs import LoadedRun, load_run, train
    from core.workspace import Workspace

__version__ = "0.1.0"

_HOME = {
    "BadInputError": "core.errors",
    "Config": "core.config",
    "Corpus": "core.corpora",
    "Embeddings": "core.encoders",
    "FailureError": "core.errors",
    "LoadedRun": "core.runs",
    "MirageError": "core.errors",
    "Workspace": "core.workspace",
    "load_config": "core.config",
    "load_corpus": "core.corpora",
    "load_run": "core.runs",
    "train": "core.runs",
}

__all__ = [
    "BadInputError",
    "Config",
    "Corpus",
    "Embeddings",
    "FailureError",
    "LoadedRun",
    "MirageError",
    "Workspace",
    "__version__",
    "load_config",
    "load_corpus",
    "load_run",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'core' has no attribute {name!r}")
