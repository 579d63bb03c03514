"""However large the corpus, the file stays small, and says what it leaves out."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.enlarged import enlarge
from core import Workspace, load_run
from dashboard.report import MOST_BYTES, lab_part, map_part, write_report
from dashboard.space.points import map_points
from tests.dashboard.report.conftest import Read


def test_demo_is_small(html: str) -> None:
    assert len(html.encode()) < 4_000_000


def test_large_corpus_is_thinned_and_it_is_said(own: Workspace, tmp_path) -> None:
    name = enlarge(own, 60_000)
    written = write_report(load_run(name, own), own, tmp_path / "large.html")
    assert written.size <= MOST_BYTES
    assert (written.points, written.utterances, written.lab) == (map_part.MOST_POINTS, 60_000, True)
    page = Read.of(written.path.read_text(encoding="utf-8"))
    assert "Of 60,000 utterances 20,000 are shown, drawn by lot." in page.text("the-map")
    assert "The figures" not in page.text("the-map")
    tensors, _ = page.pack("map-pack")
    assert tensors["audio"].shape == (20_000, 2)
    assert sum(len(one.attributes["cx"]) > 0 for one in page.all("circle")) < 2 * map_part.MOST_DRAWN


def test_thinning_is_the_same_each_time_and_keeps_what_is_needed() -> None:
    rows = map_part.chosen_rows(50_000, [3, 49_999])
    assert len(rows) == map_part.MOST_POINTS
    assert np.array_equal(rows, map_part.chosen_rows(50_000, [3, 49_999]))
    assert {3, 49_999} <= set(rows.tolist())
    assert np.all(np.diff(rows) > 0)


def test_networks_too_large_for_a_page_are_left_out(told: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    run = load_run("demo", told)
    monkeypatch.setattr(lab_part, "MOST_BYTES", 100_000)
    made = lab_part.lab_part(run, map_points(run))
    assert made.data is None
    assert "too much for a page" in made.reason
