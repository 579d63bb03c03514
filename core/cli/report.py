"""``mirage report``: one self-contained HTML file about a run.

What draws it is the dashboard's, which the engine never imports: it is started as a program of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from core.cli.app import app
from core.cli.output import JsonOption, print_json, progress_bar
from core.errors import BadInputError, FailureError, MirageError
from core.progress import Progress


@app.command()
def report(
    run: Annotated[str, typer.Argument(help="Id of a finished run, its folder, or a hub id.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The HTML file to write.")],
    no_audio: Annotated[bool, typer.Option("--no-audio", help="Put no clip into it.")] = False,
    as_json: JsonOption = False,
) -> None:
    """One page about a run for people who were not there: it opens in any browser, without a network.

    It tells what was done, how much it helped and how sure that is, with the map, clips, a lab that generates, the
    curves, the benchmarks of the workspace on the run's corpus, the limits and what repeats it. What the corpus keeps
    from people is not in it.
    """
    from core.workspace import Workspace

    if output.is_dir():
        raise BadInputError(f"{output} is a folder; say -o {output / 'report.html'}")
    place = Workspace()
    with progress_bar("report", quiet=as_json) as progress:
        written = _written(run, output, no_audio, place.root, progress)
    if as_json:
        print_json(written)
        return
    lab = "a lab that generates" if written["lab"] else "no lab (the report says why)"
    shown = (
        f"{written['points']:,} of {written['utterances']:,} utterances on the map, {written['clips']} clips, {lab}"
        if written["utterances"]
        else "no map, clips or lab (the run was published without its utterances)"
    )
    typer.echo(f"{written['path']}: {written['size'] / 1e6:.1f} MB, {shown}, {written['benchmarks']} comparisons")


def _written(run: str, output: Path, no_audio: bool, root: Path, progress: Progress) -> dict[str, Any]:
    """Runs the program that writes it, and gives what it says of the file."""
    # -P: a folder named `dashboard` where the person happens to be must not take this package's place.
    command = [sys.executable, "-P", "-m", "dashboard.report", "-o", str(output), *(["--no-audio"] if no_audio else [])]
    environment = {**os.environ, "MIRAGE_HOME": str(root)}
    # What libraries warn of is no part of the one clear line.
    errors = None if os.environ.get("MIRAGE_DEBUG") == "1" else subprocess.DEVNULL
    last: dict[str, Any] = {}
    try:
        # After --: an id that begins with a dash is an id.
        with subprocess.Popen(
            [*command, "--", run], env=environment, stdout=subprocess.PIPE, stderr=errors, encoding="utf-8"
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                last = json.loads(line)
                if "done" in last:
                    progress(last["done"], last["total"], last["message"])
    except OSError as error:
        raise FailureError(f"the report could not be started: {error}") from None
    if "error" in last:
        kind: type[MirageError] = BadInputError if last["code"] == BadInputError.exit_code else FailureError
        raise kind(last["error"])
    if "written" not in last:
        raise FailureError(
            f"the report ended with code {process.returncode} before it was written; `mirage --debug report` says why"
        )
    return dict(last["written"])
