"""Stores that are not finished, or not of the corpus as it is now: said, with what to run."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from core import BadInputError
from core.config import Config
from core.corpora import Corpus, save_corpus
from core.encoders import AudioEncoder, Embeddings, embed_corpus, require_current
from core.files import read_json, write_json
from core.runs.data import load_data
from core.workspace import Workspace


@pytest.fixture
def encoder(tiny_whisper: Path) -> AudioEncoder:
    return AudioEncoder.load(str(tiny_whisper), device="cpu")


def refused(store: Embeddings, corpus: Corpus) -> str:
    with pytest.raises(BadInputError) as caught:
        require_current(store, corpus)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_interrupted_store(workspace: Workspace, make_corpus, encoder: AudioEncoder) -> None:
    corpus = make_corpus(workspace, 8)
    asked = iter([False, True])
    (store,) = embed_corpus(corpus, audio_encoder=encoder, workspace=workspace, batch=4, stop=lambda: next(asked))
    command = shlex.join(["mirage", "embed", "toy", "--audio-encoder", encoder.checkpoint.name, "--layer", "3"])
    message = refused(store, corpus)
    assert "are not complete (4 rows; the work was interrupted)" in message
    assert f"go on with `{command} --precision float32`" in message
    with pytest.raises(BadInputError, match="are not complete"):
        load_data(Config().changed(data={"corpus": "toy"}), workspace)
    (store,) = embed_corpus(corpus, audio_encoder=encoder, workspace=workspace, batch=4)
    assert require_current(store, corpus) is store


def changed(corpus: Corpus, workspace: Workspace, **columns: dict[int, object]) -> Corpus:
    table = corpus.table.copy()
    for name, values in columns.items():
        cells = table[name].tolist()
        for row, value in values.items():
            cells[row] = value
        table[name] = cells
    new = Corpus(corpus.name, corpus.root, table, corpus.metadata)
    save_corpus(new, workspace)
    return new


def test_corpus_that_changed(workspace: Workspace, make_corpus, encoder: AudioEncoder) -> None:
    corpus = make_corpus(workspace, 6)
    (store,) = embed_corpus(corpus, audio_encoder=encoder, workspace=workspace)
    # Labels are not embedded.
    require_current(store, changed(corpus, workspace, emotion={0: "fear"}, text={0: "other words"}))
    segment = changed(corpus, workspace, start={1: 0.05}, end={1: 0.3})
    assert "vectors without an utterance: 0; others may have other audio" in refused(store, segment)
    other = changed(corpus, workspace, utterance_id={2: "new"}, start={1: 0.05}, end={1: 0.3})
    message = refused(store, other)
    assert "corpus toy changed since it was embedded into tiny-whisper@3-mean" in message
    assert "utterances without a vector: 1, vectors without an utterance: 1" in message
    assert "bring the embeddings up to date with `mirage embed toy --audio-encoder" in message
    with pytest.raises(BadInputError, match="changed since it was embedded"):
        load_data(Config().changed(data={"corpus": "toy"}), workspace)
    (store,) = embed_corpus(other, audio_encoder=encoder, workspace=workspace)
    assert store.changes == {"new": 1, "changed": 1, "gone": 1}
    require_current(store, other)
    (again,) = embed_corpus(other, audio_encoder=encoder, workspace=workspace)
    assert again.changes == {"new": 0, "changed": 0, "gone": 1}


def test_store_that_does_not_say_what_it_was_made_of(workspace: Workspace, make_corpus, encoder: AudioEncoder) -> None:
    corpus = make_corpus(workspace, 4)
    (store,) = embed_corpus(corpus, audio_encoder=encoder, workspace=workspace)
    meta = read_json(store.folder / "meta.json")
    del meta["inputs"], meta["precision"]
    write_json(store.folder / "meta.json", meta)
    older = Embeddings.open(store.folder)
    require_current(older, corpus)
    assert "changed since" in refused(older, changed(corpus, workspace, utterance_id={2: "new"}))
    (store,) = embed_corpus(corpus, audio_encoder=encoder, workspace=workspace)
    assert store.meta["precision"] == "float32"


def test_other_precision_in_the_way(workspace: Workspace, make_corpus, tiny_whisper: Path) -> None:
    corpus = make_corpus(workspace, 3)
    source = str(tiny_whisper)
    (half,) = embed_corpus(corpus, audio_encoder=source, workspace=workspace, device="cpu", precision="bfloat16")
    assert half.meta["precision"] == "bfloat16"
    with pytest.raises(BadInputError, match="precision bfloat16, not float32; give --precision bfloat16 to go on"):
        embed_corpus(corpus, audio_encoder=source, workspace=workspace, device="cpu")
