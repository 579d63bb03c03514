"""A selector whose choice is part of the page's address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st


def ask_for(key: str, value: str) -> None:
    """Chooses a value of ``selector``. Inside a callback it holds at once, elsewhere from the next run on."""
    st.session_state[f"next_{key}"] = value


def selector(
    label: str, options: list[str], *, key: str, default: Callable[[], str], missing: str, **widget: Any
) -> str:
    """A select box whose choice is ``?key=`` in the address; links and the browser's back and forward choose too.

    Not the widget's own binding to the address: that leaves a default value out of it, and the default changes.

    Args:
        options: not empty. default: gives what is chosen at the first visit.
        missing: said where a link asks for another.
        widget: of ``st.selectbox``.
    """
    asked = st.query_params.get(key)
    following = st.session_state.pop(f"next_{key}", None)
    held = st.session_state.get(key)
    if following in options:
        chosen = following
    elif asked in options and asked != st.session_state.get(f"{key}_in_url"):
        chosen = asked  # a link, or the browser's back and forward
    else:
        chosen = held if held in options else default()
    st.session_state[key] = chosen
    chosen = st.selectbox(label, options, key=key, **widget)
    if asked is not None and asked not in options:
        st.caption(missing)
    if asked != chosen:
        st.query_params[key] = chosen
    st.session_state[f"{key}_in_url"] = chosen
    return chosen
