"""A small configuration and a workspace of its own for benchmarks on the corpus ``toy``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.config import Config
from core.workspace import Workspace


@pytest.fixture
def config() -> Config:
    """Two folds, audio alone."""
    return Config().changed(
        data={"corpus": "toy", "n_folds": 2, "text": "none"},
        alignment={"steps": 30, "batch": 32, "dim": 12, "learning_rate": 1e-2},
        generation={"steps": 10, "batch": 32, "hidden": 16, "noise": 5, "codes": 2},
        training={"device": "cpu"},
    )


@pytest.fixture
def space(toy: Any, tmp_path: Path) -> Workspace:
    return toy.copy(tmp_path / "space")
