"""Checkpoints of encoders whose settings, tokenizers and weights are spoilt: loaded, or said in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.encoders import TextEncoder
from tests.fuzz.mutations import PLACES, STEPS, spoil, spoil_header, spoil_tree
from tests.fuzz.property import tries, works_or_says

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "train", "leaves", "at", "noon", "##s"]


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence encoder of one small block with random weights."""
    import transformers

    folder = tmp_path_factory.mktemp("models") / "tiny-bert"
    torch.manual_seed(0)
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    config = transformers.BertConfig(vocab_size=len(WORDS), max_position_embeddings=16, **sizes)  # type: ignore[arg-type]
    transformers.BertModel(config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    transformers.BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_mean_tokens": true}')
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 16}')
    (folder / "modules.json").write_text('[{"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"}]')
    assert TextEncoder.load(folder, device="cpu").encode(["the train leaves"]).shape == (1, 8)
    return folder


def use(folder: Path, file: Path, content: bytes) -> None:
    kept = file.read_bytes()
    # The file may still be mapped: another one takes its place.
    file.unlink()
    file.write_bytes(content)
    try:
        works_or_says(lambda: TextEncoder.load(folder, device="cpu").encode(["the train leaves"]))
    finally:
        file.unlink()
        file.write_bytes(kept)


@tries(40)
@given(
    name=st.sampled_from(
        ["config.json", "tokenizer_config.json", "tokenizer.json", "modules.json", "1_Pooling/config.json"]
        + ["sentence_bert_config.json"]
    ),
    places=PLACES,
)
def test_settings(bert: Path, name: str, places: list[Any]) -> None:
    use(bert, bert / name, json.dumps(spoil_tree(json.loads((bert / name).read_bytes()), places)).encode())


@tries(40)
@given(share=st.floats(0, 1, exclude_max=True), steps=STEPS)
def test_bytes(bert: Path, share: float, steps: list[Any]) -> None:
    files = sorted(path for path in bert.rglob("*") if path.is_file())
    file = files[int(share * len(files))]
    use(bert, file, spoil(file.read_bytes(), steps))


@tries(30)
@given(places=PLACES)
def test_weights(bert: Path, places: list[Any]) -> None:
    file = bert / "model.safetensors"
    use(bert, file, spoil_header(file.read_bytes(), places))
