"""The Aligned space page: controls, the map, the table of the selected and the utterance that is picked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard import components, licence, theme
from dashboard.space import colouring, component, search, store, tables
from dashboard.space.component import MapLook
from dashboard.space.detail import show_utterance
from dashboard.space.own_panel import held, show_own
from dashboard.space.points import MapPoints
from dashboard.space.quality import quality_line
from dashboard.space.selected_panel import show_selected

if TYPE_CHECKING:
    from core import LoadedRun

GENERATED_MOST = 100
KEY = "space_map"
_NEIGHBOURS = 8


def show_space(run: LoadedRun) -> None:
    """Everything under the title: where the points are is sent once, what changes is a fragment."""
    from core.runs import require_utterances

    require_utterances(run)
    _space(run)
    (_, places), words = store.packs_of(run)
    packs = {"places": places} if words is None else {"places": places, "words": words[1]}
    components.mount_script(**packs)


@st.fragment
def _space(run: LoadedRun) -> None:
    points = store.points_of(run)
    state = store.current(run, points)
    look, by, per_emotion = _controls(run, points)
    visible = search.visible(points, {name: _filter(points, name) for name in search.FILTERS})
    chosen = state.selection.within(visible)
    generated = store.generated_of(run, per_emotion) if per_emotion else None
    near = _neighbour_rows(run, points, chosen.picked)

    left, right = st.columns([5, 3], gap="medium")
    with left:
        (places, _), words = store.packs_of(run)
        colours = store.coloured(run, by, per_emotion)
        paint, content = component.paint_pack(colours, visible)
        data = component.component_data(
            run.id,
            points,
            colours,
            packs={"places": places, "paint": paint, "words": None if words is None else words[0]},
            selection=chosen,
            look=replace(look, view=state.view),
            near=near,
            seen=state.seen,
            token=state.token,
            generated=generated,
            own=held(run),
        )
        with st.container(gap=None):
            components.space(
                key=KEY, data=data, on_chosen_change=lambda: _on_chosen(visible), on_view_change=lambda: _on_view(run)
            )
            components.mount_pack("paint", content)
        st.caption(quality_line(run))
        show_selected(run, points, visible, chosen)
    with right:
        if chosen.picked is None:
            _hint()
        else:
            show_utterance(run, points, chosen.picked, k=_NEIGHBOURS)
        show_own(run)
    store.write_address(points, store.current(run, points), chosen)


def _controls(run: LoadedRun, points: MapPoints) -> tuple[MapLook, str, int]:
    readable = run.permissions.transcripts
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
                help="A line from the audio to the text of an utterance, for at most 300 of them.",
            )
        st.text_input(
            "Find in transcripts",
            key=store.FIND_PARAMETER,
            bind="query-params",
            placeholder="words",
            icon=":material/search:",
            on_change=_search,
            args=(run, points),
            width=220,
            disabled=not readable,
        )
        if run.t is not None and readable:
            st.toggle(
                "by meaning",
                key=store.MEANING_PARAMETER,
                bind="query-params",
                on_change=_meant,
                args=(run, points),
                help=f"Off: transcripts with these words as they stand. On: the {search.MEANING_MOST} that mean most "
                "nearly the same in this run's space, by its text encoder.",
            )
    if not readable:
        st.caption(licence.NO_SEARCH)
    if fault := st.session_state.get(store.FAULT):
        st.warning(theme.plain(fault), icon=":material/error:")
    pairs = bool(st.session_state.get("pairs", True))
    return MapLook(audio="audio" in shown, text="text" in shown, pairs=pairs), by, min(per_emotion, GENERATED_MOST)


def _hint() -> None:
    theme.empty(
        "Nothing is picked yet",
        "Click a point to hear it, read it and see what lies near it in the full dimension. "
        "Draw a **lasso** or a **box** (above the map) to select many; select a row of the table to find it on the "
        "map.",
        icon=":material/touch_app:",
    )


def _neighbour_rows(run: LoadedRun, points: MapPoints, row: int | None) -> tuple[int, ...]:
    if row is None:
        return ()
    return tuple(tables.neighbour_table(run, points, row, _NEIGHBOURS)["row"].tolist())


# --- callbacks ---------------------------------------------------------------------------------------------------


def _on_chosen(visible: np.ndarray) -> None:
    event = components.as_event(components.sent(KEY, "chosen"))
    if store.hear(event):
        held: store.SpaceState = st.session_state[store.KEY]
        made = component.chosen(event, visible)
        if made.rows != held.selection.rows:
            # What is selected now is not what was searched for.
            st.session_state[store.FIND_PARAMETER] = ""
        store.keep(replace(held, selection=made))


def _on_view(run: LoadedRun) -> None:
    event = components.as_event(components.sent(KEY, "view"))
    if event.get("run") == run.id:
        store.look_at(component.seen_view(event))


def _search(run: LoadedRun, points: MapPoints) -> None:
    store.select(store.found(run, points, str(st.session_state.get(store.FIND_PARAMETER) or ""), _by_meaning()))


def _meant(run: LoadedRun, points: MapPoints) -> None:
    if st.session_state.get(store.FIND_PARAMETER):
        _search(run, points)


def _by_meaning() -> bool:
    return bool(st.session_state.get(store.MEANING_PARAMETER))


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
