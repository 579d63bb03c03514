"""Fixtures for all tests, and how they are shared between processes (``make test``; pytest-xdist)."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from core.workspace import Workspace

from .hub.fixtures import hub  # noqa: F401

# Two test processes on two cores must not start four threads each.
os.environ.setdefault("OMP_NUM_THREADS", "1")

_ROOT = Path(__file__).resolve().parent.parent

# What stays in one process, begun in this order: browsers and clusters that would slow each other down, and tests
# that read the same trained run. All others go by file.
_TOGETHER = {
    "dashboard": ("tests/pages/", "tests/dashboard/"),
    "runs": (
        "tests/core/runs/",
        "tests/core/hub/",
        "tests/core/cards/",
        "tests/core/augmentation/",
        "tests/core/export/",
        "tests/core/projection/",
        "tests/core/cli/test_training.py",
        "tests/core/cli/test_generate.py",
        "tests/core/cli/test_quality.py",
        "tests/core/test_public.py",
    ),
    "ray": (
        "tests/core/encoders/test_cluster.py",
        "tests/core/encoders/test_workers.py",
        "tests/core/cli/test_embed.py",
        "tests/core/benchmarks/test_spread.py",
    ),
    "readme": ("tests/test_readme.py",),
}
# A process with PyTorch, a browser or a cluster takes up to 3 GB.
_MOST_WORKERS = 4


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """``-n auto``: one for each core that this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    # A container may have many cores and little time on them; without a limit the file says "max".
    with suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        cores = min(cores, max(1, int(quota) // int(period)))
    return min(cores, _MOST_WORKERS)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """``--dist loadfile``: by file, but for what belongs together."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Together(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::", 1)[0]
            return next((name for name, places in _TOGETHER.items() if file.startswith(places)), file)

        def _assign_work_unit(self, node: Any) -> None:
            # The long ones first: a process that began one of them at the end would work on it alone.
            first = next((name for name in _TOGETHER if name in self.workqueue), None)
            if first is not None:
                self.workqueue.move_to_end(first, last=False)
            super()._assign_work_unit(node)

    return Together(config, log)


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
