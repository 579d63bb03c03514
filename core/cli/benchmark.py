"""``mirage benchmark``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from core.cli.app import app
from core.cli.output import JsonOption, print_json, print_table, progress_bar
from core.errors import BadInputError

_FEATURES = {"audio": "audio", "audio_and_text": "audio and text"}


@app.command()
def benchmark(
    name: Annotated[str, typer.Argument(help="Name of an ingested and embedded corpus.")],
    methods: Annotated[
        str, typer.Option("--methods", help="Separated by commas. In this version: none (nothing generated).")
    ] = "none",
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="How many seeds.")] = 5,
    fold_by: Annotated[
        str | None, typer.Option("--fold-by", help="What a fold holds out: auto, session, speaker or split.")
    ] = None,
    config: Annotated[str | None, typer.Option("--config", help="YAML file with some or all keys.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="SECTION.KEY=VALUE, for example data.n_folds=10 or data.text=none; repeatable."),
    ] = None,
    engine: Annotated[str, typer.Option("--engine", help="Where it runs: local.")] = "local",
    as_json: JsonOption = False,
) -> None:
    """Recognition on held-out speakers, all folds and seeds, against a tuned logistic regression.

    Ctrl-C stops cleanly; the same command goes on where it was, and one with more seeds does only what is new.
    """
    if engine != "local":
        raise BadInputError(f"--engine {engine}: not available in this version; use --engine local")
    from core.config import resolve_config

    sections: dict[str, dict[str, Any]] = {} if fold_by is None else {"data": {"folds": fold_by}}
    resolved = resolve_config(config, settings or [], **sections)
    from core.benchmarks import BenchmarkStopped, run_benchmark  # brings PyTorch: after what can fail at once
    from core.cli.embed import stop_on_signal

    try:
        with stop_on_signal() as stop, progress_bar("benchmark", quiet=as_json) as progress:
            found = run_benchmark(
                name, methods=methods.split(","), seeds=seeds, config=resolved, progress=progress, stop=stop.is_set
            )
    except BenchmarkStopped:
        typer.echo("mirage: stopped; what is done is kept - run the same command again to go on", err=True)
        raise typer.Exit(130) from None
    if as_json:
        print_json({"folder": str(found.folder), **found.results})
    else:
        _print(found.results)
        typer.echo(f"all figures: {found.folder}")


def _print(results: dict[str, Any]) -> None:
    folds, seeds = len(results["folds"]), len(results["seeds"])
    typer.echo(
        f"{results['corpus']}: {results['n_classes']} classes, {results['utterances']} utterances, {folds} folds by "
        f"{results['split']}, {seeds} seed{'s' if seeds > 1 else ''}; embeddings {', '.join(results['embeddings'])}"
    )
    typer.echo("trained on the other speakers of each fold; test speakers touch nothing that is fitted")
    rows, gains, recalls = [], [], []
    for kind, words in _FEATURES.items():
        for method in (results["reference"], *results["methods"].values()):
            figures = method.get(kind)
            if figures is None:
                continue
            rows.append([method["title"], words, *(_share(figures[key]) for key in _COLUMNS)])
            recalls.append([method["title"], words, *(_share(figures["recall"][name]) for name in results["classes"])])
            gain = figures.get("gain")
            if gain is not None:
                # The bootstrap over few folds is narrow: a verdict needs interval and test to agree.
                interval = f"{100 * gain['low']:+.1f} to {100 * gain['high']:+.1f}"
                agreed = gain["clear"] and gain["p_value"] < 0.05
                says = ("better" if gain["mean"] > 0 else "worse") if agreed else "not told apart"
                gains.append([method["title"], words, f"{100 * gain['mean']:+.1f}", interval, gain["p_value"], says])
    print_table(["recognition", "features", *_COLUMNS.values()], rows, title="Means over folds and seeds, in %")
    print_table(["recall", "features", *results["classes"]], recalls, title="Recall by emotion, all folds pooled, in %")
    if gains:
        print_table(
            ["gain over the regression", "features", "points of UA", "95 % interval", "p", ""],
            [[*row[:4], f"{row[4]:.3f}", row[5]] for row in gains],
            title="Paired over folds (interval: bootstrap over folds; p: corrected resampled t-test)",
        )
    else:
        typer.echo("a single fold: no paired comparison")


_COLUMNS = {"ua": "UA", "wa": "WA", "macro_f1": "macro-F1", "ua_pooled": "UA, folds pooled"}


def _share(value: float | None) -> str:
    return "" if value is None or value != value else f"{100 * value:.1f}"
