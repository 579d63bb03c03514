"""Measured results that come with MIRAGE."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core import shipped
from core.benchmarks import benchmark_names, benchmark_state
from core.benchmarks.jobs import asked_of
from core.errors import BadInputError
from core.files import read_json, write_json
from core.workspace import Workspace


def finished(folder: Path) -> Path:
    (folder / "cells").mkdir(parents=True)
    write_json(folder / "cells" / "none-fold000-seed0.json", {"ua": 1.0})
    write_json(folder / "results.json", {"corpus": "toy"})
    write_json(
        folder / "benchmark.json",
        {"corpus": "toy", "asked": {"methods": {}, "cluster": {"address": "10.0.0.7:6379"}}, "begun": {"time": 1.0}},
    )
    (folder / "job.log").write_text("secret", encoding="utf-8")
    return folder


def test_figures_and_call_are_taken_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped.ship([finished(tmp_path / "toy-0123")], tmp_path / "assets")
    own = tmp_path / "assets" / "toy-0123"
    assert sorted(path.name for path in own.iterdir()) == ["benchmark.json", "results.json"]
    asked = read_json(own / "benchmark.json")
    assert "begun" not in asked
    assert asked["asked"] == {"methods": {}, "workers": 0}
    # From inside the folder the name is the folder's, and what else was shipped is left alone.
    monkeypatch.chdir(tmp_path / "toy-0123")
    shipped.ship([Path()], tmp_path / "assets")
    assert sorted(path.name for path in own.parent.iterdir()) == ["toy-0123"]
    unfinished = tmp_path / "toy-4567"
    unfinished.mkdir()
    with pytest.raises(BadInputError, match=r"toy-4567: neither results\.json nor mi_gain\.json"):
        shipped.ship([tmp_path / "toy-0123", unfinished], tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_what_is_there_is_left_alone(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    names = sorted(path.name for path in shipped.ASSETS.glob("*/"))
    assert names, "the README's figures come with MIRAGE"
    own = workspace.benchmarks / names[0]
    own.mkdir(parents=True)
    (own / "mine.txt").write_text("mine", encoding="utf-8")
    shipped.install_results(workspace)
    assert [path.name for path in own.iterdir()] == ["mine.txt"]
    assert sorted(path.name for path in workspace.benchmarks.iterdir()) == names


def test_those_that_come_are_whole_and_of_no_machine(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    shipped.install_results(workspace)
    for name in benchmark_names(workspace):
        folder = workspace.benchmarks / name
        assert benchmark_state(folder).status == "finished"
        asked = asked_of(folder)
        assert asked is not None
        results = read_json(folder / "results.json")
        assert set(results["methods"]) <= set(asked["asked"]["methods"])
    for path in shipped.ASSETS.rglob("*"):
        if path.is_file():
            assert not re.search(r"/(tmp|home|root|work)/", path.read_text(encoding="utf-8")), path
