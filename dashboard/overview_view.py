"""What the Overview shows: one line for each corpus and each run, and a run brought in from a folder."""

from __future__ import annotations

import shutil
import time
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from core import BadInputError, FailureError, MirageError, Workspace
from core.files import atomic_directory, read_json, write_json
from core.hub import hub_id
from core.progress import Progress, silent
from core.reading import named_path
from core.workspace import RUN_FILES, check_name
from dashboard import state

if TYPE_CHECKING:
    from core.runs import State

DEMO = "demo"
MOST_RUNS = 200
"""Runs listed on the Overview, newest first; reading more than this would slow the first page down."""


@dataclass(frozen=True)
class CorpusLine:
    """A corpus of the workspace."""

    corpus: str
    utterances: int | None
    emotions: int | None
    speakers: int | None
    embeddings: str
    note: str


@dataclass(frozen=True)
class RunLine:
    """A run of the workspace; ``progress``, ``ua`` and ``reference`` (average recalls) in percent."""

    run: str
    status: str
    corpus: str
    progress: float
    ua: float | None
    reference: float | None
    classes: int | None
    split: str
    updated: pd.Timestamp | None


def corpora(place: Workspace) -> list[CorpusLine]:
    """One line for each corpus; a damaged one says so in its note."""
    lines = []
    for name in place.corpus_names():
        stores = ", ".join(place.encoder_names(name))
        try:
            corpus = state.corpus(name)
        except MirageError as error:
            lines.append(CorpusLine(name, None, None, None, stores, str(error)))
            continue
        note = "synthetic" if state.is_synthetic(corpus.metadata) else ""
        lines.append(CorpusLine(name, len(corpus), len(corpus.classes()), len(corpus.speakers()) or None, stores, note))
    return lines


def runs(place: Workspace) -> list[RunLine]:
    """One line for each run, newest first."""
    return [run_line(place, run_id) for run_id in place.run_ids()[:MOST_RUNS]]


def run_line(place: Workspace, run_id: str) -> RunLine:
    """The line of one run; what cannot be read is left empty."""
    current = state.run_state(run_id)
    config = state.run_config(run_id)
    result = state.run_recognition(run_id)
    return RunLine(
        run=run_id,
        status=current.status if current is not None else "unreadable",
        corpus=config.data.corpus if config is not None else "",
        progress=100 * done_share(current),
        ua=_percent(result.ua) if result is not None else None,
        reference=_percent(result.reference) if result is not None else None,
        classes=len(result.classes) if result is not None else None,
        split=result.split if result is not None else "",
        updated=moment(current.updated) if current is not None else None,
    )


def frame(lines: list[CorpusLine] | list[RunLine]) -> pd.DataFrame:
    """Lines as a table."""
    return pd.DataFrame([asdict(line) for line in lines])


def done_share(current: State | None) -> float:
    """How much of a run is done, from 0 to 1."""
    if current is None:
        return 0.0
    if current.status == "finished":
        return 1.0
    return min(1.0, current.step / current.total) if current.total else 0.0


def moment(value: object) -> pd.Timestamp | None:
    """A time as stored (seconds since 1970, or ISO 8601) as UTC, or None."""
    if value is None:
        return None
    try:
        if isinstance(value, int | float):
            return pd.Timestamp(value, unit="s", tz="UTC")
        stamp = pd.Timestamp(str(value))
        return stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")
    except (ValueError, OverflowError):
        return None


def bring_in(folder: str, place: Workspace, progress: Progress = silent) -> str:
    """Copies a run, complete or not at all, into the workspace; gives its id.

    Args:
        folder: the folder of a run, or a Hugging Face hub id (``owner/name``, ``owner/name@revision``).
        progress: told of the bytes that are fetched from the hub.

    Raises:
        BadInputError: no such folder, not a run, a missing or damaged file, a hub that cannot be reached or says no,
            or a run of that id is there already.
        FailureError: the download broke off, or the disk is full.
    """
    name = folder.strip()
    source = named_path(name)
    if source.is_dir():
        source = source.resolve()
        run_id = check_name(source.name, "run")
    elif (on_hub := hub_id(name)) is not None:
        from core.runs import find_run

        run_id = check_name(on_hub.short, "run")
        _refuse_taken(place, run_id, name)
        source = find_run(name, place, progress)
    else:
        raise BadInputError(
            f"{name}: no such folder; give the folder of a run (it holds config.yaml and model/), or its id on the hub "
            "(OWNER/NAME)"
        )
    target = place.run_folder(run_id)
    if target.exists():
        if target.resolve() == source:
            return run_id
        _refuse_taken(place, run_id, str(source))
    from core import load_run

    # Refuses links that lead out of the run, pipes and devices; what links are left lead to files of the run itself.
    load_run(source, workspace=place)
    try:
        with atomic_directory(target) as temporary:
            shutil.copytree(source, temporary, dirs_exist_ok=True, ignore=_not_of_a_run)
            _mark_finished(temporary / "state.json")
    except shutil.Error as error:
        raise FailureError(f"{source}: could not be copied ({error})") from None
    return run_id


def _mark_finished(file: Path) -> None:
    """By this file a workspace knows its runs; what others publish may lack it, or the time in it."""
    from core.runs import State

    content = read_json(file) if file.is_file() else None
    if not isinstance(content, dict):
        content = asdict(State(status="finished", step=1, total=1, message="finished"))
    if content.get("updated") is None:
        write_json(file, {**content, "updated": time.time()})


def _refuse_taken(place: Workspace, run_id: str, source: str) -> None:
    """Raises BadInputError where the workspace has a run of that id."""
    if place.run_folder(run_id).exists():
        raise BadInputError(
            f"the workspace already has a run {run_id!r}; delete it (`mirage delete {run_id}`), or rename the folder "
            f"that is to be loaded ({source}), and try again"
        )


def _not_of_a_run(folder: str, names: list[str]) -> list[str]:
    """What is no file of a run is not brought in with it."""
    return [
        name for name in names if not Path(folder, name).is_dir() and not any(fnmatch(name, kind) for kind in RUN_FILES)
    ]


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
