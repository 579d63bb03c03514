"""The talk: all steps with their words, the figures of the step that is seen and of its neighbours.

A key shows the next step in the browser at once, and its figure is there already; the page then hears of it and draws
the figure of the neighbour after that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from dashboard import components, navigation, state, theme
from dashboard.present import component, draw, live, store
from dashboard.present.steps import Step, steps_of, withheld
from dashboard.space.quality import quality_line

if TYPE_CHECKING:
    from core import LoadedRun
    from core.story import Story

FIRST_SEEN = '<style>html:not(.mirage-deck) [class*="{prefix}"]:not(.{step}) {{ display: none; }}</style>'
"""Until the browser's part is there, which says it from then on."""


def show(run_id: str) -> None:
    """The talk about a run, or what to do where it has not ended."""
    current = state.run_state(run_id)
    if current is not None and current.status != "finished":
        _not_yet(run_id, current.status)
        return
    run = state.run(run_id)
    story = store.story_of(run)
    if notes_only():
        _notes(run)
        return
    _talk(run)
    if not withheld(story):
        live.mount(run)


def notes_only() -> bool:
    """Whether this is the speaker's second window (``?notes=1``)."""
    return st.query_params.get(store.NOTES_PARAMETER) == "1"


def _not_yet(run_id: str, status: str) -> None:
    says = {
        "queued": "It waits for its turn.",
        "running": "It is still training: the talk is there when it has ended.",
        "stopped": "It was stopped. Go on with it, or choose another run on the left.",
    }.get(status, "It did not end well. Its page says why; choose another run on the left, or start it again.")
    commands = ["mirage runs"] if status in state.ACTIVE else [f"mirage resume {run_id}"]
    theme.empty("Nothing to tell yet", says, commands, icon=":material/co_present:")
    navigation.link("train", "Watch it on Train")


@st.fragment
def _talk(run: LoadedRun) -> None:
    story, steps = _told(run)
    names = [step.name for step in steps]
    place = store.current(run.id, names)
    at = names.index(place.step)
    with st.container(key="present_talk", gap="small"):
        with st.container(key="present_stage", gap=None):
            st.html(FIRST_SEEN.format(step=f"st-key-{component.STEP}_{place.step}", prefix=f"st-key-{component.STEP}_"))
            for number, step in enumerate(steps):
                with st.container(key=f"{component.STEP}_{step.name}", gap="small"):
                    _step(run, story, step, near=abs(number - at) <= 1)
        _deck(steps, place)


@st.fragment
def _notes(run: LoadedRun) -> None:
    _, steps = _told(run)
    place = store.current(run.id, [step.name for step in steps])
    with st.container(key="present_talk"):
        _deck(steps, place)


def _told(run: LoadedRun) -> tuple[Story, list[Step]]:
    story = store.story_of(run)
    return story, steps_of(story, quality_line(run))


def _deck(steps: list[Step], place: store.Place) -> None:
    component.deck(
        key=component.KEY,
        data=component.deck_data(steps, place, notes_only=notes_only()),
        on_moved_change=lambda: store.hear(
            components.as_event(components.sent(component.KEY, "moved")), [step.name for step in steps]
        ),
    )


def _step(run: LoadedRun, story: Story, step: Step, *, near: bool) -> None:
    with st.container(key=f"present_top_{step.name}", horizontal=True, vertical_alignment="center", gap="small"):
        st.text(step.title, width="content")
        if story.data.synthetic:
            theme.synthetic_badge()
    st.header(theme.plain(step.message), anchor=False)
    with st.container(key=f"present_body_{step.name}", gap="small"), state.faults():
        draw.body(run, story, step.name, near=near)
