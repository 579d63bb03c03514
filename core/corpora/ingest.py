"""Reads a corpus from disk into the workspace; what cannot be used is named and left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from core.corpora.checking import Depth, check_clips, depth_for
from core.corpora.contract import draft_fault
from core.corpora.drafts import Draft, Loader, Row, check_folder
from core.corpora.loaders import BUILT_IN, LOADERS
from core.corpora.paths import table_path, user_path
from core.corpora.permissions import Permissions, inherited, refuse_restricted
from core.corpora.problems import NothingUsableError, Problem, printable
from core.corpora.published import Comparison, compare
from core.corpora.source import refuse_other, refuse_other_source, source_of
from core.corpora.store import Corpus, load_corpus, save_corpus
from core.corpora.table import build_table
from core.errors import BadInputError, FailureError, MirageError
from core.progress import Progress, silent
from core.workspace import Workspace, check_name

_KEPT_PROBLEMS = 1000


@dataclass(frozen=True, eq=False)
class Ingested:
    """The corpus as stored, every file or row that was left out, and remarks on the corpus as a whole.

    ``published`` says how it compares with the counts its makers published; None where there are none.
    """

    corpus: Corpus
    problems: list[Problem]
    remarks: list[str] = field(default_factory=list)
    file: Path = field(default_factory=Path)
    published: Comparison | None = None


@dataclass(frozen=True)
class _Usable:
    """The rows that can be used, those whose clip cannot, the seconds of the first and the problems of all others."""

    rows: list[Row]
    unusable: list[Row]
    seconds: float
    problems: list[Problem]


def ingest(
    loader: str,
    path: str | Path | None = None,
    *,
    name: str | None = None,
    workspace: Workspace | None = None,
    replace: bool = False,
    check: Depth = "auto",
    audio: bool = True,
    transcripts: bool = True,
    refuse_licensed: bool = False,
    progress: Progress = silent,
    **options: Any,
) -> Ingested:
    """Reads a corpus with one of ``LOADERS``, looks at every clip, and stores the utterance table.

    Args:
        path: the corpus folder; only ``demo`` has one of its own.
        name: in the workspace; by default the loader's name, for ``folder`` and ``audformat`` that of the folder.
        replace: also replace a corpus of that name that came from another folder, table, mapping or labels.
        check: decode clips ``whole``, or only ``pieces`` of each; ``auto`` takes pieces from 50,000 utterances on.
        audio, transcripts: whether people may hear the clips and read the transcripts. What the loader, the corpus
            that had this name, or another one of the same folder or table does not allow stays forbidden.
        refuse_licensed: refuse data that another corpus keeps from people, instead of keeping it from them here too.
        options: of the loader (``folder``: table, mapping, labels, scales).

    Raises:
        BadInputError: unknown loader, unusable folder or table, a name taken by another corpus.
        NothingUsableError: there is no usable utterance; it carries what is wrong with each.
    """
    if check not in get_args(Depth):
        raise BadInputError(f"--check {check}: choose {', '.join(get_args(Depth))}")
    chosen = find_loader(loader)
    unknown = sorted(set(options) - set(chosen.options))
    if unknown:
        raise BadInputError(f"the corpus {loader} takes no {', '.join(map(_with_takers, unknown))}")
    if path is None:
        path = _home(chosen)
    root = check_folder(user_path(path))
    name = check_name(name or _default_name(chosen, root), "corpus")
    workspace = workspace or Workspace()
    if refuse_licensed:
        table = options.get("table")
        refuse_restricted(name, [root, *([table_path(root, table)] if table else [])], workspace)
    before = None if replace else refuse_other(name, chosen, root, workspace)
    draft = _read(chosen, root, options)
    # Only now: an option that is a slip of the pen is to be told as such.
    source = source_of(root, options)
    refuse_other_source(name, before, source)
    depth = depth_for(check, len(draft.rows))
    allowed, said_by = _allowed(chosen, Permissions(audio, transcripts), name, draft.root, source, workspace)
    usable = _usable(draft, depth, progress)
    if not usable.rows:
        first = f"; first: {usable.problems[0]}" if usable.problems else f" (expected layout: {chosen.layout})"
        raise NothingUsableError(f"{printable(str(root))}: no usable utterance{first}", usable.problems)
    table = build_table(row.values for row in usable.rows)
    published = compare(
        chosen.name, table, [row.values for row in usable.unusable], labelled=len(usable.rows) + len(usable.unusable)
    )
    corpus = Corpus(
        name=name,
        root=draft.root,
        table=table,
        metadata={
            "loader": chosen.name,
            "title": chosen.title,
            "licence": chosen.licence,
            **allowed.to_metadata(),
            "source": source,
            "scales": draft.scales,
            "seconds": round(usable.seconds, 3),
            "checked": depth,
            "published": None if published is None else published.to_dict(),
            "problems": [problem.to_dict() for problem in usable.problems[:_KEPT_PROBLEMS]],
            "problems_total": len(usable.problems),
        },
    )
    file = save_corpus(corpus, workspace)
    remarks = draft.remarks + _remarks(corpus) + _forbidden(allowed, said_by)
    if depth == "pieces":
        remarks.append("of each clip the beginning, middle and end were decoded; --check whole decodes all of it")
    return Ingested(load_corpus(file), usable.problems, remarks, file, published)


def find_loader(name: str) -> Loader:
    """The loader called ``name``.

    Raises:
        BadInputError: there is none.
    """
    try:
        return LOADERS[name]
    except KeyError:
        known = ", ".join(LOADERS)
        if name in LOADERS.faults():
            raise BadInputError(LOADERS.faults()[name]) from None
        raise BadInputError(
            f"there is no corpus loader {name!r}; there are {known} (`mirage ingest --list`); "
            "any other corpus can be read with `mirage ingest folder PATH --table FILE`"
        ) from None


def _allowed(
    loader: Loader, wanted: Permissions, name: str, root: Path, source: dict[str, Any], workspace: Workspace
) -> tuple[Permissions, list[str]]:
    """What people may hear and read of the corpus: what the loader, the caller and other corpora all allow."""
    places = [root, *([Path(source["table"]["path"])] if "table" in source else [])]
    others, said_by = inherited(name, places, workspace)
    return Permissions(loader.audio_allowed, loader.transcript_allowed) & wanted & others, said_by


def _forbidden(allowed: Permissions, said_by: list[str]) -> list[str]:
    parts = [
        what
        for what, yes in (("clips are not played", allowed.audio), ("transcripts are not shown", allowed.transcripts))
        if not yes
    ]
    if not parts:
        return []
    of = f" (as of {', '.join(said_by)})" if said_by else ""
    return [f"on pages, {' and '.join(parts)}{of}; `mirage corpus NAME` changes that"]


def _with_takers(option: str) -> str:
    """The option, and in brackets the corpora that take it."""
    takers = sorted(loader.name for loader in LOADERS.values() if option in loader.options)
    return f"{option} ({', '.join(takers) or 'no corpus'} {'do' if len(takers) > 1 else 'does'})"


def _default_name(loader: Loader, root: Path) -> str:
    if not loader.named_by_folder:
        return loader.name
    clean = re.sub(r"[^A-Za-z0-9._@+-]+", "-", root.name).strip("-._@+")
    return clean or "corpus"


def _home(loader: Loader) -> Path:
    if loader.home is None:
        raise BadInputError(f"where is the corpus? say `mirage ingest {loader.name} PATH` (layout: {loader.layout})")
    with _of_another_package(loader):
        return Path(loader.home())


def _read(loader: Loader, root: Path, options: dict[str, Any]) -> Draft:
    """What the loader found; that of a loader of another package is looked at before it is used."""
    with _of_another_package(loader):
        draft = loader.read(root, **options)
        fault = None if loader.name in BUILT_IN else draft_fault(draft)
    if fault is not None:
        raise FailureError(printable(f"the corpus loader {loader.name} {fault}; tell its author"))
    return draft


@contextmanager
def _of_another_package(loader: Loader) -> Iterator[None]:
    """A loader of another package must not end in a traceback, nor end the program."""
    try:
        yield
    except MirageError:
        raise
    except (Exception, SystemExit) as error:
        if loader.name in BUILT_IN:
            raise
        raise FailureError(
            f"the corpus loader {loader.name} of another package failed ({type(error).__name__}: {error}); "
            "tell its author"
        ) from error


def _usable(draft: Draft, depth: Depth, progress: Progress) -> _Usable:
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
    unusable: list[Row] = []
    seconds = 0.0
    # A bar that moves a thousand times is smooth; one that moves 264,705 times costs seconds.
    step = max(1, len(rows) // 1000)
    for done, (row, result) in enumerate(zip(rows, check_clips(draft.root, rows, depth), strict=True), start=1):
        if isinstance(result, Problem):
            problems.append(result)
            unusable.append(row)
        else:
            good.append(row)
            seconds += result
        if done % step == 0 or done == len(rows):
            progress(done, len(rows), "checking audio")
    # Loaders, double ids and audio each have their turn above; people read a table from top to bottom.
    problems.sort(key=_place)
    return _Usable(good, unusable, seconds, problems)


def _place(problem: Problem) -> tuple[bool, str, int]:
    """Whole files first, as they were found; then table by table, from top to bottom."""
    return (False, "", 0) if problem.row is None else (True, problem.file, problem.row)


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
