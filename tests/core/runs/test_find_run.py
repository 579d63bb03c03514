"""A run is found by its id, by its folder wherever that is, or on the hub; and nothing else is taken for one."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from core.errors import BadInputError
from core.hub import client, fetching
from core.runs import LoadedRun, find_run, load_run
from core.workspace import Workspace


def test_by_id_and_by_path(toy, finished: LoadedRun, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert find_run("small", toy.workspace) == finished.path
    assert find_run(finished.path, Workspace(tmp_path)) == finished.path
    assert find_run(str(finished.path) + "/", Workspace(tmp_path)) == finished.path
    monkeypatch.chdir(finished.path.parent)
    assert find_run("./small", Workspace(tmp_path)) == finished.path
    assert find_run("small", Workspace(tmp_path)) == finished.path
    # A folder of that name which lies here by chance does not hide the run.
    (tmp_path / "small").mkdir()
    monkeypatch.chdir(tmp_path)
    assert find_run("small", toy.workspace) == finished.path


def test_a_copy_opens_elsewhere(finished: LoadedRun, tmp_path: Path) -> None:
    # Parquet readers like to make columns out of such folder names.
    target = tmp_path / "lang=de" / "row=5" / "a run with spaces"
    shutil.copytree(finished.path, target, ignore=shutil.ignore_patterns("checkpoints", "events.jsonl", ".lock"))
    run = load_run(target, Workspace(tmp_path / "nothing"))
    assert list(run.utterances.columns) == list(finished.utterances.columns)
    assert run.map().equals(finished.map())
    np.testing.assert_array_equal(run.generate("sad", 5, seed=3).audio, finished.generate("sad", 5, seed=3).audio)
    assert run.id == "a run with spaces"


def test_a_run_whose_files_are_links(finished: LoadedRun, tmp_path: Path) -> None:
    # As a snapshot of the hub has them: links to the contents of the same repository.
    repository = tmp_path / "models--somebody--some-run"
    snapshot, blobs = repository / "snapshots" / ("0" * 40), repository / "blobs"
    blobs.mkdir(parents=True)
    for number, path in enumerate(finished.path.rglob("*")):
        if path.is_file() and "checkpoints" not in path.parts:
            shutil.copyfile(path, blobs / str(number))
            link = snapshot / path.relative_to(finished.path)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(os.path.relpath(blobs / str(number), link.parent))
    np.testing.assert_array_equal(load_run(snapshot).h, finished.h)
    # The cache itself may be reached by a link.
    (tmp_path / "hub").symlink_to(repository)
    np.testing.assert_array_equal(load_run(tmp_path / "hub" / "snapshots" / ("0" * 40)).h, finished.h)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing", "there is no run 'nothing' in .*there are: small"),
        ("../../etc", "no such folder"),
        ("/nowhere/at/all", "no such folder"),
        ("~/no such folder", "no such folder"),
        ("a/b/c", "no such folder"),
        (".", "not a run"),
        ("..", "not a run"),
        ("", "not a run"),
        ("x" * 300, "cannot name a run"),
        ("x" * 300 + "/" + "y" * 300, "no such folder|hub"),
        ("a\0b", "cannot name a run"),
        ("/a\0b/c/d", "no such folder"),
        ("..\\x", "no such folder"),
    ],
)
def test_what_is_no_run(toy, finished: LoadedRun, name: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(toy.workspace.root)
    with pytest.raises(BadInputError, match=message) as caught:
        find_run(name, toy.workspace)
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_no_run(toy, tmp_path: Path) -> None:
    (toy.workspace.runs / "hollow").mkdir(parents=True, exist_ok=True)
    try:
        for name in ("hollow", tmp_path):
            with pytest.raises(BadInputError, match=r"not a run \(config.yaml is missing\)"):
                load_run(name, toy.workspace)
    finally:
        (toy.workspace.runs / "hollow").rmdir()


@pytest.mark.parametrize("answer", ["silence", "refusal", "nonsense"])
def test_a_hub_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """Real sockets: a server that takes the connection and says nothing, none at all, and one that speaks no HTTP."""
    assert 2 * client.SECONDS <= 15
    for module in (client, fetching):
        monkeypatch.setattr(module, "SECONDS", 1.5)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", f"http://127.0.0.1:{port}")
        if answer == "refusal":
            server.close()
        if answer == "nonsense":
            threading.Thread(target=lambda: server.accept()[0].sendall(b"nonsense\r\n\r\n"), daemon=True).start()
        start = time.monotonic()
        with pytest.raises(BadInputError) as caught:
            find_run("somebody/some-run", Workspace(tmp_path))
        assert time.monotonic() - start < 15
    assert str(caught.value).startswith("somebody/some-run: no such folder, and it cannot be fetched from the Hugging")
    assert "\n" not in str(caught.value)


def test_what_was_fetched_earlier_still_serves(
    finished: LoadedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "models--somebody--some-run"
    shutil.copytree(finished.path, repository / "snapshots" / ("0" * 40))
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0" * 40)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:1")
    np.testing.assert_array_equal(load_run("somebody/some-run", Workspace(tmp_path / "w")).h, finished.h)
