"""``mirage onnx`` and ``mirage events``: what other programs take over."""

from __future__ import annotations

from typing import Annotated

import typer

from core.cli.app import app
from core.cli.output import JsonOption, print_json, print_table, progress_bar


@app.command()
def onnx(
    run: Annotated[str, typer.Argument(help="Id of a finished run, its folder, or a hub id.")],
    output: Annotated[str, typer.Option("-o", "--output", help="Folder to write.")],
    as_json: JsonOption = False,
) -> None:
    """Write the networks of a run as ONNX files, each checked against PyTorch on rows of the run."""
    from core.cli.output import opened
    from core.export.onnx_files import onnx_folder, write_onnx

    folder = onnx_folder(output)
    loaded = opened(run, quiet=as_json)
    with progress_bar("writing", quiet=as_json) as progress:
        content = write_onnx(loaded, folder, progress=progress)
    if as_json:
        print_json(content)
        return
    rows = [
        [
            entry["file"],
            *(", ".join(f"{name} {size[1]}" for name, size in entry[key].items()) for key in ("inputs", "outputs")),
            f"{entry['against_torch']['max_abs']:.1e}",
            f"{entry['against_torch']['max_relative']:.1e}",
        ]
        for entry in content["networks"]
    ]
    columns = ["file", "inputs", "outputs", "max difference", "relative"]
    print_table(columns, rows, title=f"{loaded.id}: against PyTorch, in batches of 1, 7, 64 and up to 512 rows")
    typer.echo(f"{folder}: {len(rows)} networks, opset {content['opset']}")


@app.command()
def events(
    run: Annotated[str, typer.Argument(help="Id of a run, or its folder.")],
    to: Annotated[str, typer.Option("--to", metavar="tensorboard|wandb|trackio", help="Who is told.")],
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            help="TensorBoard's folder of logs, or that in which wandb makes its own; by default in the workspace.",
        ),
    ] = None,
    project: Annotated[str, typer.Option("--project", help="Name of the project (wandb, trackio).")] = "mirage",
    mode: Annotated[
        str,
        typer.Option(
            "--mode", metavar="offline|online", help="offline writes into the folder alone; online sends (wandb)."
        ),
    ] = "offline",
    follow: Annotated[bool, typer.Option("--follow", help="Go on until the run has ended.")] = False,
    patience: Annotated[
        float, typer.Option("--patience", help="Seconds to wait for a stopped run to be resumed (--follow).", min=0.0)
    ] = 60.0,
    as_json: JsonOption = False,
) -> None:
    """Tell TensorBoard or wandb what a run has measured; started again, nothing is told twice."""
    from core.export.following import Target, follow_events
    from core.runs.files import find_run
    from core.workspace import Workspace

    workspace = Workspace()
    target = Target.of(to, output, workspace, project=project, mode=mode)
    folder = find_run(run, workspace)
    said = ""

    def report(status: str, values: int) -> None:
        nonlocal said
        if follow and status != said:
            typer.echo(f"{folder.name}: {status}, {values:,} values told", err=True)
            said = status

    done = follow_events(folder, target, follow=follow, patience=patience, report=report)
    if as_json:
        print_json(
            {
                "run": folder.name,
                "to": to,
                "place": str(done.place),
                "values": done.values,
                "figures": done.figures,
                "status": done.status,
            }
        )
        return
    told = (
        f"{done.values:,} values and {done.figures:,} final figures" if done.values or done.figures else "nothing new"
    )
    typer.echo(f"{done.place}: {told} of run {folder.name} ({done.status})")
