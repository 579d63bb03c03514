"""The workspace, the selected run and cached loaders: what every page needs to know.

Everything that is expensive sits in bounded caches keyed by the files' times, so that a changed file is read again and
two sessions share one copy. Session state holds names only, never data or models.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from core import Config, MirageError, Workspace, load_config, logs
from core.files import read_json, write_json
from dashboard import address, gate, recognition
from dashboard.recognition import Recognition
from dashboard.theme import plain

if TYPE_CHECKING:
    import pandas as pd

    from core import Corpus, Embeddings, LoadedRun
    from core.runs import EventReader, State

RUN_KEY = "run"
_NOTE = "note"

Stamp = tuple[tuple[str, int, int], ...]


def workspace() -> Workspace:
    """The workspace of ``MIRAGE_HOME`` (the launcher sets it)."""
    return Workspace()


@contextmanager
def faults() -> Iterator[None]:
    """Shows what goes wrong inside as its one clear line instead of a traceback.

    Use it around loaders: ``with faults(): run = load(run_id)``; what follows on the page then needs no ``run``.
    """
    try:
        yield
    except MirageError as error:
        show_fault(error)


def show_fault(error: BaseException) -> None:
    """One clear line on the page, as plain text: a message may quote names from data."""
    logs.fault(error, level="warning")
    with st.container(border=True):
        st.badge("Not possible", icon=":material/error:", color="red")
        st.text(str(error))


def note(message: str, *, fault: bool = False) -> None:
    """A short confirmation, or what was not possible, shown on the next run of the script."""
    st.session_state[_NOTE] = (message, fault)


def show_note() -> None:
    """Shows and forgets what ``note`` was told."""
    message, fault = st.session_state.pop(_NOTE, ("", False))
    if message:
        icon = ":material/error:" if fault else ":material/check_circle:"
        st.toast(plain(message), icon=icon, duration="long" if fault else "short")


# --- the selected run, kept in the URL as ?run=... ---------------------------------------------------------------


def run_ids() -> list[str]:
    """The runs of the workspace, newest first."""
    return workspace().run_ids()


def selected_run() -> str | None:
    """The id of the selected run, or None where there is no run at all."""
    chosen = st.session_state.get(RUN_KEY)
    ids = run_ids()
    return chosen if chosen in ids else (ids[0] if ids else None)


def select_run(run_id: str) -> None:
    """Selects a run. Inside a callback it holds at once, elsewhere from the next run of the script on."""
    address.ask_for(RUN_KEY, run_id)


def run_picker() -> str | None:
    """The sidebar's run selector; the application draws it once for all pages. The choice is ``?run=`` in the URL."""
    ids = run_ids()
    if not ids:
        return None
    return address.selector(
        "Run",
        ids,
        key=RUN_KEY,
        default=lambda: default_run(ids),
        missing="The run of the link is not in this workspace.",
        help="The run that Aligned space, Latent lab and Information show; it is part of the page's address.",
    )


def default_run(ids: list[str]) -> str:
    """The newest finished run, else the newest."""
    for run_id in ids:
        state = run_state(run_id)
        if state is not None and state.status == "finished":
            return run_id
    return ids[0]


def show_run_status() -> None:
    """Under the selector: the status of the selected run, and whether it stands on synthetic data."""
    run_id = selected_run()
    if run_id is None:
        return
    state = run_state(run_id)
    with st.container(horizontal=True, gap="xsmall"):
        status_badge(state.status if state is not None else "unreadable")
        if run_is_synthetic(run_id):
            st.badge("synthetic data", color="orange")


STATUS_LOOKS: dict[str, tuple[str, str]] = {
    "finished": ("green", ":material/check_circle:"),
    "running": ("blue", ":material/play_circle:"),
    "queued": ("blue", ":material/schedule:"),
    "stopped": ("orange", ":material/pause_circle:"),
    "failed": ("red", ":material/error:"),
    "lost": ("red", ":material/help:"),
    "unreadable": ("red", ":material/help:"),
}
ACTIVE = ("queued", "running")


def status_badge(status: str) -> None:
    """The status of a job, the same on every page."""
    colour, icon = STATUS_LOOKS.get(status, ("gray", ":material/help:"))
    st.badge(status, icon=icon, color=colour)  # type: ignore[arg-type]


# --- where the person left, kept in the workspace for the next time ----------------------------------------------


def remember(page: str) -> None:
    """Keeps the page and the run that are looked at; the Overview offers to go on there."""
    # Where one person was is nobody else's business, and not where the others left.
    if page in ("", "overview") or gate.is_on():
        return
    place = {"page": page, "run": selected_run()}
    if st.session_state.get("remembered") == place:
        return
    st.session_state["remembered"] = place
    # A read-only workspace must not keep anybody from looking at it.
    with suppress(MirageError, OSError):
        write_json(workspace().root / "dashboard.json", place)


def left_at() -> dict[str, str | None] | None:
    """``{"page", "run"}`` as last remembered; None at the first visit, and where several people use the dashboard."""
    if gate.is_on():
        return None
    try:
        place = read_json(workspace().root / "dashboard.json")
    except MirageError:
        return None
    if not isinstance(place, dict) or not isinstance(place.get("page"), str):
        return None
    run_id = place.get("run")
    return {"page": place["page"], "run": run_id if isinstance(run_id, str) else None}


