"""What leaves MIRAGE for other programs: features as files, networks as ONNX, measured values for trackers.

The names are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.export.features import Features
    from core.export.files import FORMATS, features_bytes, format_of, has_audformat, write_features
    from core.export.following import Followed, follow_events
    from core.export.networks import Exported, exported_networks
    from core.export.onnx_files import write_onnx

_HOME = {
    "FORMATS": "files",
    "Exported": "networks",
    "Features": "features",
    "Followed": "following",
    "exported_networks": "networks",
    "features_bytes": "files",
    "follow_events": "following",
    "format_of": "files",
    "has_audformat": "files",
    "write_features": "files",
    "write_onnx": "onnx_files",
}

__all__ = [
    "FORMATS",
    "Exported",
    "Features",
    "Followed",
    "exported_networks",
    "features_bytes",
    "follow_events",
    "format_of",
    "has_audformat",
    "write_features",
    "write_onnx",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
