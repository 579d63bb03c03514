"""A run in every mode."""

from __future__ import annotations

import pytest

from core.runs import LoadedRun


@pytest.fixture(params=["text", "free", "paired"])
def run(request: pytest.FixtureRequest, finished: LoadedRun, others: dict[str, LoadedRun]) -> LoadedRun:
    return {"text": finished, **others}[request.param]
