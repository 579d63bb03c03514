"""The corpora MIRAGE can read, by name."""

from __future__ import annotations

from core.corpora.drafts import Loader
from core.corpora.loaders import demo, emodb, folder, ravdess

LOADERS: dict[str, Loader] = {
    loader.name: loader for loader in (demo.LOADER, emodb.LOADER, ravdess.LOADER, folder.LOADER)
}

__all__ = ["LOADERS"]
