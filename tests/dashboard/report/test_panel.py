"""When a report that was made is another one, and what is handed out then."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core import Workspace
from core.corpora import change_permissions
from core.shipped import ASSETS
from dashboard.report import panel

ALL = "demo-4e77e8790a4c"


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


@pytest.fixture
def here(own: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """``own`` as the workspace of the dashboard, with a benchmark."""
    monkeypatch.setenv("MIRAGE_HOME", str(own.root))
    shutil.copytree(ASSETS / ALL, own.benchmarks / ALL)
    return own


@pytest.mark.parametrize(
    "change",
    [
        lambda place: append(place.benchmarks / ALL / "results.json", " "),
        lambda place: append(place.run_folder("demo") / "events.jsonl", "\n"),
        lambda place: append(place.run_folder("demo") / "environment.json", " "),
        lambda place: append(place.run_folder("demo") / "quality.json", " "),
        lambda place: change_permissions("demo", place, audio=False),
        lambda place: change_permissions("demo", place, transcripts=False),
        lambda place: place.corpus_file("demo").unlink(),
    ],
)
def test_what_makes_it_another_one(here: Workspace, change: Callable[[Workspace], None]) -> None:
    before = panel._made_of("demo")
    assert panel._made_of("demo") == before
    change(here)
    assert panel._made_of("demo") != before
