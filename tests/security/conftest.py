"""A real finished run to make hostile, and what is asked of every refusal: one line, soon, in little memory."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.demo import install_demo
from core.errors import BadInputError, MirageError
from core.runs import load_run
from core.workspace import Workspace

SECONDS, MEGABYTES = 5.0, 200
"""What a refusal may take at most."""

Refused = Callable[..., str]


def peak() -> int:
    """The most memory of this process since it was last set back, in kB; 0 where the system does not tell."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    except OSError:
        return 0
    return int(found[1]) if found else 0


def set_back() -> None:
    """Begins to count the most memory anew."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


@pytest.fixture(scope="session", autouse=True)
def loaded_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What loading imports is not counted as what a hostile file took."""
    workspace = Workspace(tmp_path_factory.mktemp("once"))
    install_demo(workspace)
    run = load_run("demo", workspace)
    run.map(), run.map_quality(), run.evaluation(), run.information(), run.quality()


@pytest.fixture
def refused() -> Refused:
    """Does something that must be refused; gives the line."""

    def check(action: Callable[[], Any], *words: str, error: type[MirageError] = BadInputError) -> str:
        set_back()
        before, start = peak(), time.monotonic()
        with pytest.raises(error) as caught:
            action()
        took, grown = time.monotonic() - start, (peak() - before) // 1024
        message = str(caught.value)
        assert message.isprintable(), message
        assert len(message) < 2100
        for word in words:
            assert word in message, message
        assert took < SECONDS, f"{took:.1f} s"
        assert grown < MEGABYTES, f"{grown} MB"
        return message

    return check


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    """A workspace with the demo: corpus, embeddings and run."""
    workspace = Workspace(tmp_path / "home")
    install_demo(workspace)
    return workspace


@pytest.fixture
def run(place: Workspace) -> Path:
    """The folder of a finished run."""
    return place.run_folder("demo")
