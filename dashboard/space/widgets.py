"""Widgets that show a state which other widgets change too.

Setting a live widget's value from the script would race with the person: a slider that is still moving is thrown back,
and what the browser last knew of a twin (slider and number box) comes back as if it had been typed. So no live widget
is ever set. A widget whose state was changed by something else gets a new key, and with it the new value.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

_SHOWN = "widgets_shown"
SAME = object()
"""What ``taken`` gives where nobody moved the widget."""


def key_for(name: str, value: Any) -> str:
    """The key of the widget ``name``, which shows ``value``. Call it just before the widget is made.

    The key is ``name`` at first and ``name-2``, ``name-3`` ... after changes from elsewhere.
    """
    shown: dict[str, tuple[int, Any]] = st.session_state.setdefault(_SHOWN, {})
    version, held = shown.get(name, (1, value))
    if not alike(held, value):
        version += 1
    shown[name] = (version, value)
    key = name if version == 1 else f"{name}-{version}"
    if key not in st.session_state:
        st.session_state[key] = value
    return key


def current_key(name: str) -> str:
    """The key that the widget ``name`` has now."""
    version, _ = st.session_state.get(_SHOWN, {}).get(name, (1, None))
    return name if version == 1 else f"{name}-{version}"


def taken(name: str) -> Any:
    """In a callback: the value to which a person has set the widget ``name``, or ``SAME``. It keeps its key.

    A widget that was made while the person moved another one calls back too, with the value it was made with.
    """
    value = st.session_state[current_key(name)]
    shown: dict[str, tuple[int, Any]] = st.session_state[_SHOWN]
    version, held = shown[name]
    if alike(held, value):
        return SAME
    shown[name] = (version, value)
    return value


def alike(one: Any, other: Any) -> bool:
    """Whether two values look the same: a browser's 0.1 is a hair off ours.

    >>> alike(0.1, 0.10000000000000009), alike(1, 2), alike(None, 0)
    (True, False, False)
    """
    if isinstance(one, float | int) and isinstance(other, float | int):
        return abs(one - other) < 1e-6
    return bool(one == other)
