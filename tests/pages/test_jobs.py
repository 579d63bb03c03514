"""The Jobs page: all kinds in one table; deleted and brought back; a job that was killed says what to do."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from streamlit.testing.v1 import AppTest

from core import Workspace
from core.benchmarks import BenchmarkStopped, run_benchmark
from core.files import read_json, write_json
from core.jobs import deleted
from core.runs import read_state, request_stop, start_job
from core.runs.state import State, here, write_state
from tests.pages.conftest import quick_config

Open = Callable[..., AppTest]


def texts(app: AppTest) -> str:
    kinds = (app.title, app.subheader, app.markdown, app.caption, app.text, app.code)
    return "\n".join(str(item.value) for kind in kinds for item in kind)


@pytest.fixture
def full(trained: Workspace, tmp_path: Path) -> Workspace:
    shutil.copytree(trained.root, tmp_path / "copy")
    workspace = Workspace(tmp_path / "copy")
    with pytest.raises(BenchmarkStopped):
        run_benchmark("tones", config=quick_config(), workspace=workspace, stop=lambda: True)
    return workspace


def test_all_kinds_in_one_table(open_app: Open, full: Workspace) -> None:
    (full.run_folder("tones-run") / "quality").mkdir()
    write_state(full.run_folder("tones-run") / "quality", State(status="failed", message="no emotion can be compared"))
    app = open_app(full, "jobs")
    assert not app.exception
    table = app.dataframe[0].value
    assert set(zip(table["kind"], table["status"], strict=True)) == {
        ("training", "finished"),
        ("report card", "failed"),
        ("benchmark", "stopped"),
    }
    assert "nothing runs, nothing waits, 1 failed or lost" in texts(app)
    app.get_by_key("jobs_shown").set_value("active").run()
    assert "No job is active." in texts(app)


def test_what_is_looked_at_is_in_the_address(open_app: Open, full: Workspace) -> None:
    app = open_app(full, "jobs", job="training:tones-run")
    assert app.selectbox(key="job").value == "training:tones-run"
    assert [item.key for item in app.button if item.key.startswith("job_")] == [
        "job_watch",
        "job_duplicate",
        "job_delete",
    ]
    app = open_app(full, "jobs", job="training:gone")
    assert not app.exception
    assert "The job of the link is not in this workspace (any more)." in texts(app)


def test_deleted_and_undone(open_app: Open, full: Workspace) -> None:
    app = open_app(full, "jobs", job="training:tones-run")
    app.button(key="job_delete").click().run()
    assert not app.exception
    assert full.run_ids() == []
    assert "run tones-run is in the trash." in texts(app)
    app.button(key="job_undo").click().run()
    assert not app.exception
    assert full.run_ids() == ["tones-run"]
    assert app.selectbox(key="job").value == "training:tones-run"
    # By another way, and for good.
    app.button(key="job_delete").click().run()
    app.button(key="job_undo_close").click().run()
    assert "run tones-run is in the trash." not in texts(app)
    (item,) = deleted(full)
    app.button(key=f"restore_{item.token}").click().run()
    assert full.run_ids() == ["tones-run"]
    app.button(key="job_delete").click().run()
    app.button(key="trash_empty").click().run()
    assert not app.exception
    assert deleted(full) == []
    assert not any(path.is_dir() for path in (full.root / "trash").iterdir())


def test_a_name_taken_meanwhile_is_said(open_app: Open, full: Workspace) -> None:
    app = open_app(full, "jobs", job="training:tones-run")
    app.button(key="job_delete").click().run()
    full.run_folder("tones-run").mkdir()
    app.button(key="job_undo").click().run()
    assert not app.exception
    assert app.toast[0].icon == ":material/error:"
    assert "there is another run" in app.toast[0].value
    assert len(deleted(full)) == 1


def test_duplicate_with_changes(open_app: Open, full: Workspace) -> None:
    app = open_app(full, "jobs", job="training:tones-run")
    app.button(key="job_duplicate").click().run()
    assert not app.exception
    assert app.session_state["cfg.generation.steps"] == 20
    assert app.session_state["train_from"] == "tones-run"


def test_a_killed_job_is_noticed_and_says_what_to_do(open_app: Open, full: Workspace) -> None:
    path = full.run_folder("tones-run") / "state.json"
    write_json(path, {**read_json(path), "status": "running", "pid": 2**22 + 1, "process_started": 1.0})
    (full.run_folder("tones-run") / "job.log").write_text("mirage: something <b>bold</b>\n")
    app = open_app(full, "jobs", job="training:tones-run")
    assert not app.exception
    assert "resume goes on from the last checkpoint" in texts(app)
    assert "mirage: something <b>bold</b>" in texts(app)
    assert app.button(key="job_resume")


def test_a_damaged_one_hides_no_other(open_app: Open, full: Workspace) -> None:
    shutil.copytree(full.run_folder("tones-run"), full.run_folder("broken"))
    (full.run_folder("broken") / "state.json").write_text("{")
    app = open_app(full, "jobs", job="training:broken")
    assert not app.exception
    assert set(app.dataframe[0].value["status"]) == {"damaged", "finished", "stopped"}
    assert "the file is damaged" in texts(app)
    app.button(key="job_delete").click().run()
    assert "broken" not in full.run_ids()


def test_stopped_from_the_page(open_app: Open, full: Workspace) -> None:
    config = quick_config().changed(generation={"steps": 100_000})
    start_job(full, config, "long")
    folder = full.run_folder("long")
    end = time.monotonic() + 90
    while read_state(folder).status != "running":
        assert time.monotonic() < end
        time.sleep(0.1)
    try:
        app = open_app(full, "jobs", job="training:long")
        assert not app.exception
        assert "1 running, nothing waits" in texts(app)
        with_key = [item.key for item in app.button]
        assert "job_stop" in with_key
        assert "job_delete" not in with_key
        app.button(key="job_stop").click().run()
        assert not app.exception
    finally:
        if (read_state(folder)).active:
            request_stop(folder)
    while read_state(folder).active:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert read_state(folder).status == "stopped"


def test_somebody_elses_waiting_job_is_seen(open_app: Open, full: Workspace) -> None:
    state = State(
        status="queued",
        message="waiting for training other (jobs may use 1 core)",
        pid=os.getpid(),
        process_started=psutil.Process().create_time(),
        host=here(),
        heartbeat=time.time(),
    )
    write_state(full.run_folder("tones-run"), state)
    app = open_app(full, "jobs")
    assert "nothing runs, 1 waiting" in texts(app)
    assert "waiting for training other" in texts(app)
    assert app.button(key="job_stop")
