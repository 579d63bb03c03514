"""BERT, RoBERTa and sentence encoders with random weights: padding, length, numbers, and what is none."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import ByteLevelBPETokenizer

from core import BadInputError
from core.encoders import TextEncoder

_SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48}
_WORDS = ["kids", "are", "talking", "by", "the", "door", "dogs", "##s", "sit", "##ting", "!", "?"]
_BERT_LIKE = {
    "bert": ("Bert", _SIZES),
    "electra": ("Electra", _SIZES | {"embedding_size": 16}),
    "mpnet": ("MPNet", _SIZES),
    "distilbert": ("DistilBert", {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 48}),
}
_FAMILIES = [*_BERT_LIKE, "roberta", "sentence"]
_POSITIONS = 24


@pytest.fixture(scope="session")
def text_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Makes a checkpoint with random weights and a tokenizer built here, in the form of the hub."""
    parent = tmp_path_factory.mktemp("text")

    def make(family: str) -> Path:
        folder = parent / family
        if folder.exists():
            return folder
        torch.manual_seed(0)
        if family == "roberta":
            tokenizer = ByteLevelBPETokenizer()
            tokenizer.train_from_iterator(
                ["kids are talking by the door"] * 9,
                vocab_size=300,
                special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
            )
            wrapped = transformers.RobertaTokenizer(
                vocab=json.loads(tokenizer.to_str())["model"]["vocab"],
                merges=[tuple(pair) for pair in json.loads(tokenizer.to_str())["model"]["merges"]],
                model_max_length=10**30,
            )
            config = transformers.RobertaConfig(
                vocab_size=300, max_position_embeddings=_POSITIONS, pad_token_id=1, type_vocab_size=1, **_SIZES
            )
            transformers.RobertaModel(config).save_pretrained(folder)
            wrapped.save_pretrained(folder)
            return folder
        kind, sizes = _BERT_LIKE["bert" if family == "sentence" else family]
        special = (
            ["<s>", "<pad>", "</s>", "<unk>"] if family == "mpnet" else ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        )
        words = [*special, *(["<mask>"] if family == "mpnet" else []), *_WORDS]
        folder.mkdir()
        (folder / "vocab.txt").write_text("\n".join(words))
        config = getattr(transformers, f"{kind}Config")(
            vocab_size=len(words),
            max_position_embeddings=_POSITIONS,
            pad_token_id=1 if family == "mpnet" else 0,
            **sizes,
        )
        getattr(transformers, f"{kind}Model")(config).save_pretrained(folder)
        tokenizers = {"mpnet": transformers.MPNetTokenizer}
        tokenizers.get(family, transformers.BertTokenizer)(
            vocab={word: index for index, word in enumerate(words)}
        ).save_pretrained(folder)
        if family == "sentence":  # as sentence-transformers saves it
            (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 12}))
            (folder / "modules.json").write_text("[]")
        return folder

    return make


def worst(a: np.ndarray, b: np.ndarray) -> float:
    return float(((a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)).min())


@pytest.mark.parametrize("family", _FAMILIES)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lengths=st.lists(st.integers(1, 40), min_size=2, max_size=6), batch=st.integers(1, 6))
def test_padding_never_leaks(text_model, family: str, lengths: list[int], batch: int) -> None:
    encoder = TextEncoder.load(str(text_model(family)), device="cpu")
    texts = [" ".join(_WORDS[(3 * index + seed) % 7] for index in range(n)) for seed, n in enumerate(lengths)]
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    assert worst(encoder.encode(texts, batch), alone) > 0.99999


@pytest.mark.parametrize("family", _FAMILIES)
def test_vector_is_the_mean_of_the_tokens(text_model, family: str) -> None:
    folder = text_model(family)
    encoder = TextEncoder.load(str(folder), device="cpu")
    tokens = transformers.AutoTokenizer.from_pretrained(folder)("kids are talking", return_tensors="pt")
    with torch.inference_mode():
        hidden = transformers.AutoModel.from_pretrained(folder).eval()(**tokens).last_hidden_state
    assert len(set(tokens["input_ids"][0].tolist())) > 4
    np.testing.assert_allclose(encoder.encode(["kids are talking"])[0], hidden[0].mean(dim=0).numpy(), atol=1e-5)
    assert encoder.dim == 32


