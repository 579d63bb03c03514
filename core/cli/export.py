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
    from core.export.onnx_files import onnx_folder, write_onnx
    from core.runs.loaded import load_run

    folder = onnx_folder(output)
    loaded = load_run(run)
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
