"""The button that makes the report of a run, and then hands it out."""

from __future__ import annotations

import html
import threading
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import streamlit as st

from core import FailureError, MirageError, Workspace, logs
from core.spreadsheets import file_name
from dashboard import state
from dashboard.report.document import report_html

_KEY = "report_made"
# It takes a core for seconds: several visitors wait for one another, and the jobs of the workspace go on.
_ONE = threading.Lock()
_FILES = (
    *("config.yaml", "environment.json", "evaluation.json", "events.jsonl", "information.json", "quality.json"),
    *("features/*", "model/**/*", "projection/*"),
)


@dataclass(frozen=True)
class _Asked:
    """The last report that this session asked for: what it is made of, and its size in bytes once it is made."""

    of: Any
    size: int | None = None


def show(run_id: str, *, key: str) -> None:
    """A button that makes the report; once it is made, the one that downloads it. Nothing for an unfinished run.

    Args:
        key: tells the buttons of a page apart.
    """
    current = state.run_state(run_id)
    if current is None or current.status != "finished":
        return
    with state.faults():
        of = _made_of(run_id)
        held = st.session_state.get(_KEY)
        if isinstance(held, _Asked) and held.of == of:
            st.download_button(
                f"Download the report ({_size(held) / 1e6:.1f} MB)",
                partial(_content, run_id, of),
                file_name=file_name(f"{run_id}-report", "html"),
                mime="text/html",
                icon=":material/download:",
                key=f"{key}_report_file",
                on_click="ignore",
            )
        elif st.button(
            "Make a report",
            icon=":material/description:",
            key=f"{key}_report",
            help="One HTML file that anybody can open without MIRAGE or a network: what was done, how much it helped, "
            "the map, clips, and a lab that generates.",
        ):
            # Kept before it is made: where the page is drawn anew meanwhile, that goes on with it.
            st.session_state[_KEY] = _Asked(of)
            st.rerun()


def _size(held: _Asked) -> int:
    if held.size is not None:
        return held.size
    try:
        with st.spinner("Making the report"):
            size = len(_report(str(state.workspace().root), held.of))
    except MirageError:
        # The next press tries again.
        del st.session_state[_KEY]
        raise
    st.session_state[_KEY] = replace(held, size=size)
    return size


def _content(run_id: str, of: Any) -> bytes:
    """The file that is handed out: the report, or, where it must not be handed out any more, a page of one line."""
    try:
        if _made_of(run_id) == of:
            return _report(str(state.workspace().root), of)
        line = "The run, or what may be shown of it, has changed since this report was made. Make it again."
    except MirageError as error:
        # Nobody sees it otherwise: it is raised in a thread of the server, which tells the browser nothing of it.
        logs.fault(error, level="warning")
        line = str(error)
    return f'<!DOCTYPE html><meta charset="utf-8"><title>No report</title><p>{html.escape(line)}</p>\n'.encode()


@st.cache_resource(max_entries=2, ttl="1h", show_spinner=False)
def _report(root: str, of: Any) -> bytes:
    """The report of ``_made_of``, for all sessions."""
    run_id = of[0]
    with _ONE:
        content = report_html(state.run(run_id), Workspace(root)).encode("utf-8")
    # A switch that was changed while it was made may have come too late for a part of it.
    if _made_of(run_id) != of:
        raise FailureError(f"run {run_id!r} changed while its report was made; make it again")
    return content


def _made_of(run_id: str) -> Any:
    """What changes where the report would be another one; a switch of the corpus's licence among it."""
    place, run = state.workspace(), state.run(run_id)
    files = state.stamp(place.run_folder(run_id), *_FILES) + state.stamp(place.benchmarks, "*/results.json")
    corpus = place.corpus_file(run.corpus)
    allowed = run.permissions
    return run_id, allowed.audio, allowed.transcripts, files, state.stamp(corpus.parent, corpus.name)
