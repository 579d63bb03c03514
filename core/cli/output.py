"""What commands print: tables for people, JSON for programs, a progress bar for long work."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.files import finite
from core.progress import Progress

if TYPE_CHECKING:
    from core.runs.loaded import LoadedRun

JsonOption = Annotated[bool, typer.Option("--json", help="Print only JSON on stdout.")]


def print_json(content: Any) -> None:
    """Prints ``content`` as JSON; NaN becomes null."""
    typer.echo(json.dumps(finite(content), indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], title: str | None = None) -> None:
    """Prints a plain table, numbers to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, box=box.SIMPLE, title_justify="left")
    for index, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[index], int | float) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        # Text, not str: data may hold what looks like markup.
        table.add_row(*[Text("" if cell is None else str(cell)) for cell in row])
    Console(soft_wrap=False, width=None if sys.stdout.isatty() else 120).print(table)


@contextmanager
def progress_bar(description: str, quiet: bool = False) -> Iterator[Progress]:
    """A progress bar on stderr with an estimate of the time left; plain lines where stderr is no terminal."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar

    bar = Bar(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=quiet,
    )
    with bar:
        task = bar.add_task(description, total=None)

        def report(done: int, total: int, message: str = "") -> None:
            bar.update(task, completed=done, total=total, description=message or description)

        yield report


def opened(run: str, quiet: bool = False) -> LoadedRun:
    """The run that a command was given; a bar shows what is fetched from the hub.

    Raises:
        BadInputError, FailureError: as ``core.load_run``.
    """
    from core.hub.names import hub_id
    from core.runs.loaded import load_run

    if hub_id(run) is None:
        return load_run(run)
    with progress_bar(f"fetching {run}", quiet=quiet) as bar:
        return load_run(
            run, progress=lambda done, total, message="": bar(-(-done // 1000), -(-total // 1000), f"{message}, kB")
        )
