"""What the Information page shows and how: runs, baseline, axis, smoothing, part of the axis. All of it is in the
address, so that a link opens the same figures."""

from __future__ import annotations

import math
from dataclasses import dataclass

import streamlit as st

from core import MirageError
from dashboard import curve_axes, palette, state
from dashboard.curve_axes import WHOLE, Window

COMPARE, BASELINE, AXIS, SMOOTHING, FROM, TO = "compare", "baseline", "axis", "smoothing", "from", "to"
"""Keys of the controls, and their names in the address."""
ZOOM_TO = "mi_zoom_to"
"""Where the part of the axis that was marked in a figure waits for the next run of the page."""


@dataclass(frozen=True)
class Look:
    """How curves are drawn."""

    axis: str = curve_axes.STEP
    weight: float = 0.6
    window: Window = WHOLE


def choose_runs(selected: str) -> tuple[list[str], str | None]:
    """The runs to draw, the selected one first, and the pinned baseline or None."""
    others = [run_id for run_id in state.run_ids() if run_id != selected]
    _forget_all_but(COMPARE, others)
    _forget_all_but(BASELINE, state.run_ids())
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        chosen = st.multiselect(
            "Compare with",
            others,
            key=COMPARE,
            bind="query-params",
            max_selections=len(palette.CATEGORY_COLOURS) - 1,
            placeholder="other runs" if others else "there is no other run",
            disabled=not others,
            width=380,
            help="Other runs in the same figures. The selected run is chosen in the sidebar.",
        )
        baseline = st.selectbox(
            "Baseline",
            state.run_ids(),
            index=None,
            key=BASELINE,
            bind="query-params",
            placeholder="none is pinned",
            width=260,
            help="This run stays in the figures, dotted and grey, whichever run is selected; the table says how far "
            "each run lies from it.",
        )
    # A run that was chosen to compare with may since have become the selected one.
    return [selected, *[run_id for run_id in chosen if run_id != selected]], baseline


def choose_look(run_ids: list[str]) -> Look:
    """Axis, smoothing and the part of the axis."""
    tables = []
    for run_id in run_ids:
        try:
            tables.append(state.events(run_id))
        except MirageError:
            continue  # the figures say what is wrong with it
    axes = curve_axes.choices(tables)
    _forget_all_but(AXIS, axes)
    if ZOOM_TO in st.session_state:
        st.session_state[FROM], st.session_state[TO] = st.session_state.pop(ZOOM_TO)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        axis = st.selectbox(
            "Horizontal axis",
            axes,
            key=AXIS,
            bind="query-params",
            format_func=curve_axes.label,
            on_change=show_whole,
            width=260,
            help="On another metric, a curve passes from value to value in the order of the steps, both smoothed.",
        )
        weight = st.slider(
            "Smoothing", 0.0, 0.98, 0.6, 0.02, key=SMOOTHING, bind="query-params", width=200,
            help="Exponential moving average over logged values. The raw line stays visible, and where a curve has "
            "more values than the screen has room, the lowest and highest of each stretch are kept.",
        )  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="bottom", width="content"):
            low = st.number_input(
                "From", value=None, key=FROM, bind="query-params", placeholder="start", width=105, format="%g"
            )
            high = st.number_input(
                "To", value=None, key=TO, bind="query-params", placeholder="end", width=105, format="%g",
                help="The part of the axis that is drawn, in its unit; it stays when runs are added or left out. "
                "Or mark it in a figure, with the icon at its lower right.",
            )  # fmt: skip
        if low is not None or high is not None:
            st.button("Whole axis", icon=":material/zoom_out_map:", on_click=show_whole, key="mi_whole")
    if low is not None and high is not None and low >= high:
        st.caption("From must be less than To: the whole axis is shown.")
        low = high = None
    return Look(axis, weight, Window(low, high))


def show_whole() -> None:
    """Callback: no zoom any more."""
    st.session_state[FROM] = st.session_state[TO] = None


def zoom_to(key: str) -> None:
    """Callback of a figure: what was marked in it becomes the part of the axis that all figures show."""
    event = st.session_state.get(key) or {}
    areas = (event.get("selection") or {}).get("areas") or []
    ends = areas[-1].get("coord_range") if areas else None
    if isinstance(ends, list | tuple) and len(ends) == 2 and ends[0] < ends[1]:
        # No more digits than a hand can mark.
        digits = 2 - math.floor(math.log10(ends[1] - ends[0]))
        # Set where the controls are drawn, not here: the figures are a fragment, and the address would not follow.
        st.session_state[ZOOM_TO] = tuple(round(float(end), digits) for end in ends)


def _forget_all_but(key: str, allowed: list[str]) -> None:
    """Runs and metrics may be gone since they were chosen."""
    held = st.session_state.get(key)
    if isinstance(held, list):
        kept = [item for item in held if item in allowed]
        if kept != held:
            st.session_state[key] = kept
    elif held is not None and held not in allowed:
        del st.session_state[key]
