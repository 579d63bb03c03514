"""The commands and programs of docs/exports.md do what it says; those with ONNX are in test_onnx."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.runs import LoadedRun
from tests.core.export.documented import commands, program
from tests.core.export.readers import tensorboard_values


def test_every_command_is_run_somewhere() -> None:
    assert [words[:2] for words in commands()] == [
        ["mirage", "generate"],
        ["mirage", "generate"],
        ["mirage", "onnx"],
        ["mirage", "events"],
        ["mirage", "events"],
    ]


def test_generated_features(mirage, demo: LoadedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for words in commands()[:2]:
        done = mirage(*words[1:], home=demo.workspace.root)
        assert done.code == 0, done.err
    names: dict[str, Any] = {}
    exec(program("sad.npz"), names)
    assert names["audio"].shape == (500, 64)
    assert names["codes"][0, names["names"] == "u1"].tolist() == [1.5]
    assert set(names["table"]["emotion"]) == {"sad"}
    assert names["table"].filter(regex=r"^audio\d+$").to_numpy().tolist() == names["audio"].tolist()


def test_events(mirage, demo: LoadedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorboardX")
    pytest.importorskip("tensorboard")
    pytest.importorskip("wandb")
    monkeypatch.chdir(tmp_path)
    for words in commands()[3:]:
        done = mirage(*words[1:], "-o", tmp_path / "out", home=demo.workspace.root)
        assert done.code == 0, done.err
        assert "1,357 values and 41 final figures of run demo (finished)" in done.out
    found = tensorboard_values(tmp_path / "out" / "demo")
    assert [step for _, step, _ in found["generation/g_loss"]][-1] == 2100
    assert "final/recognition/reference/ua" in found
    assert len(list((tmp_path / "out" / "wandb").glob("offline-run-*/run-demo.wandb"))) == 1
