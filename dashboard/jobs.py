"""Jobs as pages see them: listed, watched live, stopped, resumed. A job is a process of its own; its run directory is
the only channel, so it outlives page, browser and server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.progress import duration
from dashboard import curve_figures, curves, overview_view, state, theme

if TYPE_CHECKING:
    from core.runs import State

WATCH_KEY = "watched"
NEXT_KEY = "watched_next"
EVERY = 1.5
"""Seconds between two looks at a running job."""


def watch_next(run_id: str) -> None:
    """Makes the Train page show this job when it is drawn next."""
    st.session_state[NEXT_KEY] = run_id
    st.session_state["train_next_view"] = "Jobs"


def active_ids() -> list[str]:
    """The jobs that are queued or running, newest first."""
    found = []
    for run_id in state.run_ids()[: overview_view.MOST_RUNS]:
        current = state.run_state(run_id)
        if current is not None and current.status in state.ACTIVE:
            found.append(run_id)
    return found


def show_running() -> None:
    """Progress of all running jobs, trainings and benchmarks; refreshes by itself while there is one."""
    from dashboard.benchmark import watch as benchmarks

    ids, names = active_ids(), benchmarks.active_names()
    if ids or names:
        st.fragment(_running, run_every=2.0)(tuple(ids), tuple(names))


def _running(ids: tuple[str, ...], names: tuple[str, ...]) -> None:
    from dashboard.benchmark import watch as benchmarks

    st.subheader("Running now", anchor=False)
    ended = False
    for run_id in ids:
        current = state.run_state(run_id)
        if current is None or current.status not in state.ACTIVE:
            ended = True
            continue
        with st.container(border=True):
            show_progress(run_id, current)
    for name in names:
        ended |= not benchmarks.show_running(name)
    if ended:
        st.rerun()


def watch(run_id: str) -> None:
    """The live panel of a job: where it is, how fast, how long still, its curves; stop and resume."""
    current = state.run_state(run_id)
    if current is None:
        theme.empty("Not readable", "The state of this run is missing or damaged.")
        return
    every = EVERY if current.status in state.ACTIVE else None
    st.fragment(_watch, run_every=every)(run_id, current.status)


def _watch(run_id: str, drawn_as: str) -> None:
    current = state.run_state(run_id)
    if current is None:
        st.caption("The run directory is gone.")
        return
    if current.status != drawn_as and (current.status not in state.ACTIVE or drawn_as not in state.ACTIVE):
        # The page around this fragment (buttons, selector, refreshing) depends on the status.
        st.rerun()
    events = state.events(run_id)
    show_progress(run_id, current, speed=curves.speed(events))
    _buttons(run_id, current)
    if current.message and current.status in ("failed", "lost", "stopped"):
        with st.container(border=True):
            st.text(current.message)
    if current.status in ("failed", "lost"):
        _log(run_id)
    if events.empty:
        st.caption("No value has been measured yet; the first ones come after a few steps.")
        return
    broken = curves.diverged(events)
    if broken:
        with st.container(border=True):
            st.badge("Diverged", icon=":material/warning:", color="red")
            st.text(f"Not a number: {', '.join(broken)}. Stop the run and lower the learning rates or the weights.")
    config = state.run_config(run_id)
    for stage in reversed([name for name in curves.stages(events) if name in curve_figures.LOSSES]):
        st.markdown(f"**{curves.STAGE_TITLES.get(stage, theme.plain(stage))}**")
        curve_figures.show_live(run_id, events, stage, config)


def show_progress(run_id: str, current: State, *, speed: float | None = None) -> None:
    """Name, status, share done, pace and time left."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text(run_id, width="content")
        state.status_badge(current.status)
        if current.stage and current.status != "finished":
            st.badge(theme.in_badge(current.stage, 40), color="gray")
    waiting = "waiting for its turn" if current.status == "queued" else "starting"
    st.progress(
        overview_view.done_share(current),
        text=f"{current.step:,} of {current.total:,} steps" if current.total else waiting,
    )
    facts = []
    rate = current.steps_per_second or speed
    if rate and current.status in state.ACTIVE:
        facts.append(f"{rate:,.1f} steps/s")
    if current.status == "running" and current.eta is not None:
        facts.append(f"{duration(current.eta)} left")
    if current.message and current.status in state.ACTIVE:
        facts.append(current.message)
    if facts:
        st.text(" · ".join(facts))


def _buttons(run_id: str, current: State) -> None:
    with st.container(horizontal=True):
        if current.status in state.ACTIVE:
            st.button("Stop", icon=":material/stop_circle:", key=f"stop_{run_id}", on_click=_stop, args=(run_id,))
            if st.session_state.get(f"stopping_{run_id}"):
                st.caption("Asked to stop: it ends after the current step and keeps a checkpoint.")
        elif current.status in ("stopped", "failed", "lost"):
            st.button(
                "Resume",
                icon=":material/play_arrow:",
                type="primary",
                key=f"resume_{run_id}",
                on_click=_resume,
                args=(run_id,),
                help="Goes on from the last checkpoint.",
            )


def _log(run_id: str) -> None:
    from core.jobs import job_log
    from core.logs import readable

    lines = job_log(state.workspace().run_folder(run_id), 100)
    if lines:
        with st.expander("What the process printed", icon=":material/terminal:"):
            st.code("\n".join(map(readable, lines)), language=None, wrap_lines=True, height=240)


def _stop(run_id: str) -> None:
    from core import MirageError
    from core.runs import request_stop

    try:
        request_stop(state.workspace().run_folder(run_id))
        st.session_state[f"stopping_{run_id}"] = True
    except MirageError as error:
        state.note(str(error), fault=True)


def _resume(run_id: str) -> None:
    from core import MirageError
    from core.runs import resume_job

    st.session_state.pop(f"stopping_{run_id}", None)
    try:
        resume_job(state.workspace(), run_id)
        state.note(f"Run {run_id} goes on")
    except MirageError as error:
        state.note(str(error), fault=True)
