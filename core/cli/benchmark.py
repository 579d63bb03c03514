"""``mirage benchmark``."""

from __future__ import annotations

import sys
from contextlib import nullcontext, redirect_stdout
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
        str,
        typer.Option(
            "--methods",
            help="Separated by commas: none, class-weights, noise, mixup, smote, crossed, cgan, adan, mirage, "
            "mirage-no-contrastive, mirage-no-text, mirage-no-mi; with --unlabelled also self-training and "
            "mirage-no-generator; 'all' takes all.",
        ),
    ] = "none,noise,mixup,smote,crossed,cgan,mirage",
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="How many seeds.")] = 5,
    condition: Annotated[
        str,
        typer.Option(
            "--condition", help="Training utterances used: all, 50, 25, 10 (per cent) or cut:EMOTION (to 10 %)."
        ),
    ] = "all",
    test_on: Annotated[
        str | None, typer.Option("--test-on", help="Another corpus, embedded alike: NAME trains, this one is tested.")
    ] = None,
    unlabelled: Annotated[
        bool,
        typer.Option(
            "--unlabelled",
            help="Training utterances whose label --condition hides, and those without an emotion, are learnt from "
            "without one: by the generators, self-training and mirage-no-generator.",
        ),
    ] = False,
    fold_by: Annotated[
        str | None, typer.Option("--fold-by", help="What a fold holds out: auto, session, speaker or split.")
    ] = None,
    config: Annotated[str | None, typer.Option("--config", help="YAML file with some or all keys.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="SECTION.KEY=VALUE, for example data.n_folds=10 or data.text=none; repeatable."),
    ] = None,
    engine: Annotated[
        str,
        typer.Option(
            "--engine", help="Where it runs: local, or ray (a Ray cluster; pip install 'mirage-affect[cluster]')."
        ),
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(
            "--address",
            help="ray: of an existing cluster, host:port, or auto on one of its nodes; without, a local one.",
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", min=0, help="Processes; 0: one for each core of the machine or the cluster.")
    ] = 0,
    permute_labels: Annotated[
        bool, typer.Option("--permute-labels", hidden=True, help="Random emotions: all figures must be at chance.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Recognition on held-out speakers with each way of augmenting, all folds and seeds.

    Gains are paired, over the same network with nothing added and over a logistic regression on the raw embeddings,
    all of them tuned on validation speakers.

    Ctrl-C stops cleanly; the same command goes on where it was, and one with more seeds does only what is new.
    """
    if engine not in ("local", "ray"):
        raise BadInputError(f"--engine {engine}: use local or ray")
    if engine == "local" and address is not None:
        raise BadInputError("--address is for --engine ray")
    from core.config import resolve_config

    sections: dict[str, dict[str, Any]] = {} if fold_by is None else {"data": {"folds": fold_by}}
    resolved = resolve_config(config, settings or [], **sections)
    from core.benchmarks import BenchmarkStopped, run_benchmark  # brings PyTorch: after what can fail at once
    from core.cli.embed import stop_on_signal
    from core.jobs.turns import usable_cores

    try:
        # Ray says on standard output that a worker died; what is printed there is for the tables alone.
        talk = redirect_stdout(sys.stderr) if engine == "ray" else nullcontext()
        with stop_on_signal() as stop, progress_bar("benchmark", quiet=as_json) as progress, talk:
            found = run_benchmark(
                name,
                methods=methods.split(","),
                seeds=seeds,
                condition=condition,
                test_on=test_on,
                unlabelled=unlabelled,
                permute_labels=permute_labels,
                workers=workers or usable_cores(),
                cluster=_cluster(address, workers) if engine == "ray" else None,
                config=resolved,
                progress=progress,
                stop=stop.is_set,
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
    tested = f" tested on {results['test_on']}" if results["test_on"] else ""
    typer.echo(
        f"{results['corpus']}{tested}: {results['n_classes']} classes, {results['utterances']} utterances, {folds} "
        f"folds by {results['split']}, {seeds} seed{'s' if seeds > 1 else ''}; embeddings "
        f"{', '.join(results['embeddings'])}"
    )
    typer.echo(f"condition: {results['condition_title']}; {results['tuning']}")
    typer.echo("trained on the other speakers of each fold; test speakers touch nothing that is fitted")
    if results["permuted"]:
        typer.echo(f"emotions dealt out at random: chance is {_share(results['chance'])} %")
    rows, gains, recalls = [], [], []
    own = results["methods"].get("mirage", {}).get("title")
    for kind, words in _FEATURES.items():
        for method in (results["reference"], *results["methods"].values()):
            figures = method.get(kind)
            if figures is None:
                continue
            rows.append([method["title"], words, _interval(figures), *(_share(figures[key]) for key in _COLUMNS)])
            recalls.append([method["title"], words, *(_share(figures["recall"][name]) for name in results["classes"])])
            for key, over in (("gain_over_none", "nothing added"), ("gain", "the regression")):
                if figures.get(key) is not None:
                    gains.append([method["title"], words, over, *_verdict(figures[key])])
            if method["title"] == own:
                for name, gain in figures["gain_over_rivals"].items():
                    gains.append([own, words, results["methods"][name]["title"], *_verdict(gain)])
    print_table(
        ["recognition", "features", "UA", "95 % interval", *list(_COLUMNS.values())[1:]],
        [[*row[:2], row[3], row[2], *row[4:]] for row in rows],
        title="Means over folds and seeds, in % (interval of UA: bootstrap over folds)",
    )
    print_table(["recall", "features", *results["classes"]], recalls, title="Recall by emotion, all folds pooled, in %")
    if gains:
        print_table(
            ["gain", "features", "over", "points of UA", "95 % interval", "p", ""],
            sorted(gains, key=lambda row: (row[2], row[1])),
            title="Paired over folds (interval: bootstrap over folds; p: corrected resampled t-test)",
        )
    else:
        typer.echo("a single fold: no paired comparison")


def _cluster(address: str | None, workers: int) -> Any:
    from core.encoders.cluster import Cluster

    return Cluster(address, workers or None)


_COLUMNS = {"ua": "UA", "wa": "WA", "macro_f1": "macro-F1", "ua_pooled": "UA, folds pooled"}


def _verdict(gain: dict[str, Any]) -> list[str]:
    """Points, interval, p, and what they come to."""
    from core.benchmarks import p_words, verdict

    interval = f"{100 * gain['low']:+.1f} to {100 * gain['high']:+.1f}"
    return [f"{100 * gain['mean']:+.1f}", interval, p_words(gain["p_value"]), verdict(gain)]


def _interval(figures: dict[str, Any]) -> str:
    return "" if figures["low"] is None else f"{_share(figures['low'])} to {_share(figures['high'])}"


def _share(value: float | None) -> str:
    return "" if value is None or value != value else f"{100 * value:.1f}"
