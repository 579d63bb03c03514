"""The Aligned space page: controls, the map, the table of the selected and the utterance that is picked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard import theme
from dashboard.space import colouring, search, selection, store, tables
from dashboard.space.detail import show_utterance
from dashboard.space.map_view import HEIGHT, POINTS, MapLook, map_option, row_of_point
from dashboard.space.points import GeneratedPoints, MapPoints
from dashboard.space.quality import quality_line
from dashboard.space.selected_panel import show_selected

if TYPE_CHECKING:
    from core import LoadedRun

GENERATED_MOST = 100
_NEIGHBOURS = 8


@st.fragment
def show_space(run: LoadedRun) -> None:
    """Everything under the title; a fragment, so that a click reruns no more than this."""
    points = store.points_of(run)
    state = store.current(run.id, points)
    look, by, per_emotion = _controls(points)
    visible = search.visible(points, {name: _filter(points, name) for name in search.FILTERS})
    chosen = state.selection.within(visible)
    generated = store.generated_of(run, per_emotion) if per_emotion else None

    left, right = st.columns([5, 3], gap="medium")
    with left:
        near = _neighbour_rows(run, points, chosen.picked)
        look = replace(look, frame=state.frame, near=near)
        _map(points, by, visible, chosen, look, generated, state.chart_key)
        st.caption(quality_line(run))
        show_selected(points, visible, chosen, near)
    with right:
        if chosen.picked is None:
            _hint()
        else:
            show_utterance(run, points, chosen.picked, k=_NEIGHBOURS)
    store.write_address(points, chosen)


def _controls(points: MapPoints) -> tuple[MapLook, str, int]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        options = colouring.choices(points)
        _drop_foreign("colour", options)
        by = st.selectbox(
            "Colour by",
            options,
            format_func=colouring.COLOUR_BY.__getitem__,
            key="colour",
            bind="query-params",
            width=210,
        )
        shapes = ["audio", "text"] if points.has_text else ["audio"]
        shown = st.pills(
            "Show",
            [*shapes, "generated"],
            selection_mode="multi",
            default=shapes,
            key="show",
            bind="query-params",
            help="Audio features are circles, text features diamonds, generated ones stars.",
        )
        per_emotion = 0
        if "generated" in shown:
            per_emotion = int(
                st.number_input(
                    "Generated per emotion",
                    1,
                    GENERATED_MOST,
                    10,
                    key="generated",
                    bind="query-params",
                    width=170,
                )
            )
        with st.popover(_filter_label(points), icon=":material/filter_alt:"):
            for name, label in search.FILTERS.items():
                options = search.values_of(points, name)
                _drop_foreign(_filter_key(name), options)
                if options:
                    st.multiselect(label, options, key=_filter_key(name), bind="query-params", placeholder="all")
            st.toggle(
                "Join the pairs that are selected",
                value=True,
                key="pairs",
                bind="query-params",
                help=f"A line from the audio to the text of an utterance, at most {selection.MOST_PAIRS} of them.",
            )
        st.text_input(
            "Find in transcripts",
            key=store.FIND_PARAMETER,
            bind="query-params",
            placeholder="words as they stand",
            icon=":material/search:",
            on_change=_search,
            args=(points,),
            width=240,
        )
    pairs = bool(st.session_state.get("pairs", True))
    return MapLook(audio="audio" in shown, text="text" in shown, pairs=pairs), by, min(per_emotion, GENERATED_MOST)


def _map(
    points: MapPoints,
    by: str,
    visible: np.ndarray,
    chosen: selection.Selection,
    look: MapLook,
    generated: GeneratedPoints | None,
    key: str,
) -> None:
    colours = colouring.colouring(points, by, generated)
    option = map_option(points, colours, visible=visible, selection=chosen, look=look, generated=generated)
    st.echarts_chart(
        option,
        key=key,
        height=HEIGHT,
        on_select=lambda: _on_map(points, key),
        alt=f"Map of {int(visible.sum())} utterances in the aligned space, coloured by {colours.title}",
    )
    _, left_out = selection.pair_lines(points, chosen.rows)
    if look.pairs and look.audio and look.text and left_out:
        st.caption(f"{selection.MOST_PAIRS} pairs are joined by lines; {left_out} more are selected.")


def _hint() -> None:
    theme.empty(
        "Nothing is picked yet",
        "Click a point to hear it, read it and see what lies near it in the full dimension. "
        "Draw a **lasso** or a **box** (icons above the map) to select many; select a row of the table to find it on "
        "the map.",
        icon=":material/touch_app:",
    )


def _neighbour_rows(run: LoadedRun, points: MapPoints, row: int | None) -> tuple[int, ...]:
    if row is None:
        return ()
    return tuple(tables.neighbour_table(run, points, row, _NEIGHBOURS)["row"].tolist())


# --- callbacks ---------------------------------------------------------------------------------------------------


def _on_map(points: MapPoints, key: str) -> None:
    event = st.session_state.get(key)
    rows = selection.selected_by(event, POINTS, row_of_point(points))
    held: store.SpaceState = st.session_state[store.KEY]
    store.keep(replace(held, selection=selection.after_map(held.selection, rows)))


def _search(points: MapPoints) -> None:
    store.select(search.matches(points, str(st.session_state.get(store.FIND_PARAMETER) or "")))


# --- filters -----------------------------------------------------------------------------------------------------


def _filter_key(name: str) -> str:
    return f"only_{name}"


def _filter(points: MapPoints, name: str) -> list[str]:
    return list(st.session_state.get(_filter_key(name)) or [])


def _filter_label(points: MapPoints) -> str:
    active = sum(bool(st.session_state.get(_filter_key(name))) for name in search.FILTERS)
    return f"Filter ({active})" if active else "Filter"


def _drop_foreign(key: str, options: list[str]) -> None:
    """Another run has other speakers: what this one does not have is dropped before the widget sees it."""
    held = st.session_state.get(key)
    if isinstance(held, list) and any(value not in options for value in held):
        st.session_state[key] = [value for value in held if value in options]
    elif isinstance(held, str) and held not in options:
        del st.session_state[key]
