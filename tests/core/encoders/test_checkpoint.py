"""Checkpoints that cannot or must not be used, each with one clear line."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from core import BadInputError, FailureError
from core.encoders import AudioEncoder, TextEncoder
from core.encoders.checkpoint import find_checkpoint, within
from core.encoders.device import choose_device, choose_precision


@pytest.fixture
def copy(tiny_whisper: Path, tmp_path: Path) -> Path:
    """A checkpoint to spoil."""
    return Path(shutil.copytree(tiny_whisper, tmp_path / "spoilt"))


def refused(folder: Path | str) -> str:
    with pytest.raises(BadInputError) as caught:
        AudioEncoder.load(str(folder), device="cpu")
    message = str(caught.value)
    assert "\n" not in message
    assert str(folder) in message
    return message


def test_pickle_weights_are_refused_unread(copy: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple:
            return (Path.touch, (copy / "ran",))

    (copy / "model.safetensors").unlink()
    torch.save({"weight": Trap()}, copy / "pytorch_model.bin")
    assert "pickle (pytorch_model.bin)" in refused(copy)
    assert not (copy / "ran").exists()


def test_pickle_weights_can_be_converted_as_told(tiny_wav2vec: Callable[[str], Path], tmp_path: Path) -> None:
    original = tiny_wav2vec("wav2vec2-group")
    folder = Path(shutil.copytree(original, tmp_path / "my model"))
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    command = re.search("`(.*)`", refused(folder))
    assert command is not None
    words = shlex.split(command[1])
    assert words[0] == "python"
    subprocess.run([sys.executable, *words[1:]], check=True, capture_output=True)
    clip = np.sin(np.arange(8000) / 7).astype(np.float32)
    expected = AudioEncoder.load(str(original), device="cpu").encode([clip])
    np.testing.assert_allclose(AudioEncoder.load(str(folder), device="cpu").encode([clip]), expected, atol=1e-6)


def test_model_without_weights(copy: Path) -> None:
    (copy / "model.safetensors").unlink()
    assert "a model without weights" in refused(copy)


def test_code_beside_the_weights_is_not_run(copy: Path) -> None:
    config = json.loads((copy / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.Config", "AutoModel": "own.Model"}}
    (copy / "config.json").write_text(json.dumps(config))
    (copy / "own.py").write_text(f"open({str(copy / 'ran')!r}, 'w')\n")
    refused(copy)
    assert not (copy / "ran").exists()


@pytest.mark.parametrize("name", ["config.json", "preprocessor_config.json", "model.safetensors"])
@pytest.mark.parametrize("how", ["missing", "half", "empty"])
def test_damaged_checkpoint(copy: Path, name: str, how: str) -> None:
    content = (copy / name).read_bytes()
    (copy / name).unlink()
    if how != "missing":
        (copy / name).write_bytes(content[: len(content) // 2] if how == "half" else b"")
    refused(copy)


def test_missing_weights_are_not_made_up(copy: Path) -> None:
    weights = load_file(copy / "model.safetensors")
    key = next(name for name in weights if name.endswith("encoder.layers.1.fc1.weight"))
    del weights[key]
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    assert "weights are missing" in refused(copy)


def test_weights_of_another_size(copy: Path) -> None:
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"d_model": 32}))
    refused(copy)


def test_other_kinds_of_models(tmp_path: Path) -> None:
    config = transformers.BertConfig(
        vocab_size=16, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8
    )
    transformers.BertModel(config).save_pretrained(tmp_path / "bert")
    message = refused(tmp_path / "bert")
    assert "'bert' is no speech encoder" in message
    assert "--text-encoder" in message


@pytest.mark.parametrize("family", ["whisper", "wav2vec2-group", "w2v-bert-key", "ast"])
def test_speech_model_as_text_encoder(tiny_whisper: Path, tiny_wav2vec: Callable[[str], Path], family: str) -> None:
    folder = tiny_whisper if family == "whisper" else tiny_wav2vec(family)
    with pytest.raises(BadInputError, match="is no text encoder: it reads speech"):
        TextEncoder.load(str(folder))


@pytest.mark.parametrize("name", ["/no/such/folder", "../x", "a b", "a/b/c", "", "https://example.org/model"])
def test_neither_folder_nor_hub_id(name: str) -> None:
    with pytest.raises(BadInputError, match="no such folder"):
        find_checkpoint(name)


def test_a_file_is_no_checkpoint(tiny_whisper: Path) -> None:
    with pytest.raises(BadInputError, match="give the checkpoint's folder"):
        find_checkpoint(str(tiny_whisper / "model.safetensors"))


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[int], None]:
    """Points the hub's client to a port of this machine, with an empty cache."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))

    def point(port: int) -> None:
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", f"http://127.0.0.1:{port}")
        monkeypatch.setattr(
            "huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE",
            f"http://127.0.0.1:{port}/{{repo_id}}/resolve/{{revision}}/{{filename}}",
        )

    return point


