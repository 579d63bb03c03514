"""wandb and trackio hear everything once, nothing is sent, and no machine is named."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from core.export.following import Target, follow_events
from core.files import read_json, write_json
from core.runs import read_events
from tests.core.export.readers import entries, wandb_records
from tests.core.export.telling import environment, told, wanted


class TestWandb:
    @pytest.fixture(autouse=True)
    def _there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pytest.importorskip("wandb")
        for name in [name for name in os.environ if name.startswith("WANDB_")]:
            monkeypatch.delenv(name)

    def test_offline_in_two_parts(self, run_copy: Path, tmp_path: Path) -> None:
        whole = (run_copy / "events.jsonl").read_text().splitlines(keepends=True)
        (run_copy / "events.jsonl").write_text("".join(whole[:60]))
        state = read_json(run_copy / "state.json")
        write_json(run_copy / "state.json", state | {"status": "stopped"})
        target = Target("wandb", tmp_path, project="emotions")
        first = follow_events(run_copy, target)
        (run_copy / "events.jsonl").write_text("".join(whole))
        write_json(run_copy / "state.json", state)
        time.sleep(1.1)  # wandb names its folders by the second
        second = follow_events(run_copy, target)
        assert first.values + second.values == len(read_events(run_copy))
        assert (first.figures, second.figures > 15) == (0, True)
        assert follow_events(run_copy, target).values == 0
        files = sorted((tmp_path / "wandb").glob("offline-run-*/run-small.wandb"))
        assert len(files) == 2
        records = [record for file in files for record in wandb_records(file)]
        runs = [record.run for record in records if record.WhichOneof("record_type") == "run"]
        assert {(run.run_id, run.display_name, run.project) for run in runs} == {("small", "small", "emotions")}
        found: dict[str, list[tuple[float, int, float]]] = {}
        for record in records:
            if record.WhichOneof("record_type") == "history":
                values = entries(record.history.item)
                for name in values:
                    if "/" in name:
                        row = (values["_timestamp"], values["global_step"], float(np.float32(values[name])))
                        found.setdefault(name, []).append(row)
        # Of the values of one step wandb keeps one time, the last.
        assert {name: [row[1:] for row in rows] for name, rows in found.items()} == {
            name: [row[1:] for row in rows] for name, rows in wanted(run_copy).items()
        }
        times = {(name, row[1]): row[0] for name, rows in wanted(run_copy).items() for row in rows}
        assert max(abs(row[0] - times[name, row[1]]) for name, rows in found.items() for row in rows) < 2.0
        config = {}
        summary = {}
        for record in records:
            kind = record.WhichOneof("record_type")
            if kind == "config":
                config |= entries(record.config.update)
            elif kind == "summary":
                summary |= entries(record.summary.update)
        assert (config["data.corpus"], config["alignment.dim"], config["data.fold"]) == ("toy", 12, 0)
        assert summary["final/recognition/audio/ua"] == read_json(run_copy / "evaluation.json")["audio"]["ua"]
        for file in files:
            raw = file.read_bytes()
            for word in (str(tmp_path), str(Path.home()), sys.prefix, str(Path.cwd())):
                assert word.encode() not in raw, word
            assert not list(file.parent.rglob("wandb-metadata.json"))

    def test_nothing_is_sent_and_no_machine_is_named(self, run_copy: Path, tmp_path: Path) -> None:
        """In a network of its own, with no way out and a name that can be looked for."""
        if shutil.which("unshare") is None:
            pytest.skip("no network of its own can be made here (there is no unshare)")
        command = [sys.executable, "-m", "core", "events", str(run_copy), "--to", "wandb", "-o", str(tmp_path)]
        outer = ["unshare", "--map-root-user", "--net", "--uts", "sh", "-c", 'hostname zirkelbach7; exec "$@"', "sh"]
        if subprocess.run([*outer, "true"], capture_output=True).returncode:
            pytest.skip("no network of its own can be made here")
        done = subprocess.run([*outer, *command], capture_output=True, text=True, env=environment(), timeout=120)
        assert done.returncode == 0, done.stderr
        assert "final figures of run small (finished)" in done.stdout
        files = [file for file in (tmp_path / "wandb").rglob("*") if file.is_file()]
        assert any(file.suffix == ".wandb" for file in files)
        for file in files:
            assert b"zirkelbach7" not in file.name.encode() + file.read_bytes(), file


def test_trackio(run_copy: Path, tmp_path: Path) -> None:
    """Its own database, read as SQLite; in a process of its own, for it reads where to write when it is imported."""
    pytest.importorskip("trackio")
    import sqlite3

    told(run_copy, tmp_path, "trackio")
    assert told(run_copy, tmp_path, "trackio")["values"] == 0
    with sqlite3.connect(tmp_path / "trackio" / "emotions.db") as database:
        rows = database.execute("select step, metrics from metrics").fetchall()
        config = json.loads(database.execute("select config from configs").fetchone()[0])
    found = [(name, step) for step, values in rows for name in json.loads(values) if not name.startswith("final/")]
    assert sorted(found) == sorted((name, row[1]) for name, rows in wanted(run_copy).items() for row in rows)
    assert (config["alignment.dim"], config.get("_Username", "")) == (12, "")
