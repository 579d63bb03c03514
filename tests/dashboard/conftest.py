"""A small run with text, really trained, for the view models of the map and the lab."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import soundfile

from core import Config, LoadedRun, Workspace, load_run, train
from core.corpora import Corpus, ingest
from core.encoders.shards import SOURCE_BYTES
from core.encoders.writer import StoreWriter

EMOTIONS = ("angry", "happy", "sad")
SPOKEN = ("=1+1 is two", "Give it *back*, <b>now</b>!", "The BUS comes at ten")


def _store(corpus: Corpus, workspace: Workspace, modality: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    centres = {name: rng.normal(size=12) for name in EMOTIONS}
    name = f"{modality}-tones@mean"
    meta = {"modality": modality, "encoder": name, "dimension": 12, "dtype": "float32", "layer": 0, "pooling": "mean"}
    meta |= {"corpus": corpus.name, "corpus_fingerprint": corpus.fingerprint()}
    with StoreWriter(workspace.embeddings_folder(corpus.name, name), meta) as store:
        for identity, emotion in zip(corpus.table["utterance_id"], corpus.table["emotion"], strict=True):
            source = hashlib.blake2b(identity.encode(), digest_size=SOURCE_BYTES).digest()
            store.append(identity, source, (centres[emotion] + 0.7 * rng.normal(size=12)).astype(np.float32))
        store.finish(complete=True, problems=[])


@pytest.fixture(scope="session")
def text_run(tmp_path_factory: pytest.TempPathFactory) -> LoadedRun:
    """A finished run in mode ``text``: 6 speakers, 3 emotions, 3 sentences, 54 clips; not to be changed."""
    folder = tmp_path_factory.mktemp("spoken")
    workspace = Workspace(folder / "workspace")
    lines = ["id,audio,emotion,speaker,text"]
    rng = np.random.default_rng(0)
    for speaker in range(6):
        for emotion in EMOTIONS:
            for number, words in enumerate(SPOKEN):
                name = f"s{speaker}-{emotion}-{number}"
                soundfile.write(folder / f"{name}.wav", 0.1 * rng.normal(size=4800), 16_000)
                lines.append(f'{name},{name}.wav,{emotion},s{speaker},"{words}"')
    (folder / "table.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    corpus = ingest("folder", folder, name="spoken", workspace=workspace, table=folder / "table.csv").corpus
    _store(corpus, workspace, "audio", 1)
    _store(corpus, workspace, "text", 2)
    config = Config().changed(
        data={"n_folds": 3, "validation": 0.3},
        alignment={"steps": 30, "hidden": 32, "dim": 8, "batch": 32},
        generation={"steps": 30, "hidden": 32, "batch": 32, "noise": 4, "codes": 3},
        information={"samples": 200, "steps": 10, "bootstrap": 50, "batch": 64},
        projection={"projector_steps": 10, "neighbours": 5},
        training={"checkpoint_every": 30, "threads": 1},
    )
    train("spoken", config=config, workspace=workspace, run_id="spoken-run")
    return load_run("spoken-run", workspace)