def sentence_encoder(folder: Path, source: Path, pooling: dict[str, Any]) -> Path:
    """A checkpoint as sentence-transformers saves it, with its pooling."""
    shutil.copytree(source, folder)
    (folder / "modules.json").write_text(
        json.dumps(
            [
                {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
                {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            ]
        )
    )
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"word_embedding_dimension": 32, **pooling}))
    return folder


@pytest.mark.parametrize(
    ("pooling", "name"),
    [
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, "cls"),
        ({"pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True, "include_prompt": True}, "mean"),
        ({"pooling_mode_max_tokens": True}, "max"),
        ({"pooling_mode_mean_sqrt_len_tokens": True}, "mean_sqrt_len"),
        ({"pooling_mode": "cls"}, "cls"),
        ({"pooling_mode": ["max"]}, "max"),
        ({}, "mean"),
    ],
)
def test_pooling_is_that_of_the_checkpoint(text_model, tmp_path: Path, pooling: dict[str, Any], name: str) -> None:
    folder = sentence_encoder(tmp_path / "own", text_model("bert"), pooling)
    encoder = TextEncoder.load(str(folder), device="cpu")
    assert (encoder.name, encoder.meta()["pooling"]) == (f"own@{name}", name)
    texts = ["kids are talking", "dogs !", "by the door kids are talking to the dogs"]
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder).eval()
    expected = []
    for text in texts:
        with torch.inference_mode():
            hidden = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0]
        made = {
            "cls": hidden[0],
            "mean": hidden.mean(dim=0),
            "max": hidden.max(dim=0).values,
            "mean_sqrt_len": hidden.sum(dim=0) / len(hidden) ** 0.5,
        }
        expected.append(made[name].numpy())
    np.testing.assert_allclose(encoder.encode(texts), np.stack(expected), atol=1e-5)


@pytest.mark.parametrize(
    ("pooling", "reason"),
    [
        ({"pooling_mode_lasttoken": True}, r"pooling 'lasttoken' \(1_Pooling/config\.json\) is not supported"),
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True}, r"pooling 'cls \+ mean'"),
        ({"pooling_mode": "weightedmean"}, "pooling 'weightedmean'"),
        ({"pooling_mode_mean_tokens": True, "include_prompt": False}, "include_prompt"),
        ({"pooling_mode": 7}, r"1_Pooling/config\.json: .*damaged"),
        (None, r"1_Pooling/config\.json: the file is missing"),
    ],
)
def test_other_poolings_are_refused_in_one_line(
    text_model, tmp_path: Path, pooling: dict[str, Any] | None, reason: str
) -> None:
    folder = sentence_encoder(tmp_path / "own", text_model("bert"), pooling or {})
    if pooling is None:
        (folder / "1_Pooling" / "config.json").unlink()
    with pytest.raises(BadInputError, match=reason) as caught:
        TextEncoder.load(str(folder), device="cpu")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("length", ["", "long", None, -1, 0, 10**30, [3]])
def test_a_length_that_is_none(text_model, tmp_path: Path, length: object) -> None:
    """Found by fuzzing: what the tokenizer's file says of its longest text may be anything."""
    folder = tmp_path / "own"
    shutil.copytree(text_model("bert"), folder)
    file = folder / "tokenizer_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "model_max_length": length}))
    assert TextEncoder.load(str(folder), device="cpu").longest == _POSITIONS


def test_half_precision_is_named_and_near(text_model) -> None:
    folder = str(text_model("bert"))
    half = TextEncoder.load(folder, device="cpu", precision="bfloat16")
    assert half.meta()["precision"] == "bfloat16"
    assert TextEncoder.load(folder, device="cpu").precision == "float32"
    texts = ["kids are talking", "dogs"]
    assert worst(half.encode(texts), TextEncoder.load(folder, device="cpu").encode(texts)) > 0.999


def test_image_model_as_either_encoder(tmp_path: Path) -> None:
    from core.encoders import AudioEncoder

    sizes = _SIZES | {"image_size": 16, "patch_size": 8}
    transformers.ViTModel(transformers.ViTConfig(**sizes)).save_pretrained(tmp_path / "vit")
    with pytest.raises(BadInputError, match="'vit' is no text encoder"):
        TextEncoder.load(str(tmp_path / "vit"))
    with pytest.raises(BadInputError, match=r"'vit' is no speech encoder .* it reads images"):
        AudioEncoder.load(str(tmp_path / "vit"))
