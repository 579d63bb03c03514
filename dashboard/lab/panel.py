"""The Latent lab page: the component with controls, map and measures; noise and text, neighbours, the tray."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import components, licence, theme
from dashboard.lab import between, component, directions, export, store
from dashboard.lab import controls as logic
from dashboard.lab.control_panel import show_controls
from dashboard.lab.controls import Controls
from dashboard.lab.readout import Readout, read
from dashboard.lab.tray_panel import show_tray
from dashboard.space.clip import audio_of
from dashboard.space.store import points_of

if TYPE_CHECKING:
    from core import LoadedRun

KEY = "lab_component"
_NEAREST = 5


def show_lab(run: LoadedRun) -> None:
    """Everything under the title: what stays is sent once, what moves is a fragment."""
    from core.runs import require_utterances

    require_utterances(run)
    _lab(run)
    components.mount_script(lab=store.pack_of(run).content)


@st.fragment
def _lab(run: LoadedRun) -> None:
    now, readout, fault = show_component(run)
    show_controls(run, now)
    between.show_ends(run, points_of(run), fault)
    _nearest(run, now, readout)
    show_tray(run, now, readout)
    _copy(run, now)
    store.write_address(now)


def show_component(run: LoadedRun, *, plain: bool = False) -> tuple[Controls, Readout, str]:
    """The lab in the browser, as it is or ``plain``; also the controls, what came of them, and why there is no way
    between two utterances."""
    state = store.current(run)
    now = state.controls
    readout = read(run, now)
    inputs, content = component.inputs_pack(run, now, readout)
    ends, fault = between.ends_or_fault(run, points_of(run))
    data = component.component_data(
        run,
        points_of(run),
        store.pack_of(run),
        inputs,
        now,
        seen=state.seen,
        token=state.token,
        can_undo=bool(state.history),
        tray=[kept for kept in store.tray() if kept.run == run.id],
        ends=ends,
        named=directions.held(run.id),
        plain=plain,
    )
    with st.container(gap=None):
        components.lab(key=KEY, data=data, on_events_change=lambda: _on_events(run))
        components.mount_pack("lab_inputs", content)
    return now, readout, fault


def _copy(run: LoadedRun, now: Controls) -> None:
    with st.popover("Copy this state", icon=":material/content_copy:", on_change="rerun", key="lab_copy") as popover:
        if popover.open:
            tabs = st.tabs(["Python", "JSON", "Link"])
            tabs[0].code(export.python_snippet(run.id, now, run.classes, run.code_names), language="python")
            tabs[1].code(export.as_json(run.id, now, run.classes, run.code_names), language="json")
            tabs[2].code(export.link(str(st.context.url or ""), run.id, now), language=None, wrap_lines=True)


def _nearest(run: LoadedRun, now: Controls, readout: Readout) -> None:
    st.markdown(f"**Nearest real utterances to sample {now.sample + 1}, in all {run.dim} dimensions**")
    rows, distances = run.neighbours(readout.h[now.sample : now.sample + 1], k=_NEAREST)
    cells = st.columns(_NEAREST, gap="small")
    for place, (row, distance, cell) in enumerate(zip(rows[0], distances[0], cells, strict=False)):
        record = run.utterances.iloc[int(row)]
        with cell, st.container(border=True, height="stretch"):
            st.text(licence.said(record, run.permissions, most=90))
            facts = [
                theme.short(record[name], 40)
                for name in ("emotion", "speaker", "part")
                if isinstance(record[name], str)
            ]
            st.caption(theme.plain(" · ".join([*facts, f"distance {distance:.2f}"])))
            sound = audio_of(run, int(row))
            if sound.wav is None:
                st.caption(theme.plain(sound.reason))
            else:
                st.audio(sound.wav, format="audio/wav", alt=f"Clip of utterance {theme.short(record['utterance_id'])}")
            with st.container(horizontal=True, gap="xsmall"):
                for end in between.ENDS:
                    st.button(
                        end,
                        key=f"lab_near_{place}_{end}",
                        on_click=between.choose,
                        args=(run.id, end, int(row)),
                        help=f"Makes this utterance the end {end} of the way from A to B.",
                    )


# --- callbacks ---------------------------------------------------------------------------------------------------


def _on_events(run: LoadedRun) -> None:
    """What the browser says happened, in its order; each event comes again until it was answered."""
    events = components.sent(KEY, "events")
    for event in map(components.as_event, events if isinstance(events, list) else []):
        if store.hear(event):
            _follow(run, event)


def _follow(run: LoadedRun, event: dict[str, Any]) -> None:
    what = event.get("what")
    if what == "asked":
        store.change(lambda before: component.asked(before, event, run.classes))
    elif what == "undo":
        store.undo()
    elif what == "reset":
        store.change(lambda _: logic.initial(run.classes, len(run.code_names)))
    elif what == "keep direction":
        directions.keep(run.id, event, len(run.code_names))
    elif what == "forget direction":
        directions.forget(run.id, event)
