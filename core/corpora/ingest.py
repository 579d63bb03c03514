"""Reads a corpus from disk into the workspace; what cannot be used is named and left out."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core.corpora.audio import AudioError, read_native
from core.corpora.drafts import Draft, Loader, Row, check_folder
from core.corpora.loaders import LOADERS
from core.corpora.paths import inside, path_fault
from core.corpora.problems import Problem, printable
from core.corpora.store import Corpus, load_corpus, save_corpus
from core.corpora.table import build_table
from core.errors import BadInputError
from core.progress import Progress, silent
from core.workspace import Workspace, check_name

_KEPT_PROBLEMS = 1000
# Below -80 dB of full scale nothing can be heard.
_SILENCE = 1e-4
_COPY_AGAIN = "repair or remove it, then ingest again"


@dataclass(frozen=True, eq=False)
class Ingested:
    """The corpus as stored, every file or row that was left out, and remarks on the corpus as a whole."""

    corpus: Corpus
    problems: list[Problem]
    remarks: list[str] = field(default_factory=list)
    file: Path = field(default_factory=Path)


def ingest(
    loader: str,
    path: str | Path | None = None,
    *,
    name: str | None = None,
    workspace: Workspace | None = None,
    replace: bool = False,
    progress: Progress = silent,
    **options: Any,
) -> Ingested:
    """Reads a corpus with one of ``LOADERS``, decodes every clip, and stores the utterance table.

    Args:
        path: the corpus folder; only ``demo`` has one of its own.
        name: in the workspace; by default the loader's name, for ``folder`` the name of the folder.
        replace: also replace a corpus of that name that came from somewhere else.
        options: of the loader (``folder``: table, mapping, labels, scales).

    Raises:
        BadInputError: unknown loader, unusable folder or table, a name taken by another corpus, no usable utterance.
    """
    chosen = find_loader(loader)
    unknown = sorted(set(options) - set(chosen.options))
    if unknown:
        raise BadInputError(f"the corpus {loader} takes no {', '.join(unknown)}; that is for `mirage ingest folder`")
    if path is None:
        if chosen.home is None:
            raise BadInputError(f"where is the corpus? say `mirage ingest {loader} PATH` (layout: {chosen.layout})")
        path = chosen.home()
    root = check_folder(Path(path).expanduser())
    name = check_name(name or _default_name(chosen, root), "corpus")
    workspace = workspace or Workspace()
    if not replace:
        _refuse_other(name, chosen, root, workspace)
    draft = chosen.read(root, **options)
    rows, seconds, problems = _usable(draft, progress)
    if not rows:
        first = f"; first: {problems[0]}" if problems else f" (expected layout: {chosen.layout})"
        raise BadInputError(f"{printable(str(root))}: no usable utterance{first}")
    corpus = Corpus(
        name=name,
        root=draft.root,
        table=build_table(row.values for row in rows),
        metadata={
            "loader": chosen.name,
            "title": chosen.title,
            "licence": chosen.licence,
            "audio_allowed": chosen.audio_allowed,
            "scales": draft.scales,
            "seconds": round(seconds, 3),
            "problems": [problem.to_dict() for problem in problems[:_KEPT_PROBLEMS]],
            "problems_total": len(problems),
        },
    )
    file = save_corpus(corpus, workspace)
    return Ingested(load_corpus(file), problems, draft.remarks + _remarks(corpus), file)


def find_loader(name: str) -> Loader:
    """The loader called ``name``.

    Raises:
        BadInputError: there is none.
    """
    try:
        return LOADERS[name]
    except KeyError:
        known = ", ".join(LOADERS)
        raise BadInputError(
            f"there is no corpus loader {name!r}; there are {known} (`mirage ingest --list`); "
            "any other corpus can be read with `mirage ingest folder PATH --table FILE`"
        ) from None


def _default_name(loader: Loader, root: Path) -> str:
    if loader.name != "folder":
        return loader.name
    clean = re.sub(r"[^A-Za-z0-9._@+-]+", "-", root.name).strip("-._@+")
    return clean or "corpus"


def _refuse_other(name: str, loader: Loader, root: Path, workspace: Workspace) -> None:
    file = workspace.corpus_file(name)
    if not file.exists():
        return
    try:
        old = load_corpus(file)
    except BadInputError:
        raise BadInputError(f"{file}: a damaged corpus of this name is there; use --name or --replace") from None
    # A corpus that comes with MIRAGE is the same wherever MIRAGE is installed.
    same_place = loader.home is not None or old.root == root
    if old.metadata.get("loader") != loader.name or not same_place:
        raise BadInputError(
            f"the workspace has another corpus {name!r} (from {printable(str(old.root))}); use --name or --replace"
        )


def _usable(draft: Draft, progress: Progress) -> tuple[list[Row], float, list[Problem]]:
    """The rows that can be used, the seconds they last, and the problems of the others."""
    problems = list(draft.problems)
    rows: list[Row] = []
    seen: dict[str, Row] = {}
    for row in draft.rows:
        key = row.values["utterance_id"]
        if key in seen:
            first = seen[key]
            place = first.file if first.number is None else f"row {first.number}"
            problems.append(
                Problem(
                    row.file, row.number, f"the utterance id {key!r} is already taken by {place}", "give it its own"
                )
            )
            continue
        seen[key] = row
        rows.append(row)
    good: list[Row] = []
    seconds = 0.0
    for done, (row, result) in enumerate(_checked(draft.root, rows), start=1):
        if isinstance(result, Problem):
            problems.append(result)
        else:
            good.append(row)
            seconds += result
        progress(done, len(rows), "checking audio")
    # Loaders, double ids and audio each have their turn above; people read a table from top to bottom.
    problems.sort(key=lambda problem: problem.row or 0)
    return good, seconds, problems


def _checked(root: Path, rows: list[Row]) -> Iterator[tuple[Row, float | Problem]]:
    """Decodes every clip, several at a time (libsndfile works without the interpreter lock)."""
    pool = ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1), thread_name_prefix="mirage-ingest")
    try:
        yield from zip(rows, pool.map(lambda row: _check(root, row), rows), strict=True)
    finally:
        # Ctrl-C must not wait for the clips that are still queued.
        pool.shutdown(wait=True, cancel_futures=True)


def _check(root: Path, row: Row) -> float | Problem:
    audio = row.values.get("audio")
    if audio is None:
        return Problem(row.file, row.number, "there is no audio", "fill in the path of the clip")
    fault = path_fault(audio)
    if fault is not None:
        return Problem(row.file, row.number, f"{audio!r}: {fault}", "give a path relative to the corpus folder")
    # A problem of a table's row names the table; the clip is then part of the reason.
    prefix = "" if row.number is None else f"{audio}: "
    try:
        samples, rate = read_native(inside(root, audio), row.values.get("start"), row.values.get("end"))
    except AudioError as error:
        return Problem(row.file, row.number, prefix + error.reason)
    except BadInputError as error:
        return Problem(row.file, row.number, str(error))
    if float(np.abs(samples).max()) < _SILENCE:
        return Problem(row.file, row.number, prefix + "nothing can be heard in it (digital silence)", _COPY_AGAIN)
    return len(samples) / rate


def _remarks(corpus: Corpus) -> list[str]:
    remarks = []
    classes, speakers = corpus.classes(), corpus.speakers()
    if len(classes) < 2:
        what = f"its only emotion is {classes[0]}" if classes else "no utterance has an emotion"
        remarks.append(f"{what}: training needs at least two emotions")
    if len(speakers) < 2:
        what = f"its only speaker is {speakers[0]}" if speakers else "no utterance names its speaker"
        remarks.append(f"{what}: testing on other speakers needs at least two")
    else:
        without = int(corpus.table["speaker"].isna().sum())
        if without:
            remarks.append(f"{without} utterances name no speaker: they are not used in folds")
    return remarks