# --- cached loaders ----------------------------------------------------------------------------------------------


def stamp(folder: Path, *patterns: str) -> Stamp:
    """Names, times and sizes of the files that match: the key of a cache entry."""
    found = []
    for pattern in patterns:
        for path in sorted(folder.glob(pattern)):
            with _vanishing():
                status = path.stat()
                found.append((str(path.relative_to(folder)), status.st_mtime_ns, status.st_size))
    return tuple(found)


def corpus(name: str) -> Corpus:
    """A corpus of the workspace as it may be shown, cached until its file changes; see ``core.corpora.Permissions``.

    Raises:
        BadInputError: no such corpus, or a damaged table.
    """
    place = workspace()
    file = place.corpus_file(name)
    return _corpus(name, str(place.root), stamp(file.parent, file.name))


def run(run_id: str) -> LoadedRun:
    """A run with its networks, cached until its files change; the last four stay in memory.

    Raises:
        BadInputError: no such run, or one of its files is missing or damaged.
    """
    folder = workspace().run_folder(run_id)
    files = stamp(folder, "config.yaml", "model/**/*", "features/*", "projection/*", "*.json")
    # state.json carries the heartbeat and changes every second; it says nothing about the model.
    files = tuple(entry for entry in files if entry[0] != "state.json")
    return _run(run_id, str(workspace().root), files)


def run_state(run_id: str) -> State | None:
    """The state of a run, or None where it cannot be read."""
    from core.runs import read_state

    try:
        return read_state(workspace().run_folder(run_id))
    except MirageError:
        return None


def events(run_id: str) -> pd.DataFrame:
    """The measured values of a run: columns time, stage, step, name, value."""
    return _events(str(workspace().run_folder(run_id))).table()


def embeddings(corpus_name: str, encoder: str) -> Embeddings:
    """An embedding store of the workspace, cached until it changes."""
    folder = workspace().embeddings_folder(corpus_name, encoder)
    return _embeddings(str(folder), stamp(folder, "*"))


def run_config(run_id: str) -> Config | None:
    """The configuration of a run, or None where it cannot be read."""
    folder = workspace().run_folder(run_id)
    try:
        return _config(str(folder / "config.yaml"), stamp(folder, "config.yaml"))
    except MirageError:
        return None


def is_synthetic(metadata: dict[str, Any]) -> bool:
    """Whether a corpus is marked as made by machine."""
    from core.corpora import is_synthetic

    return is_synthetic(metadata)


def run_is_synthetic(run_id: str) -> bool:
    """Whether a run was trained on synthetic speech, as far as this workspace and the run itself know."""
    config = run_config(run_id)
    if config is None:
        return False
    try:
        if config.data.corpus in workspace().corpus_names():
            return is_synthetic(corpus(config.data.corpus).metadata)
        folder = workspace().run_folder(run_id)
        return is_synthetic(_about(str(folder), stamp(folder, "features/utterances.parquet")))
    except MirageError:
        return False


def run_recognition(run_id: str) -> Recognition | None:
    """The recognition figures of a run, or None where they are not there yet or not readable."""
    try:
        return recognition.read(run_json(run_id, "evaluation.json"))
    except MirageError:
        return None


def stores(corpus_name: str) -> dict[str, str]:
    """The embedding stores of a corpus and what they hold: name to ``audio`` or ``text``."""
    found = {}
    for name in workspace().encoder_names(corpus_name):
        try:
            meta = read_json(workspace().embeddings_folder(corpus_name, name) / "meta.json")
        except MirageError:
            continue
        if isinstance(meta, dict):
            found[name] = str(meta.get("modality", "audio"))
    return found


def run_json(run_id: str, name: str) -> Any:
    """A JSON file of a run (``information.json``, ``evaluation.json``), or None where it is not there (yet)."""
    path = workspace().run_folder(run_id) / name
    return read_json(path) if path.is_file() else None


@st.cache_resource(max_entries=8, show_spinner="Reading the corpus")
def _corpus(name: str, root: str, files: Stamp) -> Corpus:
    from core import load_corpus
    from core.corpora import for_people

    return for_people(load_corpus(name, workspace=Workspace(root)))


@st.cache_resource(max_entries=4, show_spinner="Loading the run")
def _run(run_id: str, root: str, files: Stamp) -> LoadedRun:
    from core import load_run

    return load_run(run_id, workspace=Workspace(root))


@st.cache_resource(max_entries=64, show_spinner=False)
def _config(path: str, files: Stamp) -> Config:
    return load_config(path)


@st.cache_resource(max_entries=64, show_spinner=False)
def _about(folder: str, files: Stamp) -> dict[str, str]:
    from core.runs import read_about

    return read_about(Path(folder))


# One reader for all sessions that watch a run: of what a training adds, each line is read once.
@st.cache_resource(max_entries=16, show_spinner=False)
def _events(folder: str) -> EventReader:
    from core.runs import EventReader

    return EventReader(folder)


@st.cache_resource(max_entries=4, show_spinner="Opening the embeddings")
def _embeddings(folder: str, files: Stamp) -> Embeddings:
    from core import Embeddings

    return Embeddings.open(Path(folder))


@contextmanager
def _vanishing() -> Iterator[None]:
    """A job may replace a file between listing and reading it."""
    try:
        yield
    except FileNotFoundError:
        return
