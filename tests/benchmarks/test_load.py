"""``python -m benchmarks.load``, smaller: twenty sessions at once on a large run, beside a training that goes on."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchmarks.load import faults_in, measure, parser, table
from dashboard.navigation import PAGES

SMALL = {"points": 20_000, "rounds": 1, "acts": 0.3, "think": 0.3, "ramp": 2, "alone": 0, "settle": 0}


def test_twenty_sessions_beside_a_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRAGE_HOME", str(tmp_path))
    options = [f"--{name}={value}" for name, value in SMALL.items()]
    # In a thread: tests of a browser in the same process leave an event loop behind.
    with ThreadPoolExecutor(1) as thread:
        report = thread.submit(measure, parser().parse_args([*options, "--no-browser"])).result()
    assert report["exceptions"]["count"] == 0, report["exceptions"]["first"]
    assert report["missing_references"] == 0
    # Every session asks for every page; its first one is opened by address.
    asked = {name: one["n"] for name, one in report["pages"].items()}
    assert set(asked) == {page.name for page in PAGES}
    assert sum(asked.values()) == 20 * (len(PAGES) - 1)
    assert report["acts"]["opened by address"]["n"] == 20
    assert {act.split(":")[0] for act in report["acts"]} > {"aligned_space", "latent_lab", "train"}
    # Far above what is asked for on a quiet machine: ten times slower than that is a fault on any.
    assert max(one["median"] for one in report["pages"].values()) < 10, table(report)
    assert report["training"]["during"] > 0
    memory = report["memory_mib"]
    assert memory["most"] - memory["before"] < 400, memory
    assert memory["after"] - memory["before"] < 150, memory
    assert json.loads(json.dumps(report)) == report


def test_faults_in_the_log_of_a_server(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text('2026 started\nTraceback (most recent call last):\n  File "a.py", line 1\nValueError: no\nfine\n')
    assert faults_in(log) == ["server: ValueError: no"]
