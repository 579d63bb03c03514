"""The encoder that a stranger's run names: no path of this machine is opened on its word, no code is run for it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from core.encoders import AudioEncoder, TextEncoder
from core.encoders.checkpoint import find_checkpoint, find_on_hub
from core.errors import BadInputError, FailureError
from core.runs import load_run
from core.workspace import Workspace

from .conftest import Refused

OPENED: list[str] = []
sys.addaudithook(
    lambda event, args: OPENED.append(str(args[0])) if event in ("open", "os.listdir", "os.scandir") else None
)


def name_encoders(run: Path, encoder: object, name: object = "m@3-mean") -> None:
    file = run / "environment.json"
    content = json.loads(file.read_text())
    for entry in content["embeddings"]:
        entry["encoder"], entry["name"] = encoder, name
    file.write_text(json.dumps(content))


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where encoders would be found by a relative name; without a network and without a cache."""
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    for name in ("somebody/encoder", "encoder"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "config.json").write_text('{"model_type": "bert"}')
        (tmp_path / name / "model.safetensors").write_bytes(b"secret")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    "name", ["{}/encoder", "~/encoder", "./encoder", "../encoder", "/etc", "/etc/passwd", "C:\\x", "a/b/c"]
)
def test_a_folder_is_not_opened(place: Workspace, run: Path, trap: Path, refused: Refused, name: str) -> None:
    encoder = name.format(trap)
    name_encoders(run, encoder)
    loaded = load_run(run, place)
    OPENED.clear()
    refused(lambda: loaded.encode_text(["words"]), "names its text encoder by a folder", "not opened on its word")
    refused(lambda: loaded.encode_audio(np.zeros(16_000), 16_000), "names its audio encoder by a folder")
    assert not [path for path in OPENED if path.startswith((str(trap / "encoder"), "/etc/p"))]


@pytest.mark.parametrize("name", ["somebody/encoder", "encoder"])
def test_a_hub_id_is_never_a_folder_that_lies_here(place: Workspace, run: Path, trap: Path, name: str) -> None:
    name_encoders(run, name)
    loaded = load_run(run, place)
    OPENED.clear()
    with pytest.raises((BadInputError, FailureError), match="not on this machine") as caught:
        loaded.encode_text(["words"])
    assert "\n" not in str(caught.value)
    assert not [path for path in OPENED if "config.json" in path or path.endswith("model.safetensors")]
    # A person may name it so.
    with pytest.raises(BadInputError, match=r"damaged|cannot be loaded"):
        TextEncoder.load(name)


@pytest.mark.parametrize(
    "name", ["", "\0", "a\x1b[2J", "\u202ea", "x" * 5000, None, 3, ["a"], {"a": 1}, "~nobody-here/x"]
)
def test_names_that_are_none(place: Workspace, run: Path, trap: Path, refused: Refused, name: object) -> None:
    name_encoders(run, name)
    refused(lambda: load_run(run, place).encode_text(["words"]), "encoder")
    name_encoders(run, "somebody/encoder", name)
    with pytest.raises((BadInputError, FailureError)) as caught:
        load_run(run, place).encode_audio(np.zeros(16_000), 16_000)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("layers", ["0-999999999999", "9" * 400, "1x1e308+2x1e308", "-1", "a", "weighted", "1x0"])
def test_layers_that_are_none(place: Workspace, run: Path, shared: Path, refused: Refused, layers: str) -> None:
    encoder = str(shared / "models" / "whisper-tiny-encoder")
    name_encoders(run, encoder, f"m@{layers}-mean")
    for store in place.encoder_names("demo"):
        file = place.embeddings_folder("demo", store) / "meta.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), "encoder": encoder}))
    refused(lambda: load_run(run, place).encode_audio(np.zeros(16_000), 16_000))


CODE = {
    "config.json": {"model_type": "mine", "auto_map": {"AutoConfig": "code.Mine", "AutoModel": "code.Mine"}},
    "tokenizer_config.json": {"auto_map": {"AutoTokenizer": ["code.Mine", None]}, "tokenizer_class": "Mine"},
    "preprocessor_config.json": {"auto_map": {"AutoFeatureExtractor": "code.Mine"}, "feature_extractor_type": "Mine"},
}


@pytest.mark.parametrize("known", ["bert", "whisper", "mine"])
def test_a_checkpoint_with_code(tmp_path: Path, known: str) -> None:
    folder, trace = tmp_path / "checkpoint", tmp_path / "trace"
    folder.mkdir()
    for name, content in CODE.items():
        (folder / name).write_text(json.dumps(content | ({"model_type": known} if name == "config.json" else {})))
    (folder / "code.py").write_text(f"open({str(trace)!r}, 'w').close()\nclass Mine: ...\n")
    (folder / "model.safetensors").write_bytes(b"\2\0\0\0\0\0\0\0{}")
    for load in (TextEncoder.load, AudioEncoder.load):
        with pytest.raises(BadInputError) as caught:
            load(folder)  # type: ignore[operator]
        assert str(caught.value).isprintable()
    assert not trace.exists()


def test_weights_that_are_a_pickle_are_not_even_opened(tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    OPENED.clear()
    refused(lambda: find_checkpoint(tmp_path), "the weights are a pickle", "MIRAGE reads safetensors only")
    assert not [path for path in OPENED if path.endswith(".bin")]
    (tmp_path / "model.safetensors.index.json").write_text('{"weight_map": {"a": "../../secret.safetensors"}}')
    refused(lambda: find_checkpoint(tmp_path), "which is no safetensors file of this checkpoint")
    refused(lambda: find_on_hub("../" + "x" * 300), "not a model hub id")
