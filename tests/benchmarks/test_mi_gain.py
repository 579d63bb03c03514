"""``python -m benchmarks.mi_gain`` on a small corpus: what it prints, what the dashboard reads, what it refuses."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from benchmarks.mi_gain import GRID, TEXT_GRID, command, main
from core.benchmarks.mi_study import Configuration, Study
from core.benchmarks.source import Options
from core.config import Config, resolve_config
from core.demo import install_demo
from core.files import read_json, write_json
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


def _keys() -> list[str]:
    """As ``SMALL``, in the order of the schema."""
    of = {setting.partition("=")[0]: setting for setting in SMALL}
    names = (f"{section}.{key}" for section, values in Config().model_dump().items() for key in values)
    return [of[name] for name in names if name in of]


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
    settings = " ".join(f"--set {setting}" for setting in _keys())
    assert study.command == f"python -m benchmarks.mi_gain demo --seeds 1 {settings}"
    # The main one of the four is marked.
    assert sum(line.startswith("  main  ") for line in said.out.splitlines()) == 1
    assert "by interval and test together 0 of 3 gain" in said.out
    # Nothing is trained again; intervals alone are no loss.
    (kept,) = (folder / "configurations").glob("begun-*.json")
    content = read_json(kept)
    for one in content["worth"]:
        one["ua_added"] = one["ua_none"] - (0.01, 0.3)[one["fold"] % 2]
    write_json(kept, content)
    assert main(call(), {"begun": OF_ALL["begun"]}) == 0
    said = capsys.readouterr()
    assert "begun, " not in said.err
    row = mi_gain.read(folder).rows[0]
    assert row.gain_high is not None
    assert row.gain_high < 0
    assert "added to the real rows: by interval and test together 0 of 1 gain, 0 lose" in said.out


def test_settings_that_make_two_the_same_are_told(space: Path, capsys: pytest.CaptureFixture[str]) -> None:
    grid = {"as configured": {}, "begun": {"steps": 0}}
    assert main(call("--set", "generation.steps=0"), grid) == 0
    said = capsys.readouterr()
    assert "left out: begun is the same as as configured" in said.err
    assert "1 configuration, " in said.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--condition", "half"], "condition 'half'"),
        (["--set", "generation.w_x=1"], "w_x"),
        (["--seeds", "0"], "seeds = 0"),
        (["--set", "data.unlabelled=true"], "leave the key out"),
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
    assert "--unlabelled" not in said.err


@pytest.mark.parametrize(
    "words",
    [
        "",
        "--condition 25 --set data.text=none",
        "--seeds 2 --share 0.3 --set 'data.classes=angry,sad,neutral,happy>sad' --set generation.base=False",
        "--set training.seed=3 --permute-labels",
    ],
)
def test_the_command_of_a_study(words: str, space: Path) -> None:
    asked = shlex.split(words)
    value = {asked[at]: asked[at + 1] for at in range(len(asked) - 1)}
    config = resolve_config(None, [asked[at + 1] for at, word in enumerate(asked) if word == "--set"])
    study = Study.of(
        Options("demo", value.get("--condition", "all"), permute="--permute-labels" in asked),
        [Configuration("begun", {"steps": 0})],
        seeds=int(value.get("--seeds", 3)),
        share=float(value.get("--share", 2.0)),
        config=config.changed(data={"fold": 2, "validation": 0.3}),  # keys of runs: of no effect
        workspace=Workspace(space),
    )
    assert command(study) == f"python -m benchmarks.mi_gain demo {words}".strip()


def test_the_grid_is_of_known_keys_and_no_configuration_twice() -> None:
    resolved = [Config().changed(generation=changes).generation for changes in {**GRID, **TEXT_GRID}.values()]
    assert len(GRID) >= 24
    assert len({one.model_dump_json() for one in resolved}) == len(resolved)


def test_no_such_corpus(space: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nowhere"], OF_ALL) == 2
    assert "nowhere" in capsys.readouterr().err
