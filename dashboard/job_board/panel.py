"""The parts of the Jobs page."""

from __future__ import annotations

from collections.abc import Callable
from zlib import crc32

import streamlit as st

from core import MirageError
from core.jobs import (
    BENCHMARK,
    TRAINING,
    Job,
    delete_job,
    deleted,
    empty_trash,
    find_job,
    job_log,
    list_jobs,
    read_limits,
    restore,
    resume,
    stop,
)
from core.logs import readable
from dashboard import address, jobs, navigation, overview_view, state, theme, train_form
from dashboard.job_board import view

KEY = "job"
EVERY = 2.0
"""Seconds between two looks while something is active."""
_UNDO = "jobs_undo"
_DRAWN = "jobs_drawn"
_PICKED = "jobs_picked"


def show() -> None:
    """All jobs, the chosen one, the trash; refreshes by itself while something is active."""
    found = list_jobs(state.workspace(), overview_view.MOST_RUNS)
    _show_undo()
    if not found:
        theme.empty(
            "No job yet",
            "A training starts on the page Train, a benchmark on the page Benchmark, both from a terminal too:",
            ["mirage train NAME", "mirage benchmark NAME"],
            icon=":material/work_history:",
        )
    else:
        shown = _show_choice()
        active = any(job.active for job in found)
        st.fragment(_show_table, run_every=EVERY if active else None)(shown, active)
        job = _choose(found)
        st.fragment(_show_job, run_every=EVERY if job.active else None)(job.kind, job.name, job.status)
    _show_trash()


def _show_choice() -> str:
    return str(
        st.segmented_control(
            "Show",
            view.SHOWN,
            default=view.SHOWN[0],
            required=True,
            format_func=str.capitalize,
            key="jobs_shown",
            label_visibility="collapsed",
            persist_state="session",
        )
    )


def _show_table(shown: str, drawn_active: bool) -> None:
    if st.session_state.pop(_PICKED, False):
        # A click inside the fragment draws the fragment alone; what it chose is shown beside it.
        st.rerun()
    found = list_jobs(state.workspace(), overview_view.MOST_RUNS)
    if any(job.active for job in found) != drawn_active:
        # Refreshing depends on it.
        st.rerun()
    with state.faults():
        limits = read_limits(state.workspace())
        memory = "" if limits.gpu_memory is None else f" and {view.size(limits.gpu_memory)} of each GPU"
        cores = f"{limits.cores} core{'s' if limits.cores > 1 else ''}"
        st.caption(f"{view.counts(found)}. Jobs may use {cores}{memory} together; `mirage jobs --cores N` sets it.")
    lines = view.chosen(found, shown)
    if not lines:
        st.caption(f"No job is {shown}." if shown == "active" else "No job has ended.")
        return
    keys = [view.key_of(job) for job in lines]
    # What a click means is told by the rows as they were drawn: meanwhile others may have come.
    st.session_state[_DRAWN] = keys
    st.dataframe(
        view.table(lines),
        hide_index=True,
        key=_table_key(keys),
        on_select=_picked,
        selection_mode="single-row",
        placeholder="",
        height=min(38 * (len(lines) + 1), 420),
        column_config={
            "progress": st.column_config.ProgressColumn(format="%d %%", min_value=0.0, max_value=100.0, width=110),
            "pace": st.column_config.NumberColumn("steps/s", format="%.1f", width=60),
            "left": st.column_config.TextColumn("time left", width=96),
            "ended": st.column_config.DatetimeColumn(format="distance", width=110),
            "message": st.column_config.TextColumn(width="large"),
        },
        alt="All jobs of the workspace; a click on a row shows it below",
    )


def _picked() -> None:
    keys = st.session_state.get(_DRAWN, [])
    table = st.session_state.get(_table_key(keys))
    rows = table.selection.rows if table is not None else []
    if rows and rows[0] < len(keys):
        address.ask_for(KEY, keys[rows[0]])
        st.session_state[_PICKED] = True


def _table_key(keys: list[str]) -> str:
    """Another table where the rows are others: a selection is remembered by the number of its row."""
    return f"jobs_table_{crc32(' '.join(keys).encode()):08x}"


def _choose(found: list[Job]) -> Job:
    by_key = {view.key_of(job): job for job in found}
    key = address.selector(
        "Job",
        list(by_key),
        key=KEY,
        default=lambda: view.key_of(view.chosen(found, "all")[0]),
        missing="The job of the link is not in this workspace (any more).",
        format_func=view.label,
        persist_state="session",
        help="A click on a row of the table chooses it, too; it is part of the page's address.",
    )
    return by_key[key]


