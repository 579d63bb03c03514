"""Trackers hear everything a run measures once, live or afterwards, through stops, kills and second starts."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import BadInputError
from core.export.follower import following
from core.export.following import Target, follow_events
from core.export.record import RunRecord
from core.files import read_json, write_json
from core.runs import LoadedRun, create_run, execute, read_events, request_stop
from core.runs.events import EventLog
from core.workspace import Workspace
from tests.core.export.readers import tensorboard, tensorboard_values
from tests.core.export.telling import environment, wanted


def same(found: dict[str, list[tuple[float, int, float]]], folder: Path) -> None:
    measured = {name: rows for name, rows in found.items() if not name.startswith("final/")}
    expected = wanted(folder)
    assert measured.keys() == expected.keys()
    for name, rows in expected.items():
        np.testing.assert_array_equal(np.asarray(measured[name]), np.asarray(rows), err_msg=name)


def board(folder: Path, logs: Path) -> tuple[int, int]:
    done = follow_events(folder, Target("tensorboard", logs))
    return done.values, done.figures


class TestTensorBoard:
    @pytest.fixture(autouse=True)
    def _there(self) -> None:
        pytest.importorskip("tensorboardX")
        pytest.importorskip("tensorboard")

    def test_a_finished_run(self, run_copy: Path, tmp_path: Path) -> None:
        with (run_copy / "events.jsonl").open("a") as file:
            row = {"time": 2e9, "stage": "generation", "step": 61, "name": "odd", "value": None}
            file.write(json.dumps(row) + "\n")
        logs = tmp_path / "logs"
        values, figures = board(run_copy, logs)
        assert values == len(read_events(run_copy))
        found = tensorboard_values(logs / "small")
        same(found, run_copy)
        assert {step for _, step, _ in found["generation/g_loss"]} == {41, *range(45, 101, 5)}
        assert found["information/I(c;h_hat)/value"][0][1] == 100
        ua = read_json(run_copy / "evaluation.json")["audio"]["ua"]
        assert found["final/recognition/audio/ua"][0][1:] == (101, float(np.float32(ua)))
        assert sum(name.startswith("final/") for name in found) == figures > 15
        # Nothing new, nothing again.
        before = (logs / "small" / "events.out.tfevents.mirage").read_bytes()
        assert board(run_copy, logs) == (0, 0)
        assert (logs / "small" / "events.out.tfevents.mirage").read_bytes() == before

    def test_the_configuration_is_there_without_the_machine(self, finished: LoadedRun, tmp_path: Path) -> None:
        from tensorboard.plugins.hparams import plugin_data_pb2

        board(finished.path, tmp_path)
        found = tensorboard(tmp_path / "small")
        content = found.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
        told = plugin_data_pb2.HParamsPluginData.FromString(content).session_start_info.hparams
        assert told["data.corpus"].string_value == "toy"
        assert told["alignment.dim"].number_value == 12
        assert told["data.unlabelled"].bool_value is False
        assert told["generation.mode"].string_value == "text"
        # Who was told, and on which machine, is nobody's business.
        for file in (tmp_path / "small").iterdir():
            raw = file.name.encode() + file.read_bytes()
            assert str(tmp_path).encode() not in raw
            assert str(finished.path.parent).encode() not in raw
            assert f".{socket.gethostname()}".encode() not in raw

    def test_paths_in_a_configuration_are_names(self, run_copy: Path) -> None:
        file = run_copy / "config.yaml"
        changed = file.read_text().replace("audio: auto", "audio: /home/ada/secret/store")
        file.write_text(changed.replace("text: auto", "text: ~/store2"))
        settings = RunRecord(run_copy).settings()
        assert (settings["data.audio"], settings["data.text"]) == ("store", "store2")
        assert settings["data.fold"] == 0

    def test_steps_that_a_resumed_run_measures_again_are_not_told_again(self, run_copy: Path, tmp_path: Path) -> None:
        whole = (run_copy / "events.jsonl").read_text().splitlines(keepends=True)
        middle = next(i for i, line in enumerate(whole) if '"stage": "generation"' in line) + 40
        (run_copy / "events.jsonl").write_text("".join(whole[:middle]))
        board(run_copy, tmp_path)
        told = tensorboard_values(tmp_path / "small")
        # Killed after its last checkpoint: the lines since then come once more, with other values.
        again = [json.loads(line) | {"value": 99.0} for line in whole[middle - 15 : middle]]
        more = "".join(json.dumps(row) + "\n" for row in again) + "".join(whole[middle:])
        (run_copy / "events.jsonl").write_text("".join(whole[:middle]) + more)
        board(run_copy, tmp_path)
        found = tensorboard_values(tmp_path / "small")
        for name, rows in found.items():
            assert [step for _, step, _ in rows] == sorted({step for _, step, _ in rows}), name
            assert 99.0 not in [value for _, _, value in rows]
            assert rows[: len(told.get(name, []))] == told.get(name, [])
        assert {name: len(rows) for name, rows in wanted(run_copy).items()} == {
            name: len(rows) for name, rows in found.items() if not name.startswith("final/")
        }

    def test_what_a_killed_follower_did_not_note_is_cut_off(self, run_copy: Path, tmp_path: Path) -> None:
        whole = (run_copy / "events.jsonl").read_text().splitlines(keepends=True)
        (run_copy / "events.jsonl").write_text("".join(whole[:30]))
        board(run_copy, tmp_path)
        file, noted = tmp_path / "small" / "events.out.tfevents.mirage", tmp_path / "small" / "mirage-sent.json"
        earlier = noted.read_bytes()
        (run_copy / "events.jsonl").write_text("".join(whole[:60]))
        board(run_copy, tmp_path)
        # As if killed between the two writes, in the middle of a record.
        noted.write_bytes(earlier)
        file.write_bytes(file.read_bytes()[:-7])
        (run_copy / "events.jsonl").write_text("".join(whole))
        board(run_copy, tmp_path)
        same(tensorboard_values(tmp_path / "small"), run_copy)

    def test_another_run_of_that_name(self, run_copy: Path, tmp_path: Path) -> None:
        board(run_copy, tmp_path)
        state = read_json(run_copy / "state.json")
        write_json(run_copy / "state.json", state | {"created": state["created"] + 1})
        with pytest.raises(BadInputError, match="holds the events of another run of that name; give another folder"):
            board(run_copy, tmp_path)
        (tmp_path / "small" / "mirage-sent.json").write_text("{}")
        with pytest.raises(BadInputError, match="the file is damaged; remove it"):
            board(run_copy, tmp_path)

    def test_one_at_a_time(self, run_copy: Path, tmp_path: Path) -> None:
        state = read_json(run_copy / "state.json")
        write_json(run_copy / "state.json", state | {"status": "stopped"})
        first = follower(run_copy, tmp_path, "--patience", "60")
        try:
            within(30, lambda: (tmp_path / "small" / "mirage-sent.json").is_file())
            with pytest.raises(BadInputError, match="another process is writing the events of 'small' there"):
                board(run_copy, tmp_path)
        finally:
            first.send_signal(signal.SIGINT)
            _, said = first.communicate(timeout=30)
        # Ctrl-C ends it cleanly, with everything noted.
        assert (first.returncode, "Traceback" in said) == (0, False)
        assert board(run_copy, tmp_path) == (0, 0)

    def test_live_through_a_stop_a_kill_and_a_resume(self, toy, tmp_path: Path) -> None:
        workspace: Workspace = toy.copy(tmp_path / "ws")
        config = toy.config.changed(
            information={"samples": 200, "steps": 10, "batch": 32},
            projection={"neighbours": 500, "projector_steps": 20},
        )
        folder = create_run(config, workspace, "live")
        logs = tmp_path / "logs"
        first = follower(folder, logs, "--patience", "60")

        def stop_at(step: int) -> Any:
            def report(done: int, total: int, message: str = "") -> None:
                if done == step:
                    request_stop(folder)

            return report

        assert execute(folder, workspace, progress=stop_at(30)) == "stopped"
        within(30, lambda: _told(logs, "alignment/loss") == 30)
        first.send_signal(signal.SIGKILL)
        first.communicate(timeout=30)
        assert execute(folder, workspace, progress=stop_at(70)) == "stopped"
        # It waits for the run to be resumed, and ends with it.
        second = follower(folder, logs, "--patience", "60")
        within(30, lambda: _told(logs, "generation/g_loss") == 70)
        assert second.poll() is None
        assert execute(folder, workspace) == "finished"
        out, err = second.communicate(timeout=60)
        assert second.returncode == 0, err
        assert "live: stopped" in err
        assert out.strip().endswith("of run live (finished)")
        found = tensorboard_values(logs / "live")
        same(found, folder)
        assert "final/recognition/audio/ua" in found

    def test_a_stopped_run_is_not_waited_for_for_ever(self, run_copy: Path, tmp_path: Path) -> None:
        write_json(run_copy / "state.json", read_json(run_copy / "state.json") | {"status": "failed"})
        done = follow_events(run_copy, Target("tensorboard", tmp_path), follow=True, patience=0.0)
        assert (done.status, done.figures) == ("failed", 0)
        assert done.values == len(read_events(run_copy))

    def test_the_follower_of_a_training_stays_until_its_end(self, toy, tmp_path: Path) -> None:
        """It looked once and was gone while the run went on."""
        workspace: Workspace = toy.copy(tmp_path / "ws")
        quick = {"information": {"samples": 200, "steps": 10, "batch": 32}, "projection": {"neighbours": 500}}
        folder = create_run(toy.config.changed(**quick), workspace, "live")
        logs, said = workspace.root / "tensorboard", list[str]()

        def at_ten(done: int, total: int, message: str = "") -> None:
            if done == 10:
                within(30, lambda: _told(logs, "alignment/loss") == 10)
            if done == 30:
                request_stop(folder)

        with following("live", workspace, "tensorboard", said.append):
            assert execute(folder, workspace, progress=at_ten) == "stopped"
        assert _told(logs, "alignment/loss") == 30
        assert said.pop().endswith("of run live (stopped)")
        # A resume begins with a run that is stopped still.
        with following("live", workspace, "tensorboard", said.append):
            with (folder / "events.jsonl").open("a") as file:
                row = {"time": time.time(), "stage": "alignment", "step": 30, "name": "odd", "value": 1.0}
                file.write(json.dumps(row) + "\n")
            within(30, lambda: _told(logs, "alignment/odd") == 30)
            time.sleep(1.5)
            assert execute(folder, workspace) == "finished"
        assert said.pop().endswith("of run live (finished)")
        found = tensorboard_values(logs / "live")
        same(found, folder)
        assert "final/recognition/audio/ua" in found

    def test_a_training_that_ends_before_its_follower_begins(self, run_copy: Path, tmp_path: Path) -> None:
        workspace, said = Workspace(tmp_path / "ws"), list[str]()
        folder = workspace.run_folder("small")
        folder.parent.mkdir(parents=True)
        run_copy.rename(folder)
        write_json(folder / "state.json", read_json(folder / "state.json") | {"status": "failed"})
        with following("small", workspace, "tensorboard", said.append):
            pass
        assert said[0].endswith("of run small (failed)")
        same(tensorboard_values(workspace.root / "tensorboard" / "small"), folder)

    def test_train_with_a_follower(self, mirage, toy, tmp_path: Path) -> None:
        workspace = toy.copy(tmp_path / "ws")
        (tmp_path / "c.yaml").write_text(toy.config.to_yaml())
        quick = ["--set", "projection.neighbours=500", "--set", "generation.steps=10", "--set", "alignment.steps=10"]
        done = mirage(
            *("train", "toy", "--config", tmp_path / "c.yaml", *quick, "--run-id", "told", "--events", "tensorboard"),
            home=workspace.root,
        )
        assert done.code == 0, done.err
        assert f"events: {workspace.root}/tensorboard/told: " in done.err
        assert "(finished)" in done.err
        found = tensorboard_values(workspace.root / "tensorboard" / "told")
        assert [step for _, step, _ in found["alignment/loss"]] == [1, 5, 10]
        refused = mirage("train", "toy", "--run-id", "x", "--events", "paper", home=workspace.root)
        assert (refused.code, refused.err.count("\n")) == (2, 1)
        assert not workspace.run_folder("x").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "paper"], "events go to one of tensorboard, wandb, trackio"),
        (["--to", "tensorboard", "--mode", "loud"], "choose one of offline, online"),
    ],
)
def test_bad_input(mirage, run_copy: Path, tmp_path: Path, arguments: list[str], message: str) -> None:
    done = mirage("events", run_copy, *arguments, "-o", tmp_path / "out", home=tmp_path)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert message in done.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("to", "package"), [("tensorboard", "tensorboardX"), ("wandb", "wandb"), ("trackio", "trackio")]
)
def test_a_package_that_is_missing(
    mirage, run_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to: str, package: str
) -> None:
    # As for any package that is not there: the import system is asked, and says so.
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("core.export.trackers.find_spec", lambda name: None)
    done = mirage("events", run_copy, "--to", to, home=tmp_path)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert package in done.err
    assert "pip install" in done.err


def test_a_way_is_no_name(run_copy: Path, tmp_path: Path) -> None:
    (run_copy / "inside").mkdir()
    with pytest.raises(BadInputError, match=r"'\.\.' cannot name a run"):
        follow_events(run_copy / "inside" / "..", Target("tensorboard", tmp_path / "logs" / "deep"))
    assert not (tmp_path / "logs").exists()


def test_a_run_that_measured_nothing_yet(toy, tmp_path: Path) -> None:
    workspace = toy.copy(tmp_path / "ws")
    folder = create_run(toy.config, workspace, "new")
    assert RunRecord(folder).after({}) == []
    EventLog(folder).close()
    assert RunRecord(folder).after({}) == []
    assert RunRecord(folder).figures() == {}
    assert RunRecord(folder).status() == "queued"


def follower(folder: Path, logs: Path, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "core", "events", str(folder), "--to", "tensorboard", "-o", str(logs)]
    return subprocess.Popen(
        [*command, "--follow", *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    )


def within(seconds: float, happened: Any) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.1)


def _told(logs: Path, name: str) -> int:
    try:
        content = read_json(logs / "live" / "mirage-sent.json")
    except BadInputError:
        return 0
    return int(content["marks"].get(name, 0))
