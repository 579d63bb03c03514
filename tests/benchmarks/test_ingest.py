"""The measurement of ``mirage ingest`` runs and tells the truth about what it read."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("corpus", ["msp-podcast", "folder"])
def test_a_small_corpus_is_measured(tmp_path, corpus):
    command = [sys.executable, "-m", "benchmarks.ingest", "--corpus", corpus, "--utterances", "300", "--json"]
    command += ["--check", "pieces", "--folder", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["utterances"], result["left_out"], result["within"]) == (300, 0, True)
    assert 0.05 < result["peak_gib"] < 1.0
    assert list(tmp_path.iterdir()) == []
