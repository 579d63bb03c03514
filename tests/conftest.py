"""Fixtures for all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.workspace import Workspace

# Two test processes on two cores must not start four threads each.
os.environ.setdefault("OMP_NUM_THREADS", "1")

_ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the real corpora and encoder: ``MIRAGE_SHARED``, or ``shared`` beside the checkout."""
    told = os.environ.get("MIRAGE_SHARED")
    folder = Path(told) if told else _ROOT.parent / "shared"
    if not (folder / "data" / "emodb").is_dir():
        pytest.skip(f"real speech is not at {folder} (set MIRAGE_SHARED to the folder that holds data/emodb)")
    return folder.resolve()


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """An empty workspace, which is also that of ``MIRAGE_HOME``."""
    monkeypatch.setenv("MIRAGE_HOME", str(tmp_path))
    return Workspace(tmp_path)
