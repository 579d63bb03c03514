"""Stage 1 on synthetic vectors: Gaussian emotions with an offset for each speaker."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
import torch

from core.alignment import AlignmentData, AlignmentStage
from core.config import AlignmentConfig, Config
from core.errors import BadInputError

CLASSES = ["angry", "happy", "sad"]


def made(n: int = 240, d: int = 20, *, text: int = 0, seed: int = 0, speakers: int = 6) -> AlignmentData:
    draw = torch.Generator().manual_seed(7)
    means, sentences = torch.randn(3, d, generator=draw), torch.randn(5, max(text, 1), generator=draw)
    draw.manual_seed(seed)
    labels, groups = torch.arange(n) % 3, torch.randint(5, (n,), generator=draw)
    offsets = torch.randn(speakers, d, generator=draw)
    audio = means[labels] + offsets[torch.randint(speakers, (n,), generator=draw)]
    return AlignmentData(
        audio=audio + torch.randn(n, d, generator=draw),
        labels=labels,
        text=sentences[groups] if text else None,
        has_text=torch.ones(n, dtype=torch.bool) if text else torch.zeros(n, dtype=torch.bool),
        groups=groups if text else torch.full((n,), -1),
    )


def stage(data: AlignmentData, validation: AlignmentData | None = None, **keys: object) -> AlignmentStage:
    torch.manual_seed(0)
    config = AlignmentConfig(**{"steps": 60, "batch": 48, "dim": 8, "learning_rate": 1e-2, **keys})
    return AlignmentStage(data, validation, CLASSES, config, seed=0, device=torch.device("cpu"))


def worked(of: AlignmentStage) -> AlignmentStage:
    while of.state.done < of.total:
        of.step()
    return of


@pytest.mark.parametrize("keys", [{}, {"hidden": 16}, {"shrinkage": 1.0}, {"text": 6}, {"text": 6, "hidden": 16}])
def test_it_learns_emotions_across_speakers(keys: dict) -> None:
    keys = dict(keys)
    text = keys.pop("text", 0)
    done = worked(stage(made(text=text), made(seed=1, text=text), **keys))
    assert done.measure()["ua_validation"] > 0.75


def test_same_seed_same_network() -> None:
    first, second = (worked(stage(made(text=6), steps=8)).finished().state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_what_is_fitted_to_the_inputs_stays_as_it_was() -> None:
    of = stage(made(), steps=12)
    before = of.aligner.audio.whiten.matrix.clone()
    worked(of)
    assert torch.equal(of.finished().audio.whiten.matrix, before)
    assert torch.equal(of.aligner.audio.whiten.matrix, before)


def test_each_modality_has_its_own_noise() -> None:
    data = made(text=6)
    assert data.text is not None
    # Inputs that are all the same are zero once standardised: what the linear maps then see is the noise.
    data = replace(data, audio=torch.zeros_like(data.audio), text=torch.zeros_like(data.text))
    seen: dict[str, torch.Tensor] = {}

    def noise_of(**keys: float) -> dict[str, float]:
        of = stage(data, **keys)
        for name in ("audio", "text"):
            getattr(of.aligner, name).linear.register_forward_pre_hook(
                lambda module, given, name=name: seen.__setitem__(name, given[0])
            )
        of.step()
        return {name: float(value.std()) for name, value in seen.items()}

    both = noise_of(noise=4.0, text_noise=0.5)
    assert both["audio"] == pytest.approx(4.0, rel=0.1)
    assert both["text"] == pytest.approx(0.5, rel=0.1)
    assert noise_of(noise=0.0, text_noise=0.0) == {"audio": 0.0, "text": 0.0}


def test_rows_without_text_train_the_audio_path() -> None:
    data = made(text=6)
    some = replace(data, has_text=torch.arange(len(data.labels)) % 2 == 0)
    assert worked(stage(some)).measure()["ua_train"] > 0.75


def test_shrinkage_and_noise_have_limits() -> None:
    for keys in ({"shrinkage": 0.0}, {"shrinkage": 1.5}, {"noise": -1.0}, {"text_noise": 11.0}, {"hidden": -1}):
        with pytest.raises(BadInputError, match=next(iter(keys))):
            Config().changed(alignment=keys)


def test_the_defaults_are_quick() -> None:
    """480 utterances of the sizes of whisper-tiny and MiniLM: alignment must leave the demo's minute to generation."""
    draw = torch.Generator().manual_seed(0)
    labels = torch.arange(480) % 3
    data = AlignmentData(
        audio=torch.randn(480, 384, generator=draw),
        labels=labels,
        text=torch.randn(480, 384, generator=draw),
        has_text=torch.ones(480, dtype=torch.bool),
        groups=torch.arange(480) % 60,
    )
    of = AlignmentStage(data, None, CLASSES, AlignmentConfig(), seed=0, device=torch.device("cpu"))
    start = time.process_time()
    for _ in range(25):
        of.step()
    assert (time.process_time() - start) / 25 * of.total < 30.0
