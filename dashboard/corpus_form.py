"""The form of the Corpora page that reads a corpus from disk."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.errors import BadInputError
from core.limits import read_limits
from core.pairs import read_pairs, read_ranges
from core.progress import Progress
from core.sandbox import refuse_bad_table
from core.spreadsheets import file_name
from dashboard import state, theme
from dashboard.corpus_panel import problem_table

if TYPE_CHECKING:
    from core.corpora import Ingested, Problem

PAIRS: dict[str, tuple[str, Callable[[str, list[str]], Any]]] = {
    "mapping": ("Columns with other names", read_pairs),
    "labels": ("Emotions with other names", read_pairs),
    "scales": ("Scales of arousal, valence and dominance", read_ranges),
}
"""Options of loaders that are written as pairs: what the form calls them, and who reads them."""
TABLES = (".csv", ".tsv", ".txt")
CHECKS = {
    "auto": "all of it; of corpora over 50,000 utterances pieces",
    "whole": "all of it",
    "pieces": "its beginning, middle and end",
}
"""``check`` of ``ingest``, and what it means."""


def show_add() -> None:
    """The form that reads a corpus from disk."""
    from core.corpora import LOADERS

    kinds = list(LOADERS)
    kind = st.selectbox(
        "Kind of corpus",
        kinds,
        index=kinds.index("folder"),
        format_func=lambda name: LOADERS[name].title,
        key="add_kind",
    )
    loader = LOADERS[kind]
    st.caption(f"{loader.description} Expected: {loader.layout}. Licence: {loader.licence}.")
    needs_path = loader.home is None
    path = ""
    if needs_path:
        path = st.text_input("Folder on this machine", key="add_path", placeholder="/data/my-corpus")
    name = st.text_input(
        "Name in the workspace", key="add_name", placeholder="left empty: the kind's or the folder's name"
    )
    options: dict[str, Any] = {}
    upload = None
    if "table" in loader.options:
        upload = st.file_uploader(
            "Table of the clips (CSV or TSV)",
            type=["csv", "tsv", "txt"],
            max_upload_size=read_limits().table_mb,
            key="add_upload",
        )
        table = st.text_input("... or its path", key="add_table", placeholder="labels.csv", disabled=upload is not None)
        options["table"] = table or None
    if "mapping" in loader.options:
        options["mapping"] = st.text_input(
            PAIRS["mapping"][0],
            key="add_mapping",
            placeholder="emotion=label, speaker=actor, audio=file"
            if "table" in loader.options
            else "emotion=table.column",
            help="Needed are audio (path in the folder) and emotion; speaker is needed for speaker-independent tests. "
            "Common names are found by themselves.",
        )
    if "labels" in loader.options:
        options["labels"] = st.text_input(
            PAIRS["labels"][0],
            key="add_labels",
            placeholder="wut=angry, unklar=none",
            help="theirs=ours; none leaves such rows without an emotion.",
        )
    if "scales" in loader.options:
        options["scales"] = st.text_input(
            PAIRS["scales"][0],
            key="add_scales",
            placeholder="arousal=1:7, valence=5:1",
            help="Lowest:highest value in the table; the other way round turns it over. Left empty: from 0 to 1.",
        )
    options["check"] = st.selectbox(
        "Decode of each clip",
        list(CHECKS),
        format_func=CHECKS.__getitem__,
        key="add_check",
        help="Reading all of a large corpus takes hours on a slow disk; embedding reads every sample in any case.",
    )
    replace = st.toggle("Replace a corpus of the same name", key="add_replace")
    if st.button("Read the corpus", type="primary", icon=":material/library_add:", disabled=needs_path and not path):
        st.session_state["added"] = st.session_state["refused"] = None
        with state.faults():
            _read(kind, path or None, name.strip() or None, replace, upload, options)
    _show_refused()
    _show_added()


def _read(*arguments: Any) -> None:
    """Reads the corpus and keeps what became of it for the runs of the page that follow."""
    from core.corpora import NothingUsableError

    try:
        done = _ingest(*arguments)
    except NothingUsableError as error:
        st.session_state["refused"] = {"message": str(error), **_left_out(error.problems)}
        return
    st.session_state["added"] = {
        "name": done.corpus.name,
        "rows": len(done.corpus),
        "remarks": [*(done.published.lines() if done.published is not None else ()), *done.remarks],
        **_left_out(done.problems),
    }


def _left_out(problems: list[Problem]) -> dict[str, Any]:
    return {"problems": [problem.to_dict() for problem in problems[:1000]], "total": len(problems)}


def _ingest(
    kind: str, path: str | None, name: str | None, replace: bool, upload: Any, options: dict[str, Any]
) -> Ingested:
    from core.corpora import ingest

    arguments = {key: value for key, value in options.items() if value}
    for option, (label, read) in PAIRS.items():
        if option in arguments:
            arguments[option] = read(f"{label}:", [arguments[option]])
    if upload is None and arguments.get("table"):
        _refuse_other_files(str(arguments["table"]))
    bar = st.progress(0.0, text="Looking for clips")
    try:
        with tempfile.TemporaryDirectory(prefix="mirage-") as folder:
            if upload is not None:
                table = Path(folder) / "table.csv"
                content = upload.getvalue()
                refuse_bad_table(content, theme.visible(upload.name))
                table.write_bytes(content)
                arguments["table"] = str(table)
            return ingest(
                kind,
                path,
                name=name,
                workspace=state.workspace(),
                replace=replace,
                # Whoever may only look at a page must not get at what is kept from pages by reading it anew.
                refuse_licensed=True,
                progress=by_percent(bar.progress),
                **arguments,
            )
    finally:
        bar.empty()


def _refuse_other_files(table: str) -> None:
    """What is said of a row quotes it: a page reads tables, and no other file that the server can read."""
    try:
        real = Path(table).expanduser().resolve()
    except (OSError, RuntimeError, ValueError):
        return
    if real.suffix.lower() not in TABLES:
        raise BadInputError(f"{table}: a table that a page reads ends in {', '.join(TABLES)}; rename a copy of it")


def by_percent(show: Callable[..., Any]) -> Progress:
    """Tells ``show(share, text=...)`` of the first call, of every percent and of the end.

    A message for each of 100,000 clips would flood the browser; which counts are told is for the caller to choose.
    """
    shown = -1

    def progress(done: int, total: int, message: str = "") -> None:
        nonlocal shown
        percent = 100 * done // total if total else 0
        if percent != shown:
            shown = percent
            share = min(1.0, done / total) if total else 0.0
            show(share, text=f"{message or 'reading'}: {done:,} of {total:,}")

    return progress


def _show_refused() -> None:
    refused = st.session_state.get("refused")
    if not refused:
        return
    state.show_fault(BadInputError(refused["message"]))
    if refused["problems"]:
        with st.container(border=True):
            st.markdown(f"**None of {refused['total']:,} files or rows could be used**")
            problem_table(refused["problems"], key="refused_problems", file_name="problems.csv")


def _show_added() -> None:
    added = st.session_state.get("added")
    if not added:
        return
    with st.container(border=True):
        st.badge(f"Read {added['rows']:,} utterances", icon=":material/check_circle:", color="green")
        # As plain text: remarks quote names from data.
        for remark in added["remarks"]:
            st.text(remark)
        st.markdown("Next, make its embeddings, then train:")
        st.code(
            f"mirage embed {added['name']} --audio-encoder ID_OR_PATH\nmirage train {added['name']}", language="bash"
        )
        st.button("Show this corpus", on_click=_show_corpus, args=(added["name"],), icon=":material/arrow_forward:")
        if added["problems"]:
            st.markdown(f"**{added['total']:,} files or rows were left out**")
            problem_table(
                added["problems"], key="added_problems", file_name=file_name(f"{added['name']}-problems", "csv")
            )


def _show_corpus(name: str) -> None:
    st.session_state["corpus"] = name
    st.session_state["corpus_view"] = "Counts"
    st.session_state["added"] = None
