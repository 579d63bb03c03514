"""Cards: what is told of a run, or of features that it generated, where these are published.

Everything comes from ``core.story``, as in the report. The names are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.cards.dataset import Generated, data_files, dataset_card
    from core.cards.model import model_card

_HOME = {"Generated": "dataset", "data_files": "dataset", "dataset_card": "dataset", "model_card": "model"}

__all__ = ["Generated", "data_files", "dataset_card", "model_card"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
