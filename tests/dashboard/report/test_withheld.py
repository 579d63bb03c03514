"""A run that was published without its utterances is told of without map, clips and lab."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core import Workspace, load_run
from core.files import write_json
from core.shipped import install_results
from dashboard.report import write_report
from dashboard.report.document import WITHHELD
from tests.dashboard.report.conftest import Read


@pytest.mark.parametrize("audio", [True, False])
def test_what_is_left_is_told(withheld: Workspace, tmp_path: Path, audio: bool) -> None:
    install_results(withheld)
    written = write_report(load_run("withheld", withheld), withheld, tmp_path / "report.html", audio=audio)
    assert (written.points, written.utterances, written.clips, written.lab) == (0, 0, 0, False)
    assert written.benchmarks > 0
    page = Read.of((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert page.data()["map"] is page.data()["lab"] is None
    for key, lines in {"the-map": ["There is no map", "No clip is"], "the-lab": ["There is no lab"]}.items():
        for line in lines:
            assert f"{line} in this file. {WITHHELD}" in page.text(key)
    # Neither the map nor what is said of it.
    assert "trustworthy" not in page.text("the-map")
    assert [one for one in page.elements if one.attributes.get("id") in ("map", "clips", "lab")] == []
    assert "holds the generator" not in page.text("limits")
    assert "mirage train demo" in page.text("repeat")
    assert re.search(r"[+−]\d+\.\d points", page.text("benchmark"))


def test_without_counts_of_its_training(withheld: Workspace, tmp_path: Path) -> None:
    """What is missing in the folder of a run of the hub: the log of its training."""
    folder = withheld.run_folder("withheld")
    (folder / "events.jsonl").unlink()
    write_json(folder / "information.json", [])
    written = write_report(load_run("withheld", withheld), withheld, tmp_path / "report.html")
    assert written.utterances == 0
