"""The commands that make a run and its figures again, from the corpus on disk."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from core.benchmarks import command_of
from core.benchmarks.command import settings_of
from core.files import read_json
from core.runs.loaded import LoadedRun
from core.story.facts import FOLDER, Benchmark, Data, Training
from core.workspace import Workspace


def commands_of(
    run: LoadedRun, data: Data, training: Training, benchmarks: Sequence[Benchmark], workspace: Workspace
) -> list[str]:
    """One line each. Capital letters stand for what only the reader knows: a folder, a loader."""
    found = [_ingest(run), _embed(run.corpus, training)]
    folds = run.config.data.folds
    changed = settings_of({**run.config.model_dump(), "data": {**run.config.data.model_dump(), "folds": "auto"}})
    chosen = [] if folds == "auto" else ["--set", f"data.folds={folds}"]
    # A run of the hub, owner/name@commit, is made again under its own name.
    own = run.id.rpartition("/")[2].partition("@")[0] if "/" in run.id else run.id
    found.append(shlex.join(["mirage", "train", run.corpus, "--run-id", own, *chosen, *changed]))
    name = shlex.quote(own)
    found.append(f"mirage mi {name}")
    if data.parts.get("test"):
        found.append(f"mirage quality {name}")
    names = dict.fromkeys(one.name for one in benchmarks)
    found += [command_of(read_json(workspace.benchmarks / one / "results.json")) for one in names]
    return [*found, f"mirage report {name} -o report.html"]


def _ingest(run: LoadedRun) -> str:
    loader = run.about.get("loader")
    words = ["mirage", "ingest", shlex.quote(loader) if loader else "LOADER"]
    if loader != "demo":
        words.append("FOLDER")
    return " ".join([*words, *([] if run.corpus == loader else ["--name", shlex.quote(run.corpus)])])


def _embed(corpus: str, training: Training) -> str:
    words = ["mirage", "embed", shlex.quote(corpus)]
    for option, (store, encoder) in zip(("--audio-encoder", "--text-encoder"), training.encoders.items(), strict=False):
        words += [option, "FOLDER" if encoder == FOLDER else shlex.quote(encoder)]
        if option == "--audio-encoder":
            words += _layer(store)
    return " ".join(words) if training.encoders else f"mirage embed {shlex.quote(corpus)} --audio-encoder ENCODER"


def _layer(store: str) -> list[str]:
    """Layer and pooling, which the store's name says: ``whisper-tiny.en@3-mean``, see core.encoders.layers."""
    label, _, pooling = store.partition("@")[2].rpartition("-")
    if not label or label.startswith("weighted"):
        return []
    return ["--layer", shlex.quote(label.replace("x", ":").replace("+", ",")), "--pooling", shlex.quote(pooling)]
