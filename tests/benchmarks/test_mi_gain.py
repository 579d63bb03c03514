"""``python -m benchmarks.mi_gain`` on a small corpus: what it prints, what the dashboard reads, what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.mi_gain import GRID, TEXT_GRID, main
from core.config import Config
from core.demo import install_demo
from core.workspace import Workspace
from dashboard import mi_gain

SMALL = [
    "data.text=none",
    "data.n_folds=2",
    "alignment.steps=20",
    "alignment.dim=8",
    "generation.hidden=16",
    "generation.batch=32",
    "generation.noise=4",
    "information.samples=200",
    "information.steps=20",
]
OF_ALL = {"begun": {"steps": 0}, "no base": {"steps": 0, "base": False}, "fast": {"steps": 5, "learning_rate": 0.1}}


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The corpus of the demo."""
    install_demo(Workspace(tmp_path))
    monkeypatch.setenv("MIRAGE_HOME", str(tmp_path))
    return tmp_path


def call(*arguments: str) -> list[str]:
    return ["demo", "--seeds", "1", *(part for setting in SMALL for part in ("--set", setting)), *arguments]


def test_the_table_is_printed_and_the_page_reads_it(space: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(call(), OF_ALL) == 0
    said = capsys.readouterr()
    assert "3 of 3: fast" in said.err
    assert "Spearman" in said.out
    assert "added to the real rows" in said.out
    (folder,) = mi_gain.folders(space / "benchmarks")
    study = mi_gain.read(folder)
    assert [row.name for row in study.rows] == list(OF_ALL)
    assert study.rows[1].setting == {"generation.steps": 0, "generation.base": False}
    assert mi_gain.verdict(study).startswith("3 configurations so far")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--condition", "half"], "condition 'half'"),
        (["--set", "generation.w_x=1"], "w_x"),
        (["--seeds", "0"], "seeds = 0"),
    ],
)
def test_bad_input_is_one_line(
    arguments: list[str], says: str, space: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(call(*arguments), OF_ALL) == 2
    said = capsys.readouterr()
    assert says in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_the_grid_is_of_known_keys_and_no_configuration_twice() -> None:
    resolved = [Config().changed(generation=changes).generation for changes in {**GRID, **TEXT_GRID}.values()]
    assert len(GRID) >= 24
    assert len({one.model_dump_json() for one in resolved}) == len(resolved)


def test_no_such_corpus(space: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nowhere"], OF_ALL) == 2
    assert "nowhere" in capsys.readouterr().err
