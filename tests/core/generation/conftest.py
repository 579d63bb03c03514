"""A small aligned space: three emotions as overlapping clouds on the sphere, texts that go with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from core.config import Config
from core.generation import GenerationData, GenerationStage

CLASSES = 3


@pytest.fixture(scope="session")
def space() -> GenerationData:
    """240 aligned features in 12 dimensions, 100, 80 and 60 of each class; 20 texts."""
    generator = torch.Generator().manual_seed(3)
    labels = torch.repeat_interleave(torch.arange(CLASSES), torch.tensor([100, 80, 60]))
    means = 1.5 * torch.randn((CLASSES, 12), generator=generator)
    h = means[labels] + torch.randn((len(labels), 12), generator=generator)
    sentences = torch.randn((20, 12), generator=generator)
    groups = torch.randint(20, (len(labels),), generator=generator)
    t = sentences[groups] + 0.3 * h
    return GenerationData(
        h=torch.nn.functional.layer_norm(h, (12,)),
        labels=labels,
        t=torch.nn.functional.layer_norm(t, (12,)),
        groups=groups,
    )


@pytest.fixture
def make_stage(space: GenerationData) -> Callable[..., GenerationStage]:
    """A stage on ``space``; keywords are keys of the section generation."""

    def make(mode: str = "text", *, seed: int = 0, **keys: Any) -> GenerationStage:
        small = {"steps": 10, "batch": 32, "hidden": 32, "noise": 6, "codes": 2, **keys}
        config = Config().changed(generation=small, information={"samples": 800, "steps": 150, "bootstrap": 50})
        torch.manual_seed(seed)
        return GenerationStage(
            space, CLASSES, mode, config.generation, config.information, seed=seed, device=torch.device("cpu")
        )

    return make
