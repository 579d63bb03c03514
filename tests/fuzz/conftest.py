"""A finished run to spoil: the demo's, whose training no test has to wait for."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.demo import install_demo
from core.workspace import Workspace


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run, in a workspace with its corpus and embeddings."""
    workspace = Workspace(tmp_path_factory.mktemp("fuzz"))
    install_demo(workspace)
    return workspace.run_folder("demo")
