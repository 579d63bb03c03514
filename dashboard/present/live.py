"""The steps that a presenter touches: the map, where a click plays the clip, and the lab with little on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard import components, licence, theme
from dashboard.lab import panel as lab_panel
from dashboard.lab import store as lab_store
from dashboard.space import component as space_component
from dashboard.space import store
from dashboard.space.clip import audio_of
from dashboard.space.component import MapLook
from dashboard.space.points import MapPoints
from dashboard.space.selection import Selection

if TYPE_CHECKING:
    from core import LoadedRun

MAP = "present_map"
GENERATED = 12
"""Generated features of each emotion on the map."""
_BY = "emotion"


def mount(run: LoadedRun) -> None:
    """Sends what map and lab need and never changes; once, outside of fragments."""
    (_, places), words = store.packs_of(run)
    packs = {"places": places} if words is None else {"places": places, "words": words[1]}
    components.mount_script(lab=lab_store.pack_of(run).content, **packs)


@st.fragment
def show_map(run: LoadedRun) -> None:
    """The map by emotion, and the clip of the point that was clicked."""
    points = store.points_of(run)
    held = store.current(run, points)
    visible = np.ones(len(points), dtype=bool)
    (places, _), words = store.packs_of(run)
    colours = store.coloured(run, _BY, GENERATED)
    paint, content = space_component.paint_pack(colours, visible)
    picked = held.selection.picked
    data = space_component.component_data(
        run.id,
        points,
        colours,
        packs={"places": places, "paint": paint, "words": None if words is None else words[0]},
        selection=Selection((), picked),
        look=MapLook(audio=True, text=points.has_text, pairs=False),
        near=(),
        seen=held.seen,
        token=held.token,
        generated=store.generated_of(run, GENERATED),
    )
    with st.container(gap=None):
        components.space(key=MAP, data=data, on_chosen_change=lambda: _clicked(visible), on_view_change=lambda: None)
        components.mount_pack("paint", content)
    _clip(run, points, picked)


def _clip(run: LoadedRun, points: MapPoints, picked: int | None) -> None:
    with st.container(key="present_small_clip", horizontal=True, vertical_alignment="center"):
        if picked is None:
            st.text("Circles are heard, diamonds said, stars generated. Click a point to hear it.")
            return
        record = points.table.iloc[picked]
        facts = [theme.short(record[name], 40) for name in ("emotion", "speaker") if isinstance(record[name], str)]
        st.text(f"{' · '.join(facts)}: {licence.said(record, run.permissions, most=70)}", width="stretch")
        sound = audio_of(run, picked)
        if sound.wav is None:
            st.text(sound.reason)
        else:
            st.audio(sound.wav, format="audio/wav", alt="Clip of the utterance that was clicked", width=300)


@st.fragment
def show_lab(run: LoadedRun) -> None:
    """Emotion, codes and map; a code that is let go is heard here as on the page of the lab."""
    lab_panel.show_component(run, plain=True)


def _clicked(visible: np.ndarray) -> None:
    event = components.as_event(components.sent(MAP, "chosen"))
    if store.hear(event):
        # What was selected on the page Aligned space is no business of the talk.
        store.pick(space_component.chosen(event, visible).picked)
