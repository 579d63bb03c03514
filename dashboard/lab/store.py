"""What a session remembers of the lab: controls, the way back, where the points were, the tray."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.lab import controls as logic
from dashboard.lab.controls import Controls
from dashboard.lab.export import ADDRESS
from dashboard.lab.map_figure import base_frame
from dashboard.lab.tray import Kept
from dashboard.space.store import points_of

if TYPE_CHECKING:
    from core import LoadedRun

_KEY = "lab_state"
_TRAY = "lab_tray"


@dataclass(frozen=True, eq=False)
class LabState:
    """``history`` holds earlier controls, newest last. ``before`` and ``places`` are the stars' places (n, 2) before
    and after the last change, for the trails; ``made`` is the address of the controls that ``places`` belong to."""

    run: str
    controls: Controls
    history: tuple[Controls, ...] = ()
    before: np.ndarray | None = None
    places: np.ndarray | None = None
    made: str = ""


def current(run: LoadedRun) -> LabState:
    """The state for this run. A new run, or the first visit, starts from the address (``?lab=``)."""
    held = st.session_state.get(_KEY)
    if isinstance(held, LabState) and held.run == run.id:
        return held
    start = logic.initial(run.classes, len(run.code_names))
    asked = st.query_params.get(ADDRESS) if held is None else None
    usable = run.has_text if run.mode == "text" else np.zeros(len(run.utterances), dtype=bool)
    state = LabState(run.id, logic.from_address(asked, start, run.classes, usable.tolist()))
    st.session_state[_KEY] = state
    return state


def change(make: Callable[[Controls], Controls]) -> None:
    """Replaces the controls and remembers the old ones; no change is not remembered."""
    held: LabState = st.session_state[_KEY]
    after = make(held.controls)
    if after != held.controls:
        history = (*held.history, held.controls)[-logic.HISTORY :]
        st.session_state[_KEY] = replace(held, controls=after, history=history)


def undo() -> None:
    """Goes back one change."""
    held: LabState = st.session_state[_KEY]
    if held.history:
        st.session_state[_KEY] = replace(held, controls=held.history[-1], history=held.history[:-1])


def set_places(places: np.ndarray) -> np.ndarray | None:
    """Notes where the stars are now, and gives where they were before the last change."""
    held: LabState = st.session_state[_KEY]
    made = logic.to_address(replace(held.controls, sample=0, strip=0))
    if made != held.made:
        held = replace(held, before=held.places, places=places, made=made)
        st.session_state[_KEY] = held
    return held.before


def write_address(controls: Controls) -> None:
    """Keeps the controls in the address as ``?lab=``."""
    value = logic.to_address(controls)
    if st.query_params.get(ADDRESS) != value:
        st.query_params[ADDRESS] = value


def tray() -> tuple[Kept, ...]:
    """The kept samples of this session."""
    return st.session_state.get(_TRAY, ())


def set_tray(kept: tuple[Kept, ...]) -> None:
    """Replaces the tray."""
    st.session_state[_TRAY] = kept


def base_of(run: LoadedRun) -> pd.DataFrame:
    """The muted points behind the generated ones, made once for all sessions."""
    return _base(id(run), run)[1]


# The run is kept with the result: as long as an entry lives, no other object can have the id it is found by.
@st.cache_resource(max_entries=4, show_spinner=False)
def _base(key: int, _run: LoadedRun) -> tuple[Any, pd.DataFrame]:
    return _run, base_frame(points_of(_run))
