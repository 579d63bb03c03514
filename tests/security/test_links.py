"""Links, pipes and devices in a run: nothing outside it is read, written or copied, and nothing waits."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest

from core.errors import BadInputError
from core.files import read_json, write_json
from core.jobs import job_log
from core.runs import execute, find_run, load_run, read_events, read_state, request_stop, resume_job, start_quality
from core.workspace import Workspace
from dashboard.overview_view import bring_in

from .conftest import Refused

FILES = [
    "config.yaml",
    "state.json",
    "events.jsonl",
    "model/generator/model.safetensors",
    "features/utterances.parquet",
    "projection/coordinates.parquet",
]


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret.txt"
    file.write_text("the secret\n")
    return file


@pytest.mark.parametrize("name", [*FILES, "more.json", "model/extra"])
def test_a_link_out_of_the_run(place: Workspace, run: Path, secret: Path, refused: Refused, name: str) -> None:
    (run / name).unlink(missing_ok=True)
    (run / name).symlink_to(secret)
    message = refused(lambda: load_run(run, place), Path(name).name, "is a link out of the run")
    assert "the secret" not in message
    elsewhere = Workspace(place.root.parent / "mine")
    refused(lambda: bring_in(str(run), elsewhere), "is a link out of the run")
    assert not elsewhere.runs.exists() or not any(elsewhere.runs.iterdir())


def test_links_that_lead_nowhere_to_folders_or_round(place: Workspace, run: Path, refused: Refused) -> None:
    for target in ("gone", ".", "..", "model", "/dev/zero", "/proc/self/mem", "loop"):
        (run / "loop").symlink_to(target)
        refused(lambda: load_run(run, place), "loop", "is a link")
        (run / "loop").unlink()


def test_a_sub_folder_that_lies_elsewhere(place: Workspace, run: Path, tmp_path: Path, refused: Refused) -> None:
    shutil.move(run / "model", tmp_path / "model")
    (run / "model").symlink_to(tmp_path / "model")
    refused(lambda: load_run(run, place), "model", "is a link out of the run, or to a folder")


def test_a_link_within_the_run_and_a_run_that_was_moved(place: Workspace, run: Path, tmp_path: Path) -> None:
    (run / "again.json").symlink_to("evaluation.json")
    load_run(run, place)
    # The person's own workspace: the whole folder lies on another disk.
    shutil.move(run, tmp_path / "disk")
    run.symlink_to(tmp_path / "disk")
    assert load_run("demo", place).id == "demo"
    assert find_run("demo", place) == run


@pytest.mark.parametrize("name", FILES)
def test_a_pipe_is_not_waited_for(place: Workspace, run: Path, refused: Refused, name: str) -> None:
    (run / name).unlink()
    os.mkfifo(run / name)
    refused(lambda: load_run(run, place), Path(name).name)
    if name == "events.jsonl":
        refused(lambda: read_events(run), "is a pipe")
    if name == "state.json":
        refused(lambda: read_state(run), "state.json")


def test_a_socket_and_a_log_that_is_a_pipe(place: Workspace, run: Path, refused: Refused) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        # The path of a socket is short.
        folder = os.open(run, os.O_RDONLY)
        server.bind(f"/proc/self/fd/{folder}/s")
        os.close(folder)
    refused(lambda: load_run(run, place), "is no file")
    os.mkfifo(run / "job.log")
    assert job_log(run) == []


@pytest.mark.parametrize("name", [".lock", "events.jsonl", "job.log", "stop", "quality", "checkpoints"])
def test_working_on_a_run_writes_nowhere_else(
    place: Workspace, run: Path, secret: Path, refused: Refused, name: str
) -> None:
    (run / name).unlink(missing_ok=True)
    (run / name).symlink_to(secret.parent / "new" if name == "stop" else secret)
    kept = {path: path.read_bytes() for path in secret.parent.iterdir() if path.is_file()}
    state = read_json(run / "state.json")
    write_json(run / "state.json", {**state, "status": "stopped"})
    refused(lambda: execute(run, place), name, "link")
    refused(lambda: resume_job(place, "demo"), name, "link")
    write_json(run / "state.json", {**state, "status": "finished"})
    refused(lambda: start_quality(place, "demo"), name, "link")
    import psutil

    alive = {"status": "running", "pid": os.getpid(), "host": socket.gethostname()}
    alive["process_started"] = psutil.Process().create_time()
    write_json(run / "state.json", {**state, **alive})
    refused(lambda: request_stop(run), name, "link")
    assert {path: path.read_bytes() for path in secret.parent.iterdir() if path.is_file()} == kept


def test_only_files_of_a_run_are_brought_in(place: Workspace, run: Path, tmp_path: Path) -> None:
    (run / "run.sh").write_text("echo hello")
    (run / "model" / "weights.pkl").write_bytes(b"\x80\x04.")
    mine = Workspace(tmp_path / "mine")
    assert bring_in(str(run), mine) == "demo"
    found = {path.suffix for path in mine.runs.rglob("*") if path.is_file()}
    assert found == {".json", ".jsonl", ".yaml", ".parquet", ".safetensors"}
    assert not any(path.is_symlink() for path in mine.runs.rglob("*"))
    load_run("demo", mine)


def test_a_snapshot_of_the_hub_is_brought_in_as_plain_files(place: Workspace, run: Path, tmp_path: Path) -> None:
    repository = tmp_path / "models--somebody--demo-run"
    snapshot = repository / "snapshots" / "demo-run"
    for number, path in enumerate(path for path in run.rglob("*") if path.is_file()):
        blob, link = repository / "blobs" / f"{number:040d}", snapshot / path.relative_to(run)
        for folder in (blob.parent, link.parent):
            folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, blob)
        link.symlink_to(os.path.relpath(blob, link.parent))
    mine = Workspace(tmp_path / "mine")
    assert bring_in(str(snapshot), mine) == "demo-run"
    assert not any(path.is_symlink() for path in mine.runs.rglob("*"))
    # Out of the repository, a blob leads nowhere either.
    first = next((repository / "blobs").iterdir())
    first.unlink()
    first.symlink_to("/etc/passwd")
    with pytest.raises(BadInputError, match="link"):
        load_run(snapshot, place)


def test_a_run_of_very_many_files(
    place: Workspace, run: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.runs.links._MOST_ENTRIES", 30)
    for number in range(40):
        (run / f"{number}.json").touch()
    refused(lambda: load_run(run, place), "more than 30 files")
