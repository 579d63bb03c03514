"""Imports what the later pages need while the person reads the first one."""

from __future__ import annotations

import gc
import importlib
import threading
import time
from contextlib import suppress

import streamlit as st

import core

# In the order in which pages need them: Plotly draws only the clip of an utterance. The first page needs none of these.
MODULES = ("core.corpora", "torch", "plotly.graph_objects")
_DELAY = 1.5  # seconds: the first page's own work comes first on a small machine


@st.cache_resource(max_entries=1, show_spinner=False)
def start() -> threading.Thread:
    """Starts the imports once for the server, in the background."""
    thread = threading.Thread(target=_import_all, name="mirage-warmup", daemon=True)
    thread.start()
    return thread


def _import_all() -> None:
    time.sleep(_DELAY)
    for name in MODULES:
        try:
            importlib.import_module(name)
        except Exception:
            # The page that needs it will say what is wrong; warming up must never disturb anybody.
            continue
    # The name, not the package: the engine loads its parts when they are first used.
    with suppress(Exception):
        getattr(core, "load_run")  # noqa: B009
    # The libraries' half a million objects stay for good: the collector, which stops every session while it works,
    # need not go through them again.
    gc.collect()
    gc.freeze()
