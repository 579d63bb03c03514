"""Memory of the server: few heaps, and what sessions held is given back when they have gone.

Streamlit keeps a session for two minutes after its tab is closed, for a browser that comes back. It lets go of it when
the next one is closed, so that after the last one all of them would stay.
"""

from __future__ import annotations

import ctypes
import gc
import threading
import time
from contextlib import suppress

import streamlit as st
from streamlit import runtime

EVERY = 5.0
"""Seconds between two looks at the sessions."""
_ARENA_MAX = -8
"""M_ARENA_MAX of glibc's mallopt."""
_ARENAS = 2


def few_arenas() -> None:
    """Makes glibc share its heaps among threads; call it before there are any.

    Every run of a page is a thread of its own, and glibc gives them eight heaps for each core, which keep what is free
    in them: with 20 sessions half of the server's memory. Elsewhere nothing is done.
    """
    with suppress(Exception):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, _ARENAS)


@st.cache_resource(max_entries=1, show_spinner=False)
def start() -> threading.Thread:
    """Starts looking after the sessions, once for the server, in the background."""
    thread = threading.Thread(
        target=_look_after,
        args=(runtime.get_instance() if runtime.exists() else None,),
        name="mirage-housekeeping",
        daemon=True,
    )
    thread.start()
    return thread


def _look_after(server: object) -> None:
    if not isinstance(server, runtime.Runtime):
        return  # a test of one page without a server
    # No public name leads to the stored sessions: with a Streamlit that keeps them elsewhere nothing is done.
    try:
        manager = server._session_mgr
        stored = manager._session_storage._cache  # type: ignore[attr-defined]
        loop = server._get_async_objs().eventloop
        before = _count(manager, stored)
    except (AttributeError, RuntimeError):
        return
    while not loop.is_closed():
        time.sleep(EVERY)
        with suppress(RuntimeError):  # the server stops
            loop.call_soon_threadsafe(stored.expire)
        now = _count(manager, stored)
        if now < before:
            _give_back()
        before = now


def _count(manager: object, stored: object) -> int:
    return manager.num_active_sessions() + len(stored._data)  # type: ignore[attr-defined]


def _give_back() -> None:
    gc.collect()
    with suppress(Exception):  # glibc
        ctypes.CDLL(None).malloc_trim(0)
