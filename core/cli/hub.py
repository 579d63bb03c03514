"""``mirage push`` and ``mirage card``: runs and generated features on the Hugging Face hub."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.app import app
from core.cli.output import JsonOption, opened, print_json, print_table, progress_bar

if TYPE_CHECKING:
    from core.hub import Parcel, Pushed


class Kind(StrEnum):
    """Which card."""

    model = "model"
    dataset = "dataset"


@app.command()
def push(
    run: Annotated[str, typer.Argument(help="Id of a finished run, its folder, or a hub id.")],
    place: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="Where it goes on the hub.")],
    private: Annotated[
        bool, typer.Option("--private/--public", help="Whether only its owner sees it, where it is new.")
    ] = True,
    revision: Annotated[str, typer.Option("--revision", help="Branch; made where there is none.")] = "main",
    message: Annotated[str | None, typer.Option("--message", help="Of the commit.")] = None,
    features: Annotated[
        bool,
        typer.Option(
            "--features/--no-features",
            help="The aligned features of the utterances; without them the run generates, but has no map.",
        ),
    ] = True,
    transcripts: Annotated[
        bool, typer.Option("--transcripts", help="What was said goes too, where the corpus allows it to be read.")
    ] = False,
    names: Annotated[
        bool, typer.Option("--names", help="Speakers, sessions and ids of utterances as they are, not as numbers.")
    ] = False,
    card: Annotated[bool, typer.Option("--card/--no-card", help="Write README.md anew.")] = True,
    dataset: Annotated[
        bool, typer.Option("--dataset", help="Generate features and push these, as a dataset, not the run.")
    ] = False,
    emotions: Annotated[
        list[str] | None, typer.Option("--emotion", help="With --dataset: by default all; repeatable.")
    ] = None,
    n: Annotated[int, typer.Option("-n", help="With --dataset: features for each emotion.", min=1)] = 500,
    seed: Annotated[int, typer.Option("--seed", help="With --dataset: of the first emotion.")] = 0,
    paired: Annotated[bool, typer.Option("--paired", help="With --dataset: audio and text features.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would leave this machine; send nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Push a run, or features that it generates, to the Hugging Face hub; private unless you say --public.

    What goes is printed first. Checkpoints, logs and paths never do. `load_run("OWNER/NAME")` opens the run anywhere.
    """
    from core.errors import BadInputError
    from core.hub import dataset_parcel, run_parcel
    from core.hub.names import checked_hub_id

    where = checked_hub_id(f"{place}@{revision}" if revision != "main" and "@" not in place else place)
    if dataset and (transcripts or names or not features):
        raise BadInputError("--transcripts, --names and --no-features are of a run: generated features hold none of it")
    if not dataset and (emotions or paired or n != 500 or seed):
        raise BadInputError("--emotion, -n, --seed and --paired are of generated features: say --dataset, too")
    loaded = opened(run, quiet=as_json)
    ready = (
        dataset_parcel(loaded, where, emotions=emotions or [], n=n, seed=seed, paired=paired, card=card)
        if dataset
        else run_parcel(loaded, where, features=features, transcripts=transcripts, names=names, card=card)
    )
    with ready as parcel:
        if not as_json:
            _print_parcel(parcel, private)
        if dry_run:
            if as_json:
                print_json({"place": str(where), "kind": parcel.kind, "files": parcel.files, "notes": parcel.notes})
            else:
                typer.echo("nothing was sent (--dry-run)")
            return
        try:
            pushed = _send(parcel, private, message, as_json)
        except KeyboardInterrupt:
            typer.echo(
                f"mirage: {where}: stopped; nothing of it can be seen on the hub, and the same command goes on",
                err=True,
            )
            raise typer.Exit(130) from None
    if as_json:
        print_json(pushed.to_dict())
    else:
        _print_pushed(pushed)


@app.command()
def card(
    run: Annotated[str, typer.Argument(help="Id of a finished run, its folder, or a hub id.")],
    output: Annotated[
        str | None, typer.Option("-o", "--output", help="File to write; by default it is printed.")
    ] = None,
    kind: Annotated[Kind, typer.Option("--kind", help="Of the run, or of features that it generates.")] = Kind.model,
) -> None:
    """Write the model card of a run, or the dataset card of its generated features, as `mirage push` would.

    Speakers are numbers in it, not names.
    """
    from pathlib import Path

    from core.cards import Generated, data_files, dataset_card, model_card
    from core.files import write_text
    from core.hub.contents import story_of

    loaded = opened(run, quiet=output is None)
    story = story_of(loaded)
    if kind is Kind.model:
        text = model_card(story)
    else:
        # As of a push that says no more than the run's name.
        files = data_files(loaded.classes)
        made = Generated(dict.fromkeys(loaded.classes, 500), files, 0, loaded.noise_size, paired=False)
        text = dataset_card(story, made)
    if output is None:
        typer.echo(text, nl=False)
        return
    target = Path(output).expanduser().absolute()
    write_text(target, text)
    typer.echo(f"{target}: the {kind.value} card of run {loaded.id}")


def _send(parcel: Parcel, private: bool, message: str | None, quiet: bool) -> Pushed:
    from core.hub import send

    with _interrupted() as interrupted, progress_bar("pushing", quiet=quiet) as bar:

        def report(done: int, total: int, message: str = "") -> None:
            if interrupted.is_set():
                raise KeyboardInterrupt
            # In kB: a bar that counts single bytes cannot be read.
            bar(-(-done // 1000), -(-total // 1000), f"{message}, kB")

        return send(parcel, private=private, message=message, progress=report)


@contextmanager
def _interrupted() -> Iterator[threading.Event]:
    """Set by Ctrl-C, which is raised as well: where that falls into a destructor Python drops it, and the push would
    go on to its commit."""
    asked = threading.Event()

    def ask(number: int, frame: Any) -> None:
        asked.set()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


def _print_parcel(parcel: Parcel, private: bool) -> None:
    rows = [[name, f"{size / 1000:,.1f}"] for name, size in parcel.files.items()]
    what = "private" if private else "PUBLIC: everybody can see it"
    typer.echo(f"To {parcel.place} ({parcel.kind}, {what}):")
    print_table(["file", "kB"], rows)
    typer.echo(f"{len(parcel.files)} files, {parcel.size / 1e6:,.1f} MB")
    for note in parcel.notes:
        typer.echo(note)


def _print_pushed(pushed: Pushed) -> None:
    seen = "private" if pushed.private else "public"
    if not pushed.changed:
        typer.echo(f"{pushed.place} ({seen}): all of it was there already; {pushed.address}")
        return
    typer.echo(f"{pushed.place} ({seen}): {pushed.address}")
    if pushed.kind == "model":
        typer.echo(f'open it anywhere: load_run("{pushed.place}"), or mirage generate {pushed.place} ...')
