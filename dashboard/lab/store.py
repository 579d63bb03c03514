"""What a session remembers of the lab: controls, the way back, where the points were, the tray."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from dashboard.components import is_new
from dashboard.lab import controls as logic
from dashboard.lab.component import LabPack, lab_pack
from dashboard.lab.controls import Controls
from dashboard.lab.export import ADDRESS
from dashboard.lab.tray import Kept
from dashboard.space.store import points_of

if TYPE_CHECKING:
    from core import LoadedRun

_KEY = "lab_state"
_TRAY = "lab_tray"


@dataclass(frozen=True, eq=False)
class LabState:
    """``history`` holds earlier controls, newest last. ``seen`` is the number of the last event of the browser that was
    heard: the component goes on showing what is newer than that. ``token`` tells the browser when a state is another
    one."""

    run: str
    controls: Controls
    history: tuple[Controls, ...] = ()
    seen: int = 0
    token: str = field(default_factory=lambda: secrets.token_hex(4))


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


def hear(event: Mapping[str, Any]) -> bool:
    """Notes the number of an event of the browser; false where it was heard before, or is about another run."""
    held: LabState = st.session_state[_KEY]
    if not is_new(event, held.run, held.seen):
        return False
    st.session_state[_KEY] = replace(held, seen=event["seq"])
    return True


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


def pack_of(run: LoadedRun) -> LabPack:
    """What the browser needs of a run, made once for all sessions."""
    return _pack(id(run), run)[1]


# The run is kept with the result: as long as an entry lives, no other object can have the id it is found by.
@st.cache_resource(max_entries=4, show_spinner="Packing the networks")
def _pack(key: int, _run: LoadedRun) -> tuple[LoadedRun, LabPack]:
    return _run, lab_pack(_run, points_of(_run))
