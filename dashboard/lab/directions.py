"""Directions among the latent codes that a person has named, kept for the session and for each run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard.components import numbers

MOST = 12
_NAME = 30
_KEY = "lab_directions"

Direction = tuple[str, tuple[float, ...]]
"""A name and a vector of length 1, one part for each code."""


def held(run_id: str) -> tuple[Direction, ...]:
    """The named directions of a run."""
    return st.session_state.get(_KEY, {}).get(run_id, ())


def keep(run_id: str, event: Mapping[str, Any], codes: int) -> None:
    """Keeps the direction in which the browser's codes point under the browser's name; a taken name is replaced."""
    made = direction(event, codes)
    if made is None:
        return
    others = tuple(one for one in held(run_id) if one[0] != made[0])
    _set(run_id, (*others, made)[-MOST:])


def forget(run_id: str, event: Mapping[str, Any]) -> None:
    """Forgets the direction of the browser's name."""
    _set(run_id, tuple(one for one in held(run_id) if one[0] != event.get("name")))


def direction(event: Mapping[str, Any], codes: int) -> Direction | None:
    """Name and direction of an event; None where it has no name or no direction.

    >>> direction({"name": " warm ", "codes": [3, -4]}, 2)
    ('warm', (0.6, -0.8))
    >>> direction({"name": "x", "codes": [0, 0]}, 2) is None
    True
    """
    name, values = event.get("name"), numbers(event.get("codes"))
    if not isinstance(name, str) or not name.strip() or values is None or len(values) != codes:
        return None
    length = math.hypot(*values)
    if not 1e-6 < length < 1e6:
        return None
    return name.strip()[:_NAME], tuple(round(value / length, 6) for value in values)


def _set(run_id: str, made: tuple[Direction, ...]) -> None:
    st.session_state[_KEY] = {**st.session_state.get(_KEY, {}), run_id: made}
