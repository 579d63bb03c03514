"""What a session remembers of the Aligned space: the selection, the picked utterance, the part of the map shown."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard.space.points import GeneratedPoints, MapPoints, frame_of, generated_points, map_points
from dashboard.space.search import matches
from dashboard.space.selection import Selection, row_of_id

if TYPE_CHECKING:
    from core import LoadedRun

ID_PARAMETER = "id"
FIND_PARAMETER = "find"
KEY = "space"
"""Where the session state holds it."""
_GENERATED_SEED = 0


@dataclass(frozen=True)
class SpaceState:
    """``chart`` counts the charts that were started anew, which is how drawn areas are cleared from outside."""

    run: str
    selection: Selection = field(default_factory=Selection)
    frame: tuple[float, float, float, float] | None = None
    chart: int = 0

    @property
    def chart_key(self) -> str:
        return f"space_map_{self.chart}"


def current(run_id: str, points: MapPoints) -> SpaceState:
    """The state for this run. A new run, or the first visit, starts from the address (``?id=``, ``?find=``)."""
    held = st.session_state.get(KEY)
    if isinstance(held, SpaceState) and held.run == run_id:
        return held
    picked = row_of_id(points, st.query_params.get(ID_PARAMETER))
    chart = held.chart + 1 if isinstance(held, SpaceState) else 0
    found = matches(points, st.query_params.get(FIND_PARAMETER, ""))
    fresh = SpaceState(run_id, Selection(found, picked), chart=chart)
    st.session_state[KEY] = fresh
    return fresh


def keep(state: SpaceState) -> None:
    """Stores the state; the address follows when the page is drawn."""
    st.session_state[KEY] = state


def select(rows: tuple[int, ...], *, picked: int | None = None) -> None:
    """Replaces the selection from outside the map: what was drawn on it goes."""
    held: SpaceState = st.session_state[KEY]
    keep(replace(held, selection=Selection(rows, picked), chart=held.chart + 1))


def pick(row: int | None) -> None:
    """Picks one utterance and leaves the selection as it is."""
    held: SpaceState = st.session_state[KEY]
    keep(replace(held, selection=replace(held.selection, picked=row)))


def zoom(points: MapPoints, rows: tuple[int, ...]) -> None:
    """Shows the part of the map that holds ``rows``; the whole map where there are none."""
    held: SpaceState = st.session_state[KEY]
    chosen = list(rows)
    places = np.concatenate([points.audio[chosen], points.text[chosen]])
    places = places[np.isfinite(places).all(axis=1)]
    keep(replace(held, frame=frame_of(places) if len(places) else None))


def write_address(points: MapPoints, selection: Selection) -> None:
    """Keeps the picked utterance in the address as ``?id=``."""
    wanted = None if selection.picked is None else str(points.table["utterance_id"].iat[selection.picked])
    if wanted is None:
        st.query_params.pop(ID_PARAMETER, None)
    elif st.query_params.get(ID_PARAMETER) != wanted:
        st.query_params[ID_PARAMETER] = wanted


def points_of(run: LoadedRun) -> MapPoints:
    """The map of a run, computed once for all sessions."""
    return _points(id(run), run)[1]


def generated_of(run: LoadedRun, per_emotion: int) -> GeneratedPoints:
    """Generated features of a run on its map, computed once for all sessions."""
    return _generated(id(run), per_emotion, run)[1]


# The run is kept with the result: as long as an entry lives, no other object can have the id it is found by.
@st.cache_resource(max_entries=4, show_spinner="Laying out the map")
def _points(key: int, _run: LoadedRun) -> tuple[LoadedRun, MapPoints]:
    return _run, map_points(_run)


@st.cache_resource(max_entries=8, show_spinner="Generating")
def _generated(key: int, per_emotion: int, _run: LoadedRun) -> tuple[LoadedRun, GeneratedPoints]:
    return _run, generated_points(_run, per_emotion, _GENERATED_SEED)
