"""Encoders' checkpoints that ask for more than any has: refused before a module is made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.encoders import AudioEncoder, TextEncoder

from .conftest import Refused

SIZES = ("hidden_size", "num_hidden_layers", "vocab_size", "intermediate_size", "num_attention_heads", "num_labels")
SIZES += ("max_position_embeddings", "type_vocab_size")


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The smallest sentence encoder that can be."""
    import torch
    import transformers

    folder = tmp_path_factory.mktemp("models") / "bert"
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=5, hidden_size=4, num_hidden_layers=1, num_attention_heads=1, intermediate_size=4
    )
    transformers.BertModel(config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\na")
    transformers.BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    assert TextEncoder.load(folder, device="cpu").encode(["a"]).shape == (1, 4)
    return folder


@pytest.mark.parametrize("power", [6, 9, 12, 400, -9])
@pytest.mark.parametrize("key", SIZES)
def test_sizes(bert: Path, tmp_path: Path, refused: Refused, key: str, power: int) -> None:
    value = 10**power if power > 0 else -(10**-power)
    content: dict[str, Any] = json.loads((bert / "config.json").read_text())
    for file in bert.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "config.json").write_text(json.dumps({**content, key: value}))
    refused(lambda: TextEncoder.load(tmp_path, device="cpu"), str(tmp_path))


def test_a_configuration_that_is_deep_or_none(tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"\2\0\0\0\0\0\0\0{}")
    for content in (
        "[" * 5000,
        "",
        "[]",
        '{"model_type": ["bert"]}',
        '{"model_type": "bert", "num_labels": 1' + "0" * 5000 + "}",
    ):
        (tmp_path / "config.json").write_text(content)
        for load in (TextEncoder.load, AudioEncoder.load):
            refused(lambda load=load: load(tmp_path), str(tmp_path))
