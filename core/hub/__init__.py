"""The Hugging Face hub: runs and generated features go there, and runs come from there.

The names are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.hub.contents import Parcel, run_parcel
    from core.hub.dataset import dataset_parcel, push_features
    from core.hub.names import HubId, hub_id
    from core.hub.pushing import Pushed, push_run, send

_HOME = {
    "HubId": "names",
    "Parcel": "contents",
    "Pushed": "pushing",
    "dataset_parcel": "dataset",
    "hub_id": "names",
    "push_features": "dataset",
    "push_run": "pushing",
    "run_parcel": "contents",
    "send": "pushing",
}

__all__ = [
    "HubId",
    "Parcel",
    "Pushed",
    "dataset_parcel",
    "hub_id",
    "push_features",
    "push_run",
    "run_parcel",
    "send",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
