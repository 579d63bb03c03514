"""The button that makes the report of a run, and then hands it out."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import streamlit as st

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
class _Made:
    """The last report of this session, and what it was made of."""

    of: Any
    content: bytes


def show(run_id: str, *, key: str) -> None:
    """A button that makes the report; once it is made, the one that downloads it. Nothing for an unfinished run.

    Args:
        key: tells the buttons of a page apart.
    """
    current = state.run_state(run_id)
    if current is None or current.status != "finished":
        return
    held = st.session_state.get(_KEY)
    with state.faults():
        if isinstance(held, _Made) and held.of == _made_of(run_id):
            st.download_button(
                f"Download the report ({len(held.content) / 1e6:.1f} MB)",
                held.content,
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
            with st.spinner("Making the report"), _ONE:
                content = report_html(state.run(run_id), state.workspace()).encode("utf-8")
            st.session_state[_KEY] = _Made(_made_of(run_id), content)
            st.rerun()


def _made_of(run_id: str) -> Any:
    """What changes where the report would be another one; a switch of the corpus's licence among it."""
    place, run = state.workspace(), state.run(run_id)
    files = state.stamp(place.run_folder(run_id), *_FILES) + state.stamp(place.benchmarks, "*/results.json")
    corpus = place.corpus_file(run.corpus)
    allowed = run.permissions
    return run_id, allowed.audio, allowed.transcripts, files, state.stamp(corpus.parent, corpus.name)
