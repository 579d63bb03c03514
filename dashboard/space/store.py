"""What a session remembers of the Aligned space: the selection, the picked utterance, the part of the map shown."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from core import MirageError
from dashboard.components import is_new
from dashboard.space.colouring import Colouring, colouring
from dashboard.space.component import packed, places_pack, seen_view, unpacked, words_pack
from dashboard.space.points import GeneratedPoints, MapPoints, generated_points, map_points
from dashboard.space.search import alike, matches
from dashboard.space.selection import Selection, row_of_id

if TYPE_CHECKING:
    from core import LoadedRun

ID_PARAMETER = "id"
SELECTED_PARAMETER = "selected"
VIEW_PARAMETER = "view"
FIND_PARAMETER = "find"
MEANING_PARAMETER = "meaning"
FAULT = "space_search_fault"
"""Where the session state holds what was wrong with the last search."""
KEY = "space"
"""Where the session state holds it."""
_VIEW_ONLY = "space_view_only"
_GENERATED_SEED = 0
_ADDRESS_MOST = 1500
"""Letters of a selection that an address still holds: 9,000 utterances."""


@dataclass(frozen=True)
class SpaceState:
    """``view`` is the middle and the zoom of the map, None for the whole of it. ``seen`` is the number of the last
    event of the browser that was heard: the map goes on showing what is newer than that. ``token`` tells the browser
    when a state is another one."""

    run: str
    selection: Selection = field(default_factory=Selection)
    view: tuple[float, float, float] | None = None
    seen: int = 0
    token: str = field(default_factory=lambda: secrets.token_hex(4))


def current(run: LoadedRun, points: MapPoints) -> SpaceState:
    """The state for this run. A new run, or the first visit, starts from the address."""
    held = st.session_state.get(KEY)
    if isinstance(held, SpaceState) and held.run == run.id:
        return held
    asked = st.query_params
    picked = row_of_id(points, asked.get(ID_PARAMETER))
    rows = found(run, points, asked.get(FIND_PARAMETER, ""), asked.get(MEANING_PARAMETER) == "true")
    view = None
    if held is None:
        # Rows and places are those of the run that the address was made for: the first one of a session.
        rows = rows or unpacked(asked.get(SELECTED_PARAMETER, ""), len(points))
        view = _numbers(asked.get(VIEW_PARAMETER))
    fresh = SpaceState(run.id, Selection(rows, picked), view=view)
    st.session_state[KEY] = fresh
    return fresh


def found(run: LoadedRun, points: MapPoints, words: str, by_meaning: bool) -> tuple[int, ...]:
    """The rows that a search finds; what was wrong with it is kept to be shown."""
    st.session_state[FAULT] = ""
    if not run.permissions.transcripts:
        # What is found would tell the words: also of an address, and of a page drawn before the switch was changed.
        return ()
    if not by_meaning or run.t is None:
        return matches(points, words)
    try:
        return alike(run, words)
    except MirageError as error:
        st.session_state[FAULT] = str(error)
        return ()


def _numbers(text: str | None) -> tuple[float, float, float] | None:
    try:
        return seen_view({"view": [float(part) for part in (text or "").split(",")]})
    except ValueError:
        return None


def keep(state: SpaceState) -> None:
    """Stores the state; the address follows when the page is drawn."""
    st.session_state[KEY] = state


def look_at(view: tuple[float, float, float] | None) -> None:
    """Notes which part of the map the browser shows."""
    held: SpaceState = st.session_state[KEY]
    keep(replace(held, view=view))
    st.session_state[_VIEW_ONLY] = True


def select(rows: tuple[int, ...], *, picked: int | None = None) -> None:
    """Replaces the selection from outside the map."""
    held: SpaceState = st.session_state[KEY]
    keep(replace(held, selection=Selection(rows, picked)))


def hear(event: Mapping[str, Any]) -> bool:
    """Notes the number of a selection by hand; false where it was heard before, or is about another run."""
    held: SpaceState = st.session_state[KEY]
    if not is_new(event, held.run, held.seen):
        return False
    keep(replace(held, seen=event["seq"]))
    return True


def pick(row: int | None) -> None:
    """Picks one utterance and leaves the selection as it is."""
    held: SpaceState = st.session_state[KEY]
    keep(replace(held, selection=replace(held.selection, picked=row)))


def write_address(points: MapPoints, state: SpaceState, selection: Selection) -> None:
    """Keeps the picked utterance, the selection and the view in the address.

    What a search found is in the address as the search; of a selection too large for an address nothing is.
    """
    picked = None if selection.picked is None else str(points.table["utterance_id"].iat[selection.picked])
    _write(ID_PARAMETER, picked)
    searched = bool(st.query_params.get(FIND_PARAMETER))
    bits = "" if searched else packed(selection.rows, len(points))
    _write(SELECTED_PARAMETER, bits if 0 < len(bits) <= _ADDRESS_MOST else None)
    # A view that alone has changed the browser writes itself: for Streamlit each address is a page to go back to.
    if not st.session_state.pop(_VIEW_ONLY, False):
        _write(VIEW_PARAMETER, None if state.view is None else ",".join(f"{value:g}" for value in state.view))


def _write(name: str, value: str | None) -> None:
    if value is None:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != value:
        st.query_params[name] = value


def points_of(run: LoadedRun) -> MapPoints:
    """The map of a run, computed once for all sessions."""
    return _points(id(run), run.permissions.transcripts, run)[1]


def generated_of(run: LoadedRun, per_emotion: int) -> GeneratedPoints:
    """Generated features of a run on its map, computed once for all sessions."""
    return _generated(id(run), per_emotion, run)[1]


def packs_of(run: LoadedRun) -> tuple[tuple[str, bytes], tuple[str, bytes] | None]:
    """Places and words of the map of a run, made once for all sessions."""
    return _packs(id(run), run.permissions.transcripts, run)[1]


def coloured(run: LoadedRun, by: str, per_emotion: int) -> Colouring:
    """The colours of a run's map, computed once for all sessions."""
    return _coloured(id(run), by, per_emotion, run)[1]


# The run is kept with the result: as long as an entry lives, no other object can have the id it is found by.
@st.cache_resource(max_entries=4, show_spinner=False)
def _packs(key: int, readable: bool, _run: LoadedRun) -> tuple[LoadedRun, Any]:
    points = points_of(_run)
    return _run, (places_pack(points), words_pack(points))


@st.cache_resource(max_entries=16, show_spinner=False)
def _coloured(key: int, by: str, per_emotion: int, _run: LoadedRun) -> tuple[LoadedRun, Colouring]:
    generated = generated_of(_run, per_emotion) if per_emotion else None
    return _run, colouring(points_of(_run), by, generated)


@st.cache_resource(max_entries=4, show_spinner="Laying out the map")
def _points(key: int, readable: bool, _run: LoadedRun) -> tuple[LoadedRun, MapPoints]:
    return _run, map_points(_run)


@st.cache_resource(max_entries=8, show_spinner="Generating")
def _generated(key: int, per_emotion: int, _run: LoadedRun) -> tuple[LoadedRun, GeneratedPoints]:
    return _run, generated_points(_run, per_emotion, _GENERATED_SEED)
