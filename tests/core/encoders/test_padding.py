"""A clip alone and in any batch gives the same vector: every family, random lengths."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.encoders import AudioEncoder
from tests.core.encoders.conftest import FAMILIES, speech


@pytest.fixture(scope="session")
def load(tiny_wav2vec: Callable[[str], Path], tiny_whisper: Path) -> Callable[..., AudioEncoder]:
    @cache
    def get(family: str, pooling: str, precision: str = "float32") -> AudioEncoder:
        folder = tiny_whisper if family == "whisper" else tiny_wav2vec(family)
        return AudioEncoder.load(str(folder), layer="2-4", pooling=pooling, device="cpu", precision=precision)

    return get


def worst(a: np.ndarray, b: np.ndarray) -> float:
    return float(((a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)).min())


def _front_takes_batches(family: str) -> bool:
    kind, _, extra = FAMILIES[family]
    return kind not in ("AST", "Wav2Vec2Bert") and extra.get("feat_extract_norm", "layer") == "layer"


@pytest.mark.parametrize("family", [*FAMILIES, "whisper"])
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seconds=st.lists(st.floats(0.1, 1.6), min_size=2, max_size=7),
    batch=st.integers(1, 8),
    pooling=st.sampled_from(["mean", "mean+std", "attention"]),
)
def test_padding_never_leaks(load, family: str, seconds: list[float], batch: int, pooling: str) -> None:
    encoder = load(family, pooling)
    clips = [speech(max(length, 0.1001), seed) for seed, length in enumerate(seconds)]
    alone = np.concatenate([encoder.encode([clip]) for clip in clips])
    assert worst(encoder.encode(clips, batch), alone) > 0.99999


@pytest.mark.parametrize("family", ["wav2vec2-group", "wav2vec2-layer", "w2v-bert-key", "ast", "whisper"])
def test_padding_never_leaks_in_half_precision(load, family: str) -> None:
    encoder = load(family, "mean", "bfloat16")
    clips = [speech(seconds, seed) for seed, seconds in enumerate((0.3, 1.1, 0.7, 1.6))]
    vectors = encoder.encode(clips)
    assert vectors.dtype == np.float32
    assert worst(vectors, np.concatenate([encoder.encode([clip]) for clip in clips])) > 0.9995
    assert worst(vectors, load(family, "mean").encode(clips)) > 0.99


@pytest.mark.parametrize("family", [name for name in FAMILIES if _front_takes_batches(name)])
def test_padding_never_leaks_through_a_padded_front_end(
    tiny_wav2vec: Callable[[str], Path], family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What a GPU does: where no norm runs over time the front end takes the batch with its padding, not clip by clip.
    encoder = AudioEncoder.load(str(tiny_wav2vec(family)), layer="2-4", device="cpu")
    clips = [speech(seconds, seed) for seed, seconds in enumerate((0.3, 1.1, 0.7, 1.6, 0.1001))]
    alone = np.concatenate([encoder.encode([clip]) for clip in clips])
    met: list[tuple[tuple[int, ...], object]] = []
    front: Any = encoder.model.feature_extractor
    front.front.register_forward_pre_hook(lambda module, args: met.append((tuple(args[0].shape), front.lengths)))
    monkeypatch.setattr(encoder, "_clip_by_clip", False)
    together = encoder.encode(clips, batch=8)
    assert met == [((5, round(1.6 * encoder.rate)), None)]
    assert worst(together, alone) > 0.99999


@pytest.mark.parametrize("family", ["wav2vec2-group", "w2v-bert-key", "ast"])
def test_batches_are_really_shared(load, family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # The equality above would be cheap if no two clips ever met.
    encoder = load(family, "mean")
    sizes: list[int] = []
    run = encoder._hidden
    monkeypatch.setattr(encoder, "_hidden", lambda values, lengths: sizes.append(len(values)) or run(values, lengths))
    encoder.encode([speech(seconds, 1) for seconds in (0.3, 0.5, 0.7, 0.9)], batch=4)
    assert sizes == [4]
