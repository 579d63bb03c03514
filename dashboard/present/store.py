"""What the Present page reads, and where its talk stands: the step, in the session and in the address."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import components, state

if TYPE_CHECKING:
    from core import LoadedRun
    from core.story import Story

KEY = "present"
STEP_PARAMETER = "step"
NOTES_PARAMETER = "notes"
_IN_ADDRESS = "present_step_in_address"


@dataclass(frozen=True)
class Place:
    """``seen`` is the number of the last step by hand that was heard: the browser goes on showing what is newer.
    ``token`` tells it when a place is another one."""

    run: str
    step: str
    seen: int = 0
    token: str = field(default_factory=lambda: secrets.token_hex(4))


def current(run_id: str, names: Sequence[str]) -> Place:
    """Where the talk stands. A link, or the browser's back and forward, leads elsewhere; another run keeps the step.

    The browser writes the address at each step, and Streamlit goes on telling the one that it was opened with: only
    what it tells anew is a wish.
    """
    held = st.session_state.get(KEY)
    asked = st.query_params.get(STEP_PARAMETER)
    moved = asked in names and asked != st.session_state.get(_IN_ADDRESS)
    st.session_state[_IN_ADDRESS] = asked
    if isinstance(held, Place) and held.run == run_id and not (moved and asked != held.step):
        return held
    step = asked if moved else held.step if isinstance(held, Place) and held.step in names else names[0]
    st.session_state[KEY] = place = Place(run_id, str(step))
    return place


def hear(event: dict[str, Any], names: Sequence[str]) -> None:
    """Follows a step by hand, unless it was heard before or is about another run."""
    held: Place = st.session_state[KEY]
    if components.is_new(event, held.run, held.seen) and event.get("step") in names:
        st.session_state[KEY] = replace(held, step=event["step"], seen=event["seq"])


def story_of(run: LoadedRun) -> Story:
    """The story of a run, told anew when a benchmark has come or the run's files have changed."""
    place = state.workspace()
    allowed = run.permissions
    files = state.stamp(place.benchmarks, "*/results.json") + state.stamp(run.path, "quality.json", "information.json")
    return _story(id(run), allowed.audio, allowed.transcripts, files, run)[1]


# The run is kept with the result: as long as an entry lives, no other object can have the id it is found by.
@st.cache_resource(max_entries=4, show_spinner="Telling the run")
def _story(key: int, audio: bool, transcripts: bool, files: state.Stamp, _run: LoadedRun) -> tuple[LoadedRun, Story]:
    from core.story import tell

    return _run, tell(_run, state.workspace())
