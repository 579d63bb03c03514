"""``mirage embed``: pooled embeddings of a corpus, into the store."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from core.cli.app import app
from core.cli.output import JsonOption, print_json, print_table, progress_bar
from core.errors import BadInputError


@app.command()
def embed(
    name: Annotated[str, typer.Argument(help="Name of the ingested corpus.")],
    audio_encoder: Annotated[
        str | None, typer.Option("--audio-encoder", help="Speech encoder: model hub id or a checkpoint's folder.")
    ] = None,
    text_encoder: Annotated[
        str | None,
        typer.Option("--text-encoder", help="Text encoder: model hub id or folder; 'minilm' is all-MiniLM-L6-v2."),
    ] = None,
    layer: Annotated[
        str, typer.Option(help="Block of the speech encoder to pool, from 1; 'auto' is three quarters up.")
    ] = "auto",
    pooling: Annotated[str, typer.Option(help="Over the frames of a clip: mean, or mean+std.")] = "mean",
    batch: Annotated[int, typer.Option(min=1, max=4096, help="Clips or texts at once.")] = 16,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    dtype: Annotated[str, typer.Option(help="Of the stored vectors: float32 or float16.")] = "float32",
    engine: Annotated[str, typer.Option(help="Where it runs: local.")] = "local",
    as_json: JsonOption = False,
) -> None:
    """Computes pooled embeddings of a corpus into the workspace.

    Ctrl-C stops cleanly; the same command goes on where it was. Rows that cannot be embedded are listed, the rest is
    done.
    """
    if engine != "local":
        raise BadInputError(f"--engine {engine}: not available in this version; use --engine local")
    if audio_encoder is None and text_encoder is None:
        raise BadInputError("give --audio-encoder, --text-encoder or both")
    from core.corpora import load_corpus

    corpus = load_corpus(name)
    # Threads that wait for each other sleep instead of spinning: on cores shared with other work (a dashboard, a
    # training) that is several times faster. It is read when PyTorch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from core.encoders import embed_corpus  # after what can fail at once

    with stop_on_signal() as stop, progress_bar("embedding", quiet=as_json) as progress:
        stores = embed_corpus(
            corpus,
            audio_encoder=audio_encoder,
            text_encoder=text_encoder,
            layer=layer,
            pooling=pooling,
            batch=batch,
            device=device,
            dtype=dtype,
            progress=progress,
            stop=stop.is_set,
        )
    stopped = stop.is_set() and not all(store.complete for store in stores)
    if as_json:
        print_json([_summary(store) for store in stores])
    else:
        _print(stores)
    if stopped:
        typer.echo("mirage: stopped; what is done is kept - run the same command again to go on", err=True)
        raise typer.Exit(130)


@contextmanager
def stop_on_signal() -> Iterator[threading.Event]:
    """An event that Ctrl-C or a termination sets, for work that ends between two steps; a second one ends at once."""
    asked = threading.Event()

    def ask(number: int, frame: Any) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _summary(store: Any) -> dict[str, Any]:
    return {
        "store": store.name,
        "folder": str(store.folder),
        **{key: store.meta[key] for key in ("modality", "encoder", "layer", "pooling", "dimension", "dtype")},
        "rows": len(store),
        "complete": store.complete,
        "fingerprint": store.fingerprint(),
        "problems": store.problems,
    }


def _print(stores: list[Any]) -> None:
    shown = 10
    print_table(
        ["store", "modality", "rows", "dimension", "complete", "left out"],
        [
            [store.name, store.modality, len(store), store.dim, "yes" if store.complete else "no", len(store.problems)]
            for store in stores
        ],
    )
    for store in stores:
        for problem in store.problems[:shown]:
            typer.echo(f"left out: {problem['utterance_id']}: {problem['reason']}", err=True)
        if len(store.problems) > shown:
            typer.echo(f"... and {len(store.problems) - shown} more; all are in {store.folder / 'meta.json'}", err=True)
