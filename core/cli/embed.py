"""``mirage embed``: pooled embeddings of a corpus, into the store."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, redirect_stdout
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
        str,
        typer.Option(
            help="Blocks of the speech encoder to pool, from 1: a number, a range such as 4-8 (its mean), 'all', or "
            "fixed weights such as 1:0.2,2:0.8; 'auto' is the one three quarters up."
        ),
    ] = "auto",
    pooling: Annotated[
        str,
        typer.Option(
            help="Over the frames of a clip: mean, mean+std, or attention (frames like the clip's mean count more; "
            "nothing is learnt)."
        ),
    ] = "mean",
    batch: Annotated[int, typer.Option(min=1, max=512, help="Clips or texts at once, 512 at most.")] = 16,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    precision: Annotated[
        str,
        typer.Option(
            help="Of the model's numbers: auto, float32, bfloat16 or float16; 'auto' is bfloat16 or float16 on a GPU "
            "that computes it and float32 on the CPU. Vectors are pooled in float32."
        ),
    ] = "auto",
    dtype: Annotated[str, typer.Option(help="Of the stored vectors: float32 or float16.")] = "float32",
    engine: Annotated[
        str, typer.Option(help="Where it runs: local, or ray (a Ray cluster; pip install 'mirage-affect[cluster]').")
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(help="ray: of an existing cluster, host:port, or auto on one of its nodes; without, a local one."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=100_000,
            help="ray: how many; by default one a GPU, without GPUs one a core; fewer share the cores.",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Only say how many clips and hours, what is done, how long the rest takes, how large."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Computes pooled embeddings of a corpus into the workspace.

    Ctrl-C stops cleanly; the same command goes on where it was. Rows that cannot be embedded are listed, the rest is
    done.
    """
    if engine not in ("local", "ray"):
        raise BadInputError(f"--engine {engine}: use local or ray")
    if engine == "local" and (address is not None or workers is not None):
        raise BadInputError("--address and --workers are for --engine ray")
    if audio_encoder is None and text_encoder is None:
        raise BadInputError("give --audio-encoder, --text-encoder or both")
    if audio_encoder is None and (layer, pooling) != ("auto", "mean"):
        raise BadInputError("--layer and --pooling are for the speech encoder; text is pooled as its encoder says")
    from core.corpora import load_corpus

    corpus = load_corpus(name)
    # Threads that wait for each other sleep instead of spinning: on cores shared with other work (a dashboard, a
    # training) that is several times faster. It is read when PyTorch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from core.encoders import embed_corpus  # after what can fail at once

    asked: dict[str, Any] = {
        "audio_encoder": audio_encoder,
        "text_encoder": text_encoder,
        "layer": layer,
        "pooling": pooling,
        "batch": batch,
        "device": device,
        "precision": precision,
        "dtype": dtype,
    }
    if dry_run:
        _estimate(corpus, asked, as_json)
        if engine == "ray":
            typer.echo("the estimate is for one worker on this machine, not for a cluster", err=True)
        return
    with _counted(name, device), stop_on_signal() as stop, progress_bar("embedding", quiet=as_json) as progress:
        if engine == "ray":
            from core.encoders.cluster import Cluster
            from core.encoders.spread import embed_on_cluster

            cluster = Cluster(address, workers)
            # Ray says on standard output that a worker died; what is printed there is for --json alone.
            with redirect_stdout(sys.stderr):
                stores = embed_on_cluster(corpus, **asked, cluster=cluster, progress=progress, stop=stop.is_set)
        else:
            stores = embed_corpus(corpus, **asked, progress=progress, stop=stop.is_set)
    stopped = stop.is_set() and not all(store.complete for store in stores)
    if as_json:
        print_json([_summary(store) for store in stores])
    else:
        _print(stores)
    if stopped:
        typer.echo("mirage: stopped; what is done is kept - run the same command again to go on", err=True)
        raise typer.Exit(130)


def _counted(name: str, device: str) -> AbstractContextManager[None]:
    """Jobs that wait on the dashboard see that the machine is busy."""
    import torch

    from core.jobs.turns import GPU_BYTES, Claim, counted, usable_cores
    from core.workspace import Workspace

    on_gpu = device.startswith("cuda") or (device == "auto" and torch.cuda.is_available())
    claim = Claim(kind="embedding", name=name, cores=usable_cores(), gpu_memory=GPU_BYTES if on_gpu else 0)
    return counted(Workspace(), claim)


def _estimate(corpus: Any, asked: dict[str, Any], as_json: bool) -> None:
    from dataclasses import asdict

    from core.encoders.embedding import plan_jobs
    from core.encoders.estimate import estimate_job

    with progress_bar("looking", quiet=as_json) as progress:
        found = [
            estimate_job(job, batch=asked["batch"], dtype=asked["dtype"], progress=progress)
            for job in plan_jobs(corpus, **asked)
        ]
    if as_json:
        print_json([asdict(one) for one in found])
        return
    print_table(
        ["store", "clips", "hours", "done", "to do", "time", "fastest to slowest", "size"],
        [
            [
                one.store,
                one.rows,
                "" if one.hours is None else round(one.hours, 2),
                one.done,
                one.left,
                _duration(one.seconds),
                "" if not one.left else f"{_duration(one.low)} to {_duration(one.high)}",
                f"{one.bytes_total / 1e6:,.1f} MB",
            ]
            for one in found
        ],
    )
    for one in found:
        where = f"{one.store}: on {one.device} in {one.precision}"
        if one.left and one.seconds is None:
            typer.echo(f"{where}, the time is not known: none of the probed clips could be encoded", err=True)
        elif one.left:
            typer.echo(f"{where}, by a probe of {one.probed} clips; nothing was written", err=True)
        else:
            typer.echo(f"{where}: all is done; nothing was written", err=True)


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "unknown"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


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
        **{
            key: store.meta.get(key)
            for key in ("modality", "encoder", "layer", "pooling", "precision", "dimension", "dtype")
        },
        "rows": len(store),
        "complete": store.complete,
        "fingerprint": store.fingerprint(),
        "changes": store.changes,
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
        if store.changes:
            counts = store.changes
            typer.echo(
                f"{store.name}: the corpus changed since it was embedded: {counts['changed']} utterances were made "
                f"anew, {counts['new']} are new, {counts['gone']} are no longer in it",
                err=True,
            )
        for problem in store.problems[:shown]:
            typer.echo(f"left out: {problem['utterance_id']}: {problem['reason']}", err=True)
        if len(store.problems) > shown:
            typer.echo(f"... and {len(store.problems) - shown} more; all are in {store.folder / 'meta.json'}", err=True)
