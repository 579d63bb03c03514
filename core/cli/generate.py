"""``mirage generate`` and ``mirage mi``."""

from __future__ import annotations

from typing import Annotated

import typer

from core.cli.app import app
from core.cli.output import JsonOption, print_json


@app.command()
def generate(
    run: Annotated[str, typer.Argument(help="Id of a finished run, its folder, or a hub id.")],
    output: Annotated[
        str,
        typer.Option(
            "-o", "--output", help="What to write: a name that ends in .parquet, .npz or .audformat (a folder)."
        ),
    ],
    emotion: Annotated[str, typer.Option("--emotion", help="One of the run's emotions.")],
    n: Annotated[int, typer.Option("-n", help="How many features.", min=1)] = 100,
    text: Annotated[str | None, typer.Option("--text", help="Words to condition on.")] = None,
    codes: Annotated[
        list[str] | None, typer.Option("--code", help="NAME=VALUE in sigma, for example u1=1.5; repeatable.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same features.")] = 0,
    truncation: Annotated[float, typer.Option("--truncation", help="Factor on noise and drawn codes.", min=0.0)] = 1.0,
    paired: Annotated[bool, typer.Option("--paired", help="Audio and text features (runs in paired mode).")] = False,
    form: Annotated[
        str | None, typer.Option("--format", metavar="parquet|npz|audformat", help="In place of the name's ending.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write generated features as Parquet, npz or audformat, each row with its full latent code."""
    from pathlib import Path

    from core.cli.output import opened
    from core.export.files import format_of
    from core.runs.export import write_batch

    values = parse_codes(codes or [])
    format_of(Path(output), form)
    loaded = opened(run, quiet=as_json)
    batch = loaded.generate(emotion, n, codes=values, text=text, seed=seed, truncation=truncation, paired=paired)
    path = write_batch(Path(output), batch, loaded, emotion=emotion, seed=seed, wanted=form)
    if as_json:
        print_json({"file": str(path), "rows": len(batch), "dimension": loaded.dim, "run": loaded.id})
    else:
        typer.echo(f"{path}: {len(batch)} features of {loaded.dim} dimensions, {emotion}, run {loaded.id}, seed {seed}")


@app.command()
def mi(
    run: Annotated[str, typer.Argument(help="Id of a finished run, its folder, or a hub id.")],
    estimator: Annotated[
        str | None,
        typer.Option(
            "--estimator",
            metavar="NAME|all",
            help="variational, infonce, nwj, mine (lower bounds), smile (biased), club (upper bound), ksg (biased, to "
            "12 columns), or all of them; by default variational for emotion and codes, infonce for text and pairs.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the fresh samples and of the critic.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Held-out mutual information on fresh samples, with interval and ceiling.

    Each critic is fitted on one part of the samples and read on the other. A figure near its ceiling is marked
    saturated; an estimator that diverged or does not suit a quantity is named without a value.
    """
    from core.cli.figures import print_information
    from core.cli.output import opened, progress_bar
    from core.runs.information import measure_information

    loaded = opened(run, quiet=as_json)
    with progress_bar("measuring", quiet=as_json or estimator != "all") as progress:
        figures = measure_information(loaded, estimator=estimator, seed=seed, progress=progress)
    if as_json:
        print_json(figures)
    else:
        print_information(figures)


def parse_codes(settings: list[str]) -> dict[str, float]:
    """``["u1=1.5"]`` to ``{"u1": 1.5}``.

    Raises:
        BadInputError: not NAME=NUMBER, or not finite.
    """
    import math

    from core.errors import BadInputError

    codes = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not equals or not math.isfinite(number):
            raise BadInputError(f"--code {setting}: expected NAME=NUMBER, for example u1=1.5")
        codes[name.strip()] = number
    return codes
