"""``mirage benchmark`` as it is called, on the synthetic corpus ``toy``."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from core.workspace import Workspace

QUICK = (
    "--set",
    "data.n_folds=4",
    "--set",
    "data.text=none",
    "--set",
    "alignment.batch=32",
    "--set",
    "alignment.dim=12",
    "--methods",
    "none",
    "--workers",
    "1",
)


@pytest.fixture
def space(toy: Any, tmp_path: Path) -> Workspace:
    return toy.copy(tmp_path / "space")


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "core", "benchmark", *arguments]


def surroundings(space: Workspace) -> dict[str, str]:
    return {**os.environ, "MIRAGE_HOME": str(space.root), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path.cwd())}


def mirage(capsys: pytest.CaptureFixture[str], space: Workspace, *arguments: str) -> tuple[int, str, str]:
    """The command in this process: exit code, stdout, stderr."""
    from core.cli import main

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["mirage", "benchmark", *arguments])
        patch.setenv("MIRAGE_HOME", str(space.root))
        patch.delenv("MIRAGE_DEBUG", raising=False)
        with pytest.raises(SystemExit) as ended:
            main()
    printed = capsys.readouterr()
    return int(ended.value.code or 0), printed.out, printed.err


def test_tables_and_json(space: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    short = ("toy", "--seeds", "1", "--fold-by", "speaker", *QUICK, "--set", "alignment.steps=10")
    code, printed, errors = mirage(capsys, space, *short, "--json")
    assert code == 0, errors
    results = json.loads(printed)
    assert Path(results["folder"]).parent == space.benchmarks
    assert (Path(results["folder"]) / "results.parquet").is_file()
    assert results["methods"]["none"]["audio"]["gain"]["folds"] == 4
    # The second call finds every cell done and prints for people.
    code, printed, errors = mirage(capsys, space, *short)
    assert code == 0, errors
    assert "toy: 3 classes, 96 utterances, 4 folds by speaker, 1 seed; embeddings whisper@3-mean" in printed
    for words in (
        "tuned logistic regression",
        "nothing added",
        "UA",
        "macro-F1",
        "95 % interval",
        "angry",
        "20 candidates",
    ):
        assert words in printed
    assert results["folder"] in printed.replace("\n", "")


def test_stopped_with_ctrl_c_and_gone_on_with(space: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    long = ("toy", "--seeds", "2", *QUICK, "--set", "data.n_folds=2", "--set", "alignment.steps=200", "--workers", "2")
    process = subprocess.Popen(
        command(*long), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=surroundings(space)
    )
    while process.poll() is None and not list(space.benchmarks.glob("*/cells/tuned-*.json")):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    printed, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert printed == ""
    assert "run the same command again to go on" in errors
    assert "Traceback" not in errors
    (folder,) = space.benchmarks.iterdir()
    kept = {path: path.stat().st_mtime_ns for path in (folder / "cells").iterdir()}
    code, printed, errors = mirage(capsys, space, *long, "--workers", "1", "--json")
    assert code == 0, errors
    assert Path(json.loads(printed)["folder"]) == folder
    assert all(path.stat().st_mtime_ns == when for path, when in kept.items())


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("nothing",), "there is no corpus 'nothing'"),
        (("toy", "--methods", "none,magic"), "methods magic: unknown; there are: none, class-weights"),
        (("toy", "--condition", "cut:fear"), "condition 'cut:fear': the classes are angry, happy, sad"),
        (("toy", "--test-on", "nothing"), "there is no corpus 'nothing'"),
        (("toy", "--fold-by", "mood"), "data.folds = 'mood'"),
        (("toy", "--engine", "dask"), "--engine dask: use local or ray"),
        (("toy", "--address", "auto"), "--address is for --engine ray"),
        (("toy", "--engine", "ray", "--address", "there:x"), "--address there:x: expected HOST:PORT or auto"),
        (("toy", "--set", "alignment.nois=1"), "there is no key 'alignment.nois'"),
    ],
)
def test_bad_input_is_one_line(
    space: Workspace, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], reason: str
) -> None:
    code, printed, errors = mirage(capsys, space, *arguments, "--json")
    assert (code, printed, errors.count("\n")) == (2, "", 1)
    assert reason in errors
