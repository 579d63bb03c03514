"""``mirage train``, ``resume``, ``stop`` and ``runs``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.app import app
from core.cli.output import JsonOption, print_json, print_table, progress_bar

if TYPE_CHECKING:
    from pathlib import Path

    from core.workspace import Workspace


@app.command()
def train(
    name: Annotated[str, typer.Argument(help="Name of an ingested and embedded corpus.")],
    config: Annotated[str | None, typer.Option("--config", help="YAML file with some or all keys.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="SECTION.KEY=VALUE, for example generation.w_u=0.5; repeatable.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Seed of every random choice.")] = None,
    fold: Annotated[int | None, typer.Option("--fold", help="Fold whose speakers are held out.")] = None,
    run_id: Annotated[str | None, typer.Option("--run-id", help="Name of the run.")] = None,
    unlabelled: Annotated[
        bool,
        typer.Option(
            "--unlabelled",
            help="Learn from training speakers' utterances without an emotion, too: theirs is guessed "
            "(data.unlabelled).",
        ),
    ] = False,
    events: Annotated[
        str | None,
        typer.Option(
            "--events", metavar="tensorboard|wandb", help="Tell it what is measured, live; see `mirage events`."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Align speech and text, then train the generator. Ctrl-C stops cleanly."""
    from core.config import resolve_config
    from core.runs.creation import check_input, create_run
    from core.workspace import Workspace

    sections: dict[str, dict[str, Any]] = {"data": {"corpus": name}}
    if seed is not None:
        sections["training"] = {"seed": seed}
    if fold is not None:
        sections["data"]["fold"] = fold
    if unlabelled:
        sections["data"]["unlabelled"] = True
    workspace = Workspace()
    resolved = resolve_config(config, settings or [], **sections)
    check_input(resolved, workspace)
    _check_events(events, workspace)
    _work(create_run(resolved, workspace, run_id), workspace, as_json, events=events)


@app.command()
def resume(
    run: Annotated[str, typer.Argument(help="Id of the run.")],
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar, no table.")] = False,
    events: Annotated[
        str | None,
        typer.Option(
            "--events", metavar="tensorboard|wandb", help="Tell it what is measured, live; see `mirage events`."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Go on with a run from its last checkpoint."""
    from core.errors import BadInputError
    from core.runs.state import read_state
    from core.workspace import Workspace

    workspace = Workspace()
    folder = workspace.run_folder(run)
    if read_state(folder).status == "finished":
        raise BadInputError(f"run {run!r} is finished; there is nothing to go on with")
    _check_events(events, workspace)
    _work(folder, workspace, as_json, quiet, events)


@app.command()
def stop(run: Annotated[str, typer.Argument(help="Id of the run, or name of a benchmark.")]) -> None:
    """Ask a queued or running job to stop; it keeps a checkpoint and can be resumed."""
    from core.benchmarks.jobs import stop_benchmark
    from core.runs.state import request_stop
    from core.workspace import Workspace

    workspace = Workspace()
    folder = workspace.run_folder(run)
    if not folder.is_dir() and (workspace.benchmarks / run).is_dir():
        stop_benchmark(workspace.benchmarks / run)
        typer.echo(f"{run}: asked to stop; the same command goes on, or Resume on the dashboard")
        return
    request_stop(folder)
    typer.echo(f"{run}: asked to stop; go on later with `mirage resume {run}`")


@app.command()
def runs(as_json: JsonOption = False) -> None:
    """List the runs of the workspace."""
    from core.errors import BadInputError
    from core.runs.state import State, read_state, state_summary
    from core.workspace import Workspace

    workspace = Workspace()
    states: dict[str, State] = {}
    damaged: dict[str, str] = {}
    for run_id in workspace.run_ids():
        try:
            states[run_id] = read_state(workspace.run_folder(run_id))
        except BadInputError as error:
            damaged[run_id] = str(error)
    if as_json:
        print_json([{"run": run_id, **state_summary(state)} for run_id, state in states.items()])
    elif states:
        rows = [
            [run_id, state.status, state.stage, f"{state.step}/{state.total}", state.message]
            for run_id, state in states.items()
        ]
        print_table(["run", "status", "stage", "step", "message"], rows)
    elif not damaged:
        typer.echo(f"no runs in {workspace.runs}; start one with `mirage train NAME`")
    # One damaged run hides no other.
    for reason in damaged.values():
        typer.echo(f"mirage: {reason}", err=True)


def _check_events(to: str | None, workspace: Workspace) -> None:
    from core.export.follower import check_follower

    if to is not None:
        check_follower(to, workspace)


def _work(folder: Path, workspace: Workspace, as_json: bool, quiet: bool = False, events: str | None = None) -> None:
    """Executes a run in this process and prints what came out."""
    from core.export.follower import following
    from core.runs.training import execute

    def say(line: str) -> None:
        typer.echo(line, err=True)

    with (
        following(folder.name, workspace, events, say),
        progress_bar("preparing", quiet=quiet) as progress,
    ):
        ended = execute(folder, workspace, progress=progress)
    if ended == "stopped":
        typer.echo(f"{folder.name}: stopped; go on with `mirage resume {folder.name}`", err=True)
        raise typer.Exit(130)
    if as_json:
        from core.files import read_json

        print_json(
            {
                "run": folder.name,
                "path": str(folder),
                "evaluation": read_json(folder / "evaluation.json"),
                "information": read_json(folder / "information.json"),
            }
        )
    elif not quiet:
        _print_results(folder)


def _print_results(folder: Path) -> None:
    from core.cli.figures import print_information
    from core.files import read_json
    from core.runs.guesses import FILE as GUESSES

    evaluation = read_json(folder / "evaluation.json")
    typer.echo(f"run {folder.name}: finished")
    before = evaluation.get("labelled_alone", {})
    rows = [
        [title, f"{figures['ua']:.1%}", f"{figures['wa']:.1%}", f"{figures['macro_f1']:.1%}"]
        for title, figures in (
            ("MIRAGE, audio", evaluation.get("audio")),
            ("MIRAGE, audio and text", evaluation.get("audio_and_text")),
            ("labelled utterances alone, audio", before.get("audio")),
            ("labelled utterances alone, audio and text", before.get("audio_and_text")),
            ("logistic regression on the audio embeddings", evaluation.get("reference")),
        )
        if figures
    ]
    if rows:
        classes, count = len(evaluation["classes"]), evaluation["n"]["test"]
        title = (
            f"Held-out speakers {evaluation['fold']}: {classes} classes, {count} utterances, nothing generated added"
        )
        print_table(["recognition", "UA", "WA", "macro-F1"], rows, title=title)
    else:
        typer.echo("no fold was held out, so recognition was not measured (data.fold)")
    if more := evaluation["n"].get("unlabelled"):
        typer.echo(f"{more:,} unlabelled utterances were learnt from; their guessed emotions: {folder / GUESSES}")
    print_information(read_json(folder / "information.json"))
    typer.echo(f"look at it: mirage dashboard   (run {folder.name})")
