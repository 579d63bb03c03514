"""A benchmark at work: how far, how long still; stop it, go on with it, why it failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core import MirageError
from core.benchmarks import resume_benchmark, stop_benchmark
from core.progress import duration
from dashboard import navigation, state, theme
from dashboard.benchmark import store

if TYPE_CHECKING:
    from core.runs import State

EVERY = 2.0
"""Seconds between two looks at a running benchmark."""
UNITS = "A unit: a regression, the tuning of a method, or a method in one fold with one seed."


def active_names() -> list[str]:
    """The benchmarks that are queued or running, newest first."""
    found = []
    for name in store.names()[: store.MOST]:
        current = store.state_of(name)
        if current is not None and current.active:
            found.append(name)
    return found


def show_running(name: str) -> bool:
    """Its progress in a frame, with a link to the page; False where it has ended by now."""
    current = store.state_of(name)
    if current is None or not current.active:
        return False
    with st.container(border=True):
        show_progress(name, current)
        if st.button("Watch on Benchmark", icon=":material/monitoring:", key=f"watch_{name}"):
            store.show_next(name)
            navigation.go("benchmark")
    return True


def show_progress(name: str, current: State) -> None:
    """Name, status, share done, pace and time left."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text(name, width="content")
        state.status_badge(current.status)
    share = min(1.0, current.step / current.total) if current.total else 0.0
    st.progress(share, text=f"{current.step:,} of {current.total:,} units" if current.total else "starting")
    facts = []
    left = store.left_of(name, current)
    if left is not None:
        facts.append(f"about {duration(left)} left")
    elif current.status == "running":
        facts.append("time left: told after the first unit")
    if current.message and current.active:
        facts.append(current.message)
    if facts:
        st.text(" · ".join(facts))


def show(name: str, current: State) -> None:
    """Progress with the buttons; why it ended, where it did not finish."""
    with st.container(border=True):
        show_progress(name, current)
        if current.active:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.button("Stop", icon=":material/stop_circle:", key="benchmark_stop", on_click=_stop, args=(name,))
                if (store.folder(name) / "stop").exists():
                    st.caption("Asked to stop: it ends after the current step; what is done is kept.")
                else:
                    st.caption(f"{UNITS} It goes on when this page, the browser or the server is closed.")
            return
        if current.message:
            st.text(current.message)
        st.button(
            "Resume",
            icon=":material/play_arrow:",
            type="primary",
            key="benchmark_resume",
            on_click=_resume,
            args=(name,),
            help="The same call again: only what is missing is done.",
        )
        if current.status in ("failed", "lost"):
            _log(name)


def _log(name: str) -> None:
    from core.jobs import job_log
    from core.logs import readable

    lines = job_log(store.folder(name), 60)
    if lines:
        with st.expander("What the process printed last", icon=":material/terminal:", expanded=True):
            st.code("\n".join(map(readable, lines)), language=None, wrap_lines=True, height=240)
    else:
        st.caption(theme.plain("Nothing was printed into job.log: it was started in a terminal, or did not begin."))


def _stop(name: str) -> None:
    try:
        stop_benchmark(store.folder(name))
    except MirageError as error:
        state.note(str(error), fault=True)


def _resume(name: str) -> None:
    try:
        resume_benchmark(state.workspace(), name)
        state.note(f"Benchmark {name} goes on")
    except MirageError as error:
        state.note(str(error), fault=True)
