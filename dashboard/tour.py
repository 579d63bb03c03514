"""The guided tour: where it stops and what it says there; once by itself, and whenever somebody asks for it.

It begins by itself for who comes to the bare address for the first time with this browser, which remembers that. With
``MIRAGE_TOUR=off`` (a screen in a hall, a test) it never does; its button in the sidebar stays.
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import streamlit as st

from dashboard import components, navigation, state

VARIABLE = "MIRAGE_TOUR"
_BARE, _ASKED = "tour_bare", "tour_asked"

_component = st.components.v2.component("mirage_tour", js=components.whole_script("tour"))

FIRST = (
    (
        "navigation",
        "Welcome to MIRAGE",
        "Every page is here, in the order of the work: prepare, explore, results. This tour takes a minute; the arrow "
        "keys move it, Escape ends it.",
    ),
    (
        "run",
        "One run, on every page",
        "A run is one training with all that came of it. What you choose here is what the other pages show, and it is "
        "part of the address: a link opens the same.",
    ),
)
PAGES = {
    "train": "Start a training from a form that explains each setting, and watch it. It goes on when this page or the "
    "server is closed.",
    "jobs": "What waits, works or has ended, of everybody who uses this workspace: stop, resume, delete, undo.",
    "aligned_space": "All utterances on one map, by sound and by words. Click a point to hear it, draw a lasso to "
    "select many.",
    "latent_lab": "Drag an emotion or a latent code: what the generator makes of it moves under your finger.",
    "benchmark": "What the generated features gain in recognising speakers nobody trained on, with intervals, and a "
    "verdict that says so when there is none.",
    "present": "The same as a talk: step by step in full screen, with speaker notes and these live figures.",
}


def arrive(url_path: str) -> None:
    """Notes, when a session begins, whether its person came to the bare address; before anything writes to it."""
    if _BARE in st.session_state:
        return
    named = urlsplit(st.context.url or "").path.rstrip("/").rpartition("/")[2]
    by_name = any(named == page.name for page in navigation.PAGES)
    # Streamlit keeps ``?embed=true`` to itself: in a frame of another page nobody asked for a tour.
    st.session_state[_BARE] = not (url_path or by_name or st.query_params or st.context.is_embedded)


def show() -> None:
    """In the sidebar: the button, and for who may want it the tour."""
    st.button(
        "Guided tour",
        icon=":material/explore:",
        type="tertiary",
        key="tour",
        on_click=_ask,
        help="What each page is for, in a minute.",
    )
    asked = st.session_state.get(_ASKED, 0)
    auto = bool(st.session_state.get(_BARE)) and not is_off()
    if asked or auto:
        _component(
            key="mirage_tour", data={"stops": stops(has_runs=bool(state.run_ids())), "asked": asked, "auto": auto}
        )


def stops(*, has_runs: bool) -> list[dict[str, str]]:
    """The stops in the order of the navigation; a page that is not installed has none, nor a selector without runs."""
    found = [{"name": name, "title": title, "text": text} for name, title, text in FIRST if name != "run" or has_runs]
    for page in navigation.available():
        if page.name in PAGES:
            found.append({"name": page.name, "title": page.title, "text": PAGES[page.name]})
    return found


def is_off() -> bool:
    """Whether it may not begin by itself."""
    return os.environ.get(VARIABLE, "").strip().lower() in ("off", "0", "no", "false")


def _ask() -> None:
    st.session_state[_ASKED] = st.session_state.get(_ASKED, 0) + 1