def test_hub_that_never_answers_is_told_soon(hub: Callable[[int], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.encoders.checkpoint._SECONDS", 1.5)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        hub(mute.getsockname()[1])
        start = time.monotonic()
        with pytest.raises(FailureError, match="the model hub cannot be reached; give a local path"):
            find_checkpoint("nobody/nothing-of-this-name")
        assert time.monotonic() - start < 5


def test_model_of_a_hub(hub: Callable[[int], None], tiny_whisper: Path) -> None:
    class Handler(BaseHTTPRequestHandler):
        """As much of the hub as a download needs."""

        asked: ClassVar[list[str]] = []

        def do_GET(self) -> None:
            self.asked.append(self.path)
            models = {"here/tiny": ["model.safetensors"], "here/pickled": ["pytorch_model.bin"]}
            name = "/".join(self.path.removeprefix("/api/models").split("/")[1:3])
            if name not in models:
                return self.reply(b"{}", 404, {"X-Error-Code": "RepoNotFound"})
            if self.path.startswith("/api/"):
                extra = ["big.onnx", "onnx/config.json", "1_Pooling/config.json"]
                files = ["config.json", "preprocessor_config.json", *extra, *models[name]]
                return self.reply(
                    json.dumps(
                        {"id": name, "sha": "a" * 40, "siblings": [{"rfilename": file} for file in files]}
                    ).encode()
                )
            content = (tiny_whisper / self.path.rsplit("/", 1)[-1]).read_bytes()
            return self.reply(content, 200, {"ETag": f'"{len(content)}"', "X-Repo-Commit": "a" * 40})

        do_HEAD = do_GET  # noqa: N815

        def reply(self, content: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for key, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
                self.send_header(key, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        hub(server.server_address[1])
        fetched = find_checkpoint("here/tiny")
        assert (fetched.name, fetched.revision) == ("here/tiny", "a" * 40)
        assert fetched.sha256 == find_checkpoint(str(tiny_whisper)).sha256
        assert not any("onnx" in path for path in Handler.asked)
        # How a sentence encoder pools lies in a folder of its own.
        assert (fetched.folder / "1_Pooling" / "config.json").is_file()
        with pytest.raises(BadInputError, match="neither a folder here nor a public model"):
            find_checkpoint("nobody/nothing")
        with pytest.raises(BadInputError, match=r"pickle .*hf download here/pickled --local-dir pickled.*`python -c"):
            find_checkpoint("here/pickled")
        server.shutdown()
    # The hub is gone; what was fetched stays.
    assert find_checkpoint("here/tiny") == fetched
    assert AudioEncoder.load("here/tiny", device="cpu").name == "tiny@3-mean"
    with pytest.raises(FailureError, match="not on this machine"):
        find_checkpoint("nobody/nothing")


def test_shards_by_index(tiny_whisper: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_whisper, tmp_path / "shards"))
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(weights)
    parts = {"model-1.safetensors": names[::2], "model-2.safetensors": names[1::2]}
    for part, keys in parts.items():
        save_file({key: weights[key] for key in keys}, folder / part, metadata={"format": "pt"})
    index = {"metadata": {}, "weight_map": {key: part for part, keys in parts.items() for key in keys}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    clip = np.sin(np.arange(8000) / 7).astype(np.float32)
    expected = AudioEncoder.load(str(tiny_whisper), device="cpu").encode([clip])
    np.testing.assert_array_equal(AudioEncoder.load(str(folder), device="cpu").encode([clip]), expected)
    (folder / "model-2.safetensors").unlink()
    assert "model-2.safetensors is missing" in refused(folder)
    index["weight_map"][names[0]] = "../model-1.safetensors"
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert "no safetensors file of this checkpoint" in refused(folder)


def test_precisions() -> None:
    cpu = torch.device("cpu")
    assert choose_precision("auto", cpu) == torch.float32
    assert choose_precision("bfloat16", cpu) == torch.bfloat16
    with pytest.raises(BadInputError, match="precision 'int8' is not known"):
        choose_precision("int8", cpu)


@pytest.mark.parametrize(("capability", "expected"), [((9, 0), "bfloat16"), ((7, 5), "float16"), ((6, 1), "float32")])
def test_precision_is_what_the_device_computes(monkeypatch, capability: tuple[int, int], expected: str) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    cuda = torch.device("cuda")
    assert choose_precision("auto", cuda) == getattr(torch, expected)
    if capability < (8, 0):
        with pytest.raises(BadInputError, match="does not compute it"):
            choose_precision("bfloat16", cuda)


def test_devices() -> None:
    assert choose_device("cpu").type == "cpu"
    assert choose_device("auto").type in ("cpu", "cuda", "mps")
    for name in ("gpu", "meta", "cuda:99"):
        with pytest.raises(BadInputError, match="device"):
            choose_device(name)


def test_within() -> None:
    assert within(5, lambda: 3) == 3
    with pytest.raises(TimeoutError):
        within(0.05, lambda: time.sleep(1))
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 // 0)
