"""``mirage ingest``: a corpus on disk becomes an utterance table in the workspace."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.app import app
from core.cli.output import JsonOption, print_json, print_table, progress_bar
from core.errors import BadInputError
from core.pairs import read_pairs, read_ranges
from core.progress import Progress

if TYPE_CHECKING:
    from core.corpora import Ingested

_SHOWN = 10


@app.command()
def ingest(
    corpus: Annotated[str | None, typer.Argument(help="Kind of corpus: see --list; `folder` for your own.")] = None,
    path: Annotated[Path | None, typer.Argument(help="Folder of the corpus.")] = None,
    name: Annotated[
        str | None,
        typer.Option(help="Name in the workspace; by default that of the corpus, folder, audformat: of PATH."),
    ] = None,
    table: Annotated[Path | None, typer.Option(help="folder: CSV or TSV, UTF-8, one row an utterance.")] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            help="folder: which columns hold what, e.g. emotion=label,speaker=spk,audio=file. audformat: "
            "emotion=table.column.",
        ),
    ] = None,
    labels: Annotated[
        list[str] | None,
        typer.Option("--labels", help='folder, audformat: what the emotions are called, e.g. "wut=angry,unklar=none".'),
    ] = None,
    scale: Annotated[
        list[str] | None,
        typer.Option("--scale", help="folder: range of a dimension, e.g. arousal=1:7 (7:1 turns it over)."),
    ] = None,
    problems: Annotated[Path | None, typer.Option(help="Write every row that was left out to this CSV file.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace another corpus of the same name.")] = False,
    check: Annotated[
        str,
        typer.Option(help="Decode clips `whole` or `pieces` of each; `auto`: pieces from 50,000 utterances on."),
    ] = "auto",
    no_audio: Annotated[
        bool, typer.Option("--no-audio", help="Licensed: pages never play or draw its clips (`mirage corpus`).")
    ] = False,
    no_transcript: Annotated[
        bool, typer.Option("--no-transcript", help="Licensed: pages never show or search its transcripts.")
    ] = False,
    list_corpora: Annotated[bool, typer.Option("--list", help="Name the supported corpora.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Read a corpus from disk; print its utterances by emotion and session.

    Every clip is looked at once. What cannot be used is named and left out, the rest is stored. Where the makers of a
    corpus published counts, the copy is compared with them.
    """
    if list_corpora:
        _list(as_json)
        return
    if corpus is None:
        raise BadInputError("which corpus? say `mirage ingest CORPUS PATH`; `mirage ingest --list` names them")
    from core import corpora

    options: dict[str, Any] = {
        "check": check,
        "table": table,
        "mapping": read_pairs("--map", mapping or []),
        "labels": read_pairs("--labels", labels or []),
        "scales": read_ranges("--scale", scale or []),
    }
    with ExitStack() as stack:
        bar: Progress | None = None

        def progress(done: int, total: int, message: str = "") -> None:
            # Only now: a fault found before there is anything to count stays one line.
            nonlocal bar
            bar = bar or stack.enter_context(progress_bar("checking audio", quiet=as_json))
            bar(done, total, message)

        try:
            done = corpora.ingest(
                corpus,
                path,
                name=name,
                replace=replace,
                audio=not no_audio,
                transcripts=not no_transcript,
                progress=progress,
                **{key: value for key, value in options.items() if value},
            )
        except corpora.NothingUsableError as error:
            if problems is None:
                raise
            corpora.write_problems(problems, error.problems)
            raise BadInputError(f"{error}; all {len(error.problems)} of them: {problems}") from error
    if problems is not None:
        corpora.write_problems(problems, done.problems)
    if as_json:
        print_json(_summary(done))
    else:
        _print(done)
    _complain(done, problems)


def _list(as_json: bool) -> None:
    from core.corpora import LOADERS

    for line in LOADERS.faults().values():
        typer.echo(f"mirage: note: {line}", err=True)
    keys = ("name", "title", "description", "licence", "layout")
    rows = [{key: getattr(loader, key) for key in keys} for loader in LOADERS.values()]
    if as_json:
        print_json(rows)
    else:
        shown = ("name", "title", "licence", "layout")
        print_table(shown, [[row[key] for key in shown] for row in rows])


def _summary(done: Ingested) -> dict[str, Any]:
    corpus = done.corpus
    return {
        "name": corpus.name,
        "loader": corpus.metadata["loader"],
        "root": str(corpus.root),
        "file": str(done.file),
        "utterances": len(corpus),
        "speakers": len(corpus.speakers()),
        "seconds": corpus.metadata["seconds"],
        "audio_allowed": corpus.metadata["audio_allowed"],
        "transcript_allowed": corpus.metadata["transcript_allowed"],
        "counts": {str(key): row for key, row in corpus.counts().to_dict(orient="index").items()},
        "published": None if done.published is None else done.published.to_dict(),
        "remarks": done.remarks,
        "problems": [problem.to_dict() for problem in done.problems],
    }


def _print(done: Ingested) -> None:
    from core.corpora.problems import printable

    corpus = done.corpus
    counts = corpus.counts()
    rows: list[list[Any]] = [[emotion, *row.tolist()] for emotion, row in counts.iterrows()]
    rows.append(["all", *counts.sum().tolist()])
    print_table(["emotion", *[printable(str(name)) for name in counts.columns]], rows)
    minutes = corpus.metadata["seconds"] / 60
    typer.echo(
        f"{corpus.name}: {len(corpus)} utterances, {len(corpus.speakers())} speakers, {minutes:.1f} min -> {done.file}"
    )
    for line in done.published.lines() if done.published is not None else ():
        typer.echo(f"{corpus.name}: {line}")


def _complain(done: Ingested, file: Path | None) -> None:
    """Remarks and the first problems, on stderr."""
    from core.corpora.problems import printable

    for remark in done.remarks:
        typer.echo("mirage: note: " + printable(remark), err=True)
    if not done.problems:
        return
    typer.echo(f"mirage: {len(done.problems)} left out:", err=True)
    for problem in done.problems[:_SHOWN]:
        typer.echo(f"  {problem}", err=True)
    rest = len(done.problems) - _SHOWN
    if file is not None:
        typer.echo(f"  all of them: {file}", err=True)
    elif rest > 0:
        typer.echo(f"  and {rest} more; --problems FILE.csv writes all of them", err=True)
