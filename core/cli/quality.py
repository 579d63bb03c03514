"""``mirage quality`` and ``mirage codes``: how good generated features are, and what their codes do."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from core.cli.app import app
from core.cli.output import JsonOption, opened, print_json, print_table, progress_bar

_SHOWN = 5
_FIGURES = {
    "frechet": ("Frechet", "distance; 0: same mean and covariance; few rows raise it"),
    "auc": ("AUC", "of a two-sample test; 0.5: cannot be told apart, 1: always"),
    "precision": ("precision", "share of rows that lie among held-out ones"),
    "recall": ("recall", "share of held-out rows that lie among these"),
    "density": ("density", "how deep among held-out rows; may exceed 1"),
    "coverage": ("coverage", "share of held-out rows with one of these near"),
}


@app.command()
def quality(
    run: Annotated[str, typer.Argument(help="Id of a finished run, its folder, or a hub id.")],
    samples: Annotated[int, typer.Option("--samples", help="Generated features in all.")] = 2000,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the generated features and of the draws.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """The report card of the generated features, kept in the run as quality.json (not in a run of the hub).

    Held-out speakers are the reference. Beside each figure stands the one of real training features: what a generator
    that has learnt its training speakers perfectly would get.
    """
    from core.hub.names import cached_name
    from core.runs.quality import measure_quality, write_quality

    loaded = opened(run, quiet=as_json)
    with progress_bar("measuring", quiet=as_json) as progress:
        card = measure_quality(loaded, samples=samples, seed=seed, progress=progress)
    if as_json:
        print_json(card)
    else:
        print_card(card)
    if cached_name(loaded.path) is not None:
        # The hub's cache holds what the hub has, and nothing else.
        if not as_json:
            typer.echo(f"not kept: {loaded.id} is a copy of what the hub has (--json prints all of it)")
        return
    path = write_quality(loaded, card)
    if not as_json:
        typer.echo(f"kept in {path}")


def print_card(card: dict[str, Any]) -> None:
    """Figures in all, figures by emotion, memorising, mutual information; what could not be compared, a line each."""
    from core.cli.figures import print_information

    everything, recognition = card["comparisons"]["all"], card["recognition"]
    rows = [
        [title, _number(everything["figures"][name]["generated"]), _number(everything["figures"][name]["real"]), reads]
        for name, (title, reads) in _FIGURES.items()
    ]
    rows += [
        [
            f"{title} of a classifier trained on these",
            f"{recognition[key]['generated']:.1%}",
            f"{recognition[key]['real']:.1%}",
            "tested on the held-out speakers",
        ]
        for key, title in (("ua", "UA"), ("wa", "WA"), ("macro_f1", "macro-F1"))
    ]
    title = (
        f"{card['run']}: generated and real training features against the held-out speakers "
        f"{_some(card['speakers']['test'])} ({len(card['classes'])} emotions, {everything['rows']} rows a draw)"
    )
    print_table(["figure", "generated", "real", "reads"], rows, title=title)
    _print_emotions(card)
    _print_memorising(card)
    print_information(card["information"])
    for note in card["notes"]:
        typer.echo(note)


def _print_emotions(card: dict[str, Any]) -> None:
    rows = []
    for name in card["classes"]:
        own, recall = card["comparisons"][name], card["recognition"]["recall"][name]
        figures = own["figures"]
        near = own["closeness"]
        rows.append(
            [
                name,
                own["rows"] if figures else None,
                *(_both(figures[key]) if figures else "" for key in _FIGURES),
                f"{near['ratio']:.2f}/{near['honest_ratio']:.2f}" if near else "",
                _both(recall) if recall else "",
            ]
        )
    columns = ["emotion", "rows", *(title for title, _ in _FIGURES.values()), "nearness", "recognised"]
    print_table(columns, rows, title="By emotion, generated/real (nearness: see below)")


def _print_memorising(card: dict[str, Any]) -> None:
    near = card["comparisons"]["all"]["closeness"]
    verdict = "THE GENERATOR COPIES ITS TRAINING FEATURES" if card["copying"] else "no sign of memorising"
    typer.echo(
        f"  {verdict}: distance to the closest training feature is {near['ratio']:.2f} of that to the closest held-out "
        f"one (real training features: {near['honest_ratio']:.2f}); {near['copies']:.1%} are nearer to a training "
        "feature than 99 % of those are to one another (fresh draws: 1 %)"
    )


def _some(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _both(pair: dict[str, float]) -> str:
    # Without a space: a pair is not broken into two lines.
    return f"{_number(pair['generated'])}/{_number(pair['real'])}"


def _number(value: float) -> str:
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


@app.command()
def codes(
    run: Annotated[str, typer.Argument(help="Id of a finished run, its folder, or a hub id.")],
    samples: Annotated[int, typer.Option("--samples", help="Draws of everything but the code.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the draws.")] = 0,
    deviation: Annotated[float, typer.Option("--deviation", help="Codes go from minus to plus this, in sigma.")] = 2.0,
    as_json: JsonOption = False,
) -> None:
    """What each continuous latent code changes in the generated features, and whether it changes the emotion."""
    from core.runs.effects import measure_effects

    found = measure_effects(opened(run, quiet=as_json), samples=samples, seed=seed, deviation=deviation)
    if as_json:
        print_json(found)
    else:
        print_effects(found)


def print_effects(found: dict[str, Any]) -> None:
    """One row for each code, then what another draw of noise and text does; what should not be overlooked below."""

    def share(value: float | None) -> str:
        return "" if value is None else f"{value:.2f}"

    rows = [
        [
            {"z": "noise, drawn anew", "t": "text, drawn anew"}.get(effect["name"], effect["name"]),
            f"{effect['posterior']:+.2f}",
            f"{effect['posterior_size']:.2f}",
            f"{effect['class_changed']:.1%}",
            share(effect["recovered"]),
            share(effect["leak"]),
            share(effect["moved"]),
            share(effect["common"]),
            share(effect["common_in_class"]),
        ]
        for effect in (*found["codes"], *found["redrawn"])
    ]
    columns = ["input", "posterior", "size", "class changed", "recovered", "leak", "moved", "common", "in emotion"]
    low, high = f"{-found['deviation']:g}", f"{found['deviation']:+g}"
    print_table(columns, rows, title=f"{found['run']}: each code from {low} to {high} sigma, {found['samples']} draws")
    typer.echo(
        "  posterior: change of the probability of the asked emotion, mean and mean size; recovered: share of the way "
        "that the Q head reads back;\n  leak: that of the other codes; moved: in deviations within an emotion; common: "
        "share of the movement that all features (of an emotion) have alike"
    )
    for note in found["notes"]:
        typer.echo(f"  {note}")
