"""What the tests of trackers share: what a tracker should hold, and the command in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[3]
GENERATION = 40
"""The steps of the toy's alignment lie before those of its generator."""


def wanted(folder: Path) -> dict[str, list[tuple[float, int, float]]]:
    """What a tracker should hold, by the file of the events itself."""
    found: dict[str, dict[int, tuple[float, int, float]]] = {}
    for line in (folder / "events.jsonl").read_text().splitlines():
        row = json.loads(line)
        step = row["step"] + (0 if row["stage"] == "alignment" else GENERATION)
        value = np.nan if row["value"] is None else float(np.float32(row["value"]))
        found.setdefault(f"{row['stage']}/{row['name']}", {})[step] = (row["time"], step, value)
    return {name: [rows[step] for step in sorted(rows)] for name, rows in found.items()}


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}


def told(folder: Path, target: Path, to: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "core", "events", str(folder), "--to", to, "-o", str(target), "--json"]
    done = subprocess.run(
        [*command, "--project", "emotions"], capture_output=True, text=True, env=environment(), timeout=120
    )
    assert done.returncode == 0, done.stderr
    content: dict[str, Any] = json.loads(done.stdout)
    return content