def _show_job(kind: str, name: str, drawn_as: str) -> None:
    job = find_job(state.workspace(), kind, name)
    if job.status != drawn_as:
        st.rerun()
    with st.container(border=True):
        if job.state is None:
            state.show_fault(MirageError(job.fault))
        elif kind == BENCHMARK:
            from dashboard.benchmark import watch

            watch.show_progress(name, job.state)
        else:
            jobs.show_progress(name, job.state)
        if job.state is not None and not job.active and job.state.message not in ("", job.status):
            st.text(job.state.message)
        _show_buttons(job)
    lines = job_log(job.folder, 100)
    if lines:
        with st.expander(
            "What the process printed", icon=":material/terminal:", expanded=job.status in ("failed", "lost")
        ):
            st.code("\n".join(map(readable, lines)), language=None, wrap_lines=True, height=240)


def _show_buttons(job: Job) -> None:
    can = view.actions(job)
    with st.container(horizontal=True, gap="small"):
        if can.stop:
            st.button("Stop", icon=":material/stop_circle:", key="job_stop", on_click=_stop, args=(job.kind, job.name))
        if can.resume:
            st.button(
                "Resume",
                icon=":material/play_arrow:",
                type="primary",
                key="job_resume",
                on_click=_resume,
                args=(job.kind, job.name),
                help="Queues it again; it goes on from where it was.",
            )
        if job.kind == TRAINING and st.button("Curves", icon=":material/monitoring:", key="job_watch"):
            jobs.watch_next(job.name)
            navigation.go("train")
        if job.kind == BENCHMARK and st.button("Figures", icon=":material/leaderboard:", key="job_figures"):
            from dashboard.benchmark import store

            store.show_next(job.name)
            navigation.go("benchmark")
        if can.duplicate and st.button(
            "Duplicate with changes",
            icon=":material/content_copy:",
            key="job_duplicate",
            help="Fills the form of a new training with this one's configuration.",
        ):
            duplicate(job.name)
        if can.delete:
            st.button(
                "Delete",
                icon=":material/delete:",
                key="job_delete",
                on_click=_delete,
                args=(job.kind, job.name),
                help="Moves it into the trash; it can be brought back.",
            )
        if job.active and (job.folder / "stop").exists():
            st.caption("Asked to stop: it ends after the current step and keeps what is done.")


def duplicate(run_id: str) -> None:
    """Fills the form of a new training with a run's configuration and goes there."""
    config = state.run_config(run_id)
    if config is None:
        state.note(f"The configuration of run {run_id} cannot be read", fault=True)
        st.rerun()
    train_form.fill(config.model_dump())
    st.session_state["train_from"] = run_id
    st.session_state["train_next_view"] = "New training"
    navigation.go("train")


def _stop(kind: str, name: str) -> None:
    _try(lambda: stop(state.workspace(), kind, name))


def _resume(kind: str, name: str) -> None:
    _try(lambda: resume(state.workspace(), kind, name))


def _delete(kind: str, name: str) -> None:
    def work() -> None:
        gone = delete_job(state.workspace(), kind, name)
        st.session_state[_UNDO] = (gone.token, f"{gone.kind} {gone.name}")

    _try(work)


def _restore(token: str) -> None:
    st.session_state.pop(_UNDO, None)

    def work() -> None:
        back = restore(state.workspace(), token)
        kind = TRAINING if back.kind == "run" else BENCHMARK
        address.ask_for(KEY, f"{kind}:{back.name}")

    _try(work)


def _try(work: Callable[[], object]) -> None:
    try:
        work()
    except MirageError as error:
        state.note(str(error), fault=True)


def _show_undo() -> None:
    undo = st.session_state.get(_UNDO)
    if undo is None:
        return
    token, what = undo
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.text(f"{what} is in the trash.", width="content")
        st.button("Undo", icon=":material/undo:", key="job_undo", on_click=_restore, args=(token,))
        st.button("Close", icon=":material/close:", type="tertiary", key="job_undo_close", on_click=_forget_undo)


def _forget_undo() -> None:
    st.session_state.pop(_UNDO, None)


def _show_trash() -> None:
    found = deleted(state.workspace())
    if not found:
        return
    whole = view.size(sum(item.size for item in found))
    with st.expander(f"Trash ({len(found)}, {whole})", icon=":material/delete:"):
        for item in found[:50]:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.button(
                    "Restore",
                    icon=":material/undo:",
                    key=f"restore_{item.token}",
                    on_click=_restore,
                    args=(item.token,),
                )
                st.text(f"{item.kind} {item.name}, {view.size(item.size)}")
        with st.popover("Empty the trash", icon=":material/delete_forever:"):
            st.markdown(f"{len(found)} deleted with all their files. This cannot be undone.")
            st.button("Remove for good", key="trash_empty", on_click=_empty)


def _empty() -> None:
    st.session_state.pop(_UNDO, None)
    _try(lambda: empty_trash(state.workspace()))
