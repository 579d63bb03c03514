"""Networks as ONNX files compute what the run computes, in every mode, and say what they are."""

from __future__ import annotations

import json
import shutil
import socket
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.encoders import Embeddings
from core.errors import FailureError
from core.export import exported_networks, onnx_files, write_onnx
from core.export.agreement import Rows
from core.runs import LoadedRun, load_run
from core.workspace import Workspace
from tests.core.export.documented import commands, program

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
onnxruntime = pytest.importorskip("onnxruntime")


def opened(file: Path) -> Any:
    return onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])


def called(folder: Path, name: str, **inputs: np.ndarray) -> dict[str, np.ndarray]:
    session = opened(folder / f"{name}.onnx")
    return dict(zip([output.name for output in session.get_outputs()], session.run(None, inputs), strict=True))


def close(found: np.ndarray, wanted: np.ndarray) -> None:
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=2e-5)


def width(run: LoadedRun, side: str) -> int:
    return int(run.networks()["aligner"].config[side])


@pytest.fixture(scope="module")
def folders(demo: LoadedRun, others: dict[str, LoadedRun], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The files of each mode, made once; those of the demo by the command of docs/exports.md."""
    from core.cli.app import main

    made = {}
    for run in others.values():
        folder = tmp_path_factory.mktemp("onnx") / run.mode
        made[run.mode] = (folder, write_onnx(run, folder))
    (command,) = [words for words in commands() if words[1] == "onnx"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("documented"))
        patch.setenv("MIRAGE_HOME", str(demo.workspace.root))
        patch.setattr("sys.argv", command)
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 0
        folder = Path("networks").absolute()
    return made | {"text": (folder, json.loads((folder / "networks.json").read_text()))}


@pytest.fixture(params=["text", "free", "paired"])
def run(request: pytest.FixtureRequest, demo: LoadedRun, others: dict[str, LoadedRun]) -> LoadedRun:
    return {"text": demo, **others}[request.param]


@pytest.mark.parametrize("size", [1, 7, 64])
def test_all_networks_against_the_run(run: LoadedRun, folders: Any, size: int) -> None:
    folder, _ = folders[run.mode]
    h = run.h[:size]
    found = called(folder, "classifier_audio", h=h)
    close(found["posterior"], run.posterior(h))
    close(called(folder, "projector", h=h)["place"], run.project(h))
    z = run.sample_noise(size, seed=3)
    generator = np.random.default_rng(0)
    c = generator.dirichlet(np.ones(len(run.classes)), size).astype(np.float32)
    u = generator.standard_normal((size, len(run.code_names)), dtype=np.float32)
    t = run.t[run.has_text][:size] if run.t is not None else None
    inputs = {"z": z, "c": c, "u": u} | ({"t": t} if run.mode == "text" else {})
    made = called(folder, "generator", **inputs)
    audio, text = run.decode(z, c, u, t if run.mode == "text" else None)
    close(made["h"], audio)
    if run.mode == "paired":
        assert text is not None
        close(made["t"], text)
        emotions, codes = run.recovered(audio, text)
        read = called(folder, "q_heads", h=audio, t=text)
    else:
        emotions, codes = run.recovered(audio)
        read = called(folder, "q_heads", h=audio)
    close(read["posterior"], emotions)
    close(read["code_mean"], codes)
    vectors = generator.standard_normal((size, width(run, "audio")), dtype=np.float32)
    close(called(folder, "aligner_audio", embedding=vectors)["h"], run.align_audio(vectors))
    if run.mode == "free":
        assert not (folder / "aligner_text.onnx").exists()
        return
    assert t is not None
    close(called(folder, "classifier_text", t=t)["posterior"], run.text_posterior(t))
    vectors = generator.standard_normal((size, width(run, "text")), dtype=np.float32)
    close(called(folder, "aligner_text", embedding=vectors)["t"], run.align_text(vectors))


def test_files_say_what_they_are(run: LoadedRun, folders: Any) -> None:
    folder, content = folders[run.mode]
    assert json.loads((folder / "networks.json").read_text()) == content
    assert (content["run"], content["mode"], content["classes"]) == (run.id, run.mode, run.classes)
    stores = {"text": ["whisper-tiny.en@3-mean", "all-MiniLM-L6-v2@mean"], "paired": ["whisper@3-mean", "minilm@mean"]}
    assert content["embeddings"] == stores.get(run.mode, ["whisper@3-mean"])
    names = {entry["file"] for entry in content["networks"]}
    assert names == {file.name for file in folder.glob("*.onnx")}
    assert len(names) == (5 if run.mode == "free" else 8)
    readme = (folder / "README.md").read_text()
    for entry in content["networks"]:
        model = onnx.load(folder / entry["file"])
        said = {item.key: item.value for item in model.metadata_props}
        assert (said["mirage_run"], said["mirage_mode"]) == (run.id, run.mode)
        assert json.loads(said["mirage_classes"]) == run.classes
        assert json.loads(said["mirage_code_names"]) == run.code_names
        assert model.opset_import[0].version == content["opset"] == 20
        for values, shapes in ((model.graph.input, entry["inputs"]), (model.graph.output, entry["outputs"])):
            found = {
                value.name: [axis.dim_param or axis.dim_value for axis in value.type.tensor_type.shape.dim]
                for value in values
            }
            assert found == shapes
        assert 0 < entry["against_torch"]["max_relative"] < content["check"]["tolerance"] == 1e-4
        assert entry["file"] in readme
        # Nothing of the machine that made it: no path, no name of it, no line of the program.
        raw = (folder / entry["file"]).read_bytes()
        for word in (str(Path.cwd()), str(Path(sys.prefix)), "site-packages", ".py", "core.export", socket.getfqdn()):
            assert word.encode() not in raw, word
    sources = {entry["file"]: entry["against_torch"]["source"] for entry in content["networks"]}
    assert sources["aligner_audio.onnx"] == "audio embeddings of the run's corpus"


def test_the_documented_chain(demo: LoadedRun, folders: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, _ = folders["text"]
    monkeypatch.chdir(folder.parent)
    store = Embeddings.open(demo.workspace.embeddings_folder("demo", "all-MiniLM-L6-v2@mean"))
    vectors, there = store.for_ids(demo.utterances["utterance_id"])
    assert there.all()
    np.save("sentence.npy", vectors[3])
    names: dict[str, Any] = {}
    exec(program("sentence.npy"), names)
    t = demo.align_text(vectors[3:4]).repeat(64, axis=0)
    audio, _ = demo.decode(names["z"], names["c"], names["u"], t)
    close(names["h"], audio)
    close(names["posterior"], demo.posterior(audio))
    close(names["place"], demo.project(audio))
    assert (names["posterior"].argmax(axis=1) == demo.classes.index("sad")).mean() > 0.5


def test_a_run_without_its_corpus(run_copy: Path, tmp_path: Path) -> None:
    run = load_run(run_copy, Workspace(tmp_path / "nothing"))
    rows = Rows(run)
    for network in exported_networks(run):
        if network.name.startswith("aligner_"):
            (drawn,), source = rows.inputs(network)
            assert source.endswith("embeddings drawn with the mean and deviation of the training ones")
            assert drawn.shape == (512, network.inputs["embedding"])
            assert np.isfinite(network.module(torch.from_numpy(drawn)).numpy(force=True)).all()


def test_a_run_that_was_published_without_features(run: LoadedRun, tmp_path: Path) -> None:
    """Arrays of no rows ended in an error of torch's exporter."""
    from core.runs.withheld import withhold

    shutil.copytree(run.path, tmp_path / "run")
    withhold(tmp_path / "run", load_run(tmp_path / "run", run.workspace))
    bare = load_run(tmp_path / "run", Workspace(tmp_path / "nothing"))
    assert len(bare.utterances) == 0
    source = "embeddings drawn with the mean and deviation of the training ones"
    rows = Rows(bare)
    for network in exported_networks(bare):
        inputs, said_of = rows.inputs(network)
        assert [values.shape for values in inputs] == [(512, size) for size in network.inputs.values()]
        assert source in said_of or (network.name == "generator" and run.mode != "text")
    if run.mode != "text":
        return
    content = write_onnx(bare, tmp_path / "onnx")
    said = {entry["file"]: entry["against_torch"] for entry in content["networks"]}
    assert {one["rows"] for one in said.values()} == {512}
    assert said["classifier_audio.onnx"]["source"] == f"aligned features of {source}"
    assert said["aligner_audio.onnx"]["source"] == f"audio {source}"
    assert said["generator.onnx"]["source"].endswith(f", text features of {source}")
    assert json.loads((tmp_path / "onnx" / "networks.json").read_text()) == content


def test_a_file_that_differs_is_not_left_behind(
    finished: LoadedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = onnx_files._forget_machine

    def spoilt(model: Any) -> None:
        before(model)
        weight = max(model.graph.initializer, key=lambda one: len(one.raw_data))
        weight.raw_data = (np.frombuffer(weight.raw_data, dtype=np.float32) * np.float32(1.01)).tobytes()

    monkeypatch.setattr(onnx_files, "_forget_machine", spoilt)
    with pytest.raises(FailureError, match=r"\.onnx: differs from PyTorch by .* nothing was written"):
        write_onnx(finished, tmp_path / "onnx")
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_written_is_said_before_anything_is_loaded(
    mirage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.txt").touch()
    refused = mirage("onnx", "small", "-o", tmp_path / "mine", home=tmp_path)
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "holds 'a.txt'" in refused.err
    monkeypatch.setattr(onnx_files, "find_spec", lambda name: None if name == "onnxscript" else object())
    missing = mirage("onnx", "small", "-o", tmp_path / "other", home=tmp_path)
    assert missing.err == "mirage: ONNX files need onnxscript: pip install 'mirage-affect[onnx]'\n"
    assert missing.code == 2
    assert not (tmp_path / "other").exists()
