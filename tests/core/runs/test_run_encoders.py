"""Something new embedded with a run's own encoders: the demo's run, its clips and real encoders."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core import BadInputError, FailureError, LoadedRun, Workspace, load_run
from core.demo import install_demo

ROW = 7


@pytest.fixture
def demo(tmp_path: Path) -> LoadedRun:
    """The demo's run in a workspace of its own; the text encoder that it names is one that is on this machine."""
    workspace = Workspace(tmp_path / "workspace")
    install_demo(workspace)
    named(workspace.run_folder("demo"), 1, "minilm")
    return load_run("demo", workspace)


def named(folder: Path, place: int, encoder: str, name: str | None = None) -> None:
    """Changes which encoder the run says it was trained on."""
    file = folder / "environment.json"
    content = json.loads(file.read_text())
    content["embeddings"][place]["encoder"] = encoder
    content["embeddings"][place]["name"] = name or content["embeddings"][place]["name"]
    file.write_text(json.dumps(content))


def embedded_with(run: LoadedRun, modality: str, encoder: str) -> None:
    """Changes what the workspace's own store of the run's corpus says that it was made by."""
    for name in run.workspace.encoder_names(run.corpus):
        file = run.workspace.embeddings_folder(run.corpus, name) / "meta.json"
        meta = json.loads(file.read_text())
        if meta["modality"] == modality:
            file.write_text(json.dumps({**meta, "encoder": encoder}))


@pytest.mark.speech
def test_a_clip_of_the_corpus_lands_on_its_own_feature(demo: LoadedRun, shared: Path) -> None:
    encoder = str(shared / "models" / "whisper-tiny-encoder")
    named(demo.path, 0, encoder)
    # The word of the run is not enough to open a folder.
    with pytest.raises(BadInputError, match=r"is not opened on its word; .* run `mirage embed demo --audio-encoder"):
        demo.encode_audio(np.zeros(16_000), 16_000)
    embedded_with(demo, "text", encoder)
    with pytest.raises(BadInputError, match="not opened on its word"):
        demo.encode_audio(np.zeros(16_000), 16_000)
    embedded_with(demo, "audio", encoder)
    h = demo.encode_audio(demo.waveform(ROW), 16_000)
    rows, _ = demo.neighbours(h, k=1)
    assert rows[0, 0] == ROW
    assert np.linalg.norm(h[0] - demo.h[ROW]) < 0.1 * np.linalg.norm(demo.h[ROW])
    # At another rate it is the same clip.
    slow = demo.encode_audio(demo.waveform(ROW, 48_000), 48_000)
    assert np.linalg.norm(slow - h) < 0.1 * np.linalg.norm(h)
    with pytest.raises(BadInputError, match=r"too short; 0\.1 s at least"):
        demo.encode_audio(np.zeros(100), 16_000)


def test_a_transcript_of_the_corpus_lands_on_its_own_feature(demo: LoadedRun) -> None:
    assert demo.t is not None
    words = demo.utterances["text"][ROW]
    t = demo.encode_text([words])
    np.testing.assert_allclose(t[0], demo.t[ROW], atol=0.02)
    assert demo.text_posterior(t).shape == (1, 4)
    np.testing.assert_allclose(demo.text_posterior(t).sum(), 1.0, atol=1e-5)


def test_an_encoder_that_is_not_here_is_said_in_one_line(demo: LoadedRun, tmp_path: Path) -> None:
    named(demo.path, 0, str(tmp_path / "gone"))
    embedded_with(demo, "audio", str(tmp_path / "gone"))
    with pytest.raises((BadInputError, FailureError)) as caught:
        demo.encode_audio(np.zeros(16_000), 16_000)
    assert "gone" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_layers_and_pooling_are_those_of_the_store(demo: LoadedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.encoders import AudioEncoder

    asked: list[object] = []

    def load(encoder: str, **settings: object) -> None:
        asked.append((encoder, settings))
        raise BadInputError("seen")

    monkeypatch.setattr(AudioEncoder, "load", staticmethod(load))
    monkeypatch.setattr("core.encoders.checkpoint.find_on_hub", lambda name: name)
    for name, layer, pooling in (
        ("m@3-mean", "3", "mean"),
        ("m@2-3-mean+std", "2-3", "mean+std"),
        ("m@1x0.2+2x0.8-attention", "1:0.2,2:0.8", "attention"),
    ):
        named(demo.path, 0, "some/m", name)
        with pytest.raises(BadInputError, match="seen"):
            demo.encode_audio(np.zeros(16_000), 16_000)
        assert asked[-1] == ("some/m", {"layer": layer, "pooling": pooling})
    named(demo.path, 0, "some/m", "m@weighted-12345678-mean")
    with pytest.raises(BadInputError, match="weights of its encoder's layers are not kept"):
        demo.encode_audio(np.zeros(16_000), 16_000)
