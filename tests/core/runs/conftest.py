"""Runs in every mode, made once for all tests of runs."""

from __future__ import annotations

from typing import Any

import pytest

from core.runs import LoadedRun, train


@pytest.fixture(scope="session")
def others(toy, tmp_path_factory: pytest.TempPathFactory) -> dict[str, LoadedRun]:
    """Runs in the other two modes, of a few steps."""
    workspace = toy.copy(tmp_path_factory.mktemp("modes"))
    quick = toy.config.changed(
        alignment={"steps": 10}, information={"steps": 10}, projection={"neighbours": 500, "projector_steps": 20}
    )
    changes: dict[str, dict[str, Any]] = {
        "free": {"data": {"text": "none", "fold": None}, "generation": {"mode": "auto", "steps": 6}},
        "paired": {"generation": {"mode": "paired", "steps": 6}},
    }
    return {
        name: train("toy", config=quick.changed(**change), workspace=workspace, run_id=name)
        for name, change in changes.items()
    }


@pytest.fixture(params=["text", "free", "paired"])
def run(request: pytest.FixtureRequest, finished: LoadedRun, others: dict[str, LoadedRun]) -> LoadedRun:
    return {"text": finished, **others}[request.param]
