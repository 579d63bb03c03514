"""The demo's run, and a run in every mode."""

from __future__ import annotations

import pytest

from core.demo import install_demo
from core.runs import LoadedRun, load_run
from core.workspace import Workspace


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> LoadedRun:
    """The shipped run in a workspace of its own; to be read only."""
    workspace = Workspace(tmp_path_factory.mktemp("demo"))
    install_demo(workspace)
    return load_run("demo", workspace)


@pytest.fixture(params=["text", "free", "paired"])
def run(request: pytest.FixtureRequest, finished: LoadedRun, others: dict[str, LoadedRun]) -> LoadedRun:
    return {"text": finished, **others}[request.param]
