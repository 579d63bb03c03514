"""Runs of every kind can be told of: with and without text, in pairs, with one code, with nobody held out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core import LoadedRun, load_run, train
from dashboard.report import lab_part, report_html
from dashboard.space.points import map_points
from tests.dashboard.report.conftest import Read


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("free", {"generation": {"mode": "free"}}),
        ("paired", {"generation": {"mode": "paired", "codes": 1}}),
        ("mute", {"data": {"text": "none"}, "generation": {"codes": 2}}),
        ("everybody", {"data": {"fold": None}}),
    ],
)
def test_every_kind_of_run(text_run: LoadedRun, name: str, changes: dict[str, dict[str, Any]]) -> None:
    config = text_run.config.changed(**changes)
    train("spoken", config=config, workspace=text_run.workspace, run_id=f"spoken-{name}")
    run = load_run(f"spoken-{name}", text_run.workspace)
    page = Read.of(report_html(run, text_run.workspace))
    data = page.data()
    assert data["map"]["parts"] == ["audio", *(["text"] if run.t is not None else []), "generated"]
    assert len(data["lab"]["pair"]) == min(2, len(run.code_names))
    tensors, _ = page.pack("lab-pack")
    assert ("texts" in tensors) == (run.mode == "text")
    assert len(data["map"]["clips"]) > 0
    if name == "everybody":
        assert "No speaker was held out in this run." in page.text("data")
        assert "none was held out" in page.text("the-map")
    assert "<b>" not in page.blocks["report-data"]


def test_the_pad_begins_with_the_codes_that_do_most(text_run: LoadedRun) -> None:
    pair = lab_part.strongest(text_run)
    assert pair == sorted(set(pair))
    assert len(pair) == 2
    assert set(pair) <= set(range(len(text_run.code_names)))


def test_texts_are_those_of_the_emotion(text_run: LoadedRun) -> None:
    tensors, _ = Read.of(report_html(text_run, text_run.workspace)).pack("lab-pack")
    each = len(tensors["texts"]) // len(text_run.classes)
    table = text_run.utterances
    assert text_run.t is not None
    for index, emotion in enumerate(text_run.classes):
        own = text_run.t[((table["label"] == emotion) & (table["part"] == "train")).to_numpy()]
        for row in tensors["texts"][index * each : (index + 1) * each]:
            assert np.abs(own - row).max(axis=1).min() < 1e-6
    assert len(map_points(text_run)) == 54
