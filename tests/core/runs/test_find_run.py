"""A run is found by its id, by its folder wherever that is, or on the hub; and nothing else is taken for one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from core.errors import BadInputError
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
    # As a snapshot of the hub has them.
    for path in finished.path.rglob("*"):
        if path.is_file() and "checkpoints" not in path.parts:
            link = tmp_path / "snapshot" / path.relative_to(finished.path)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path)
    np.testing.assert_array_equal(load_run(tmp_path / "snapshot").h, finished.h)


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


def test_a_hub_that_does_not_answer(tmp_path: Path) -> None:
    """A server that takes the connection and says nothing: one line, and not after minutes."""
    script = (
        "import sys, time\nfrom core.errors import BadInputError\nfrom core.runs.files import find_run\n"
        "from core.workspace import Workspace\nstart = time.monotonic()\n"
        "try:\n    find_run('somebody/some-run', Workspace(sys.argv[1]))\n"
        "except BadInputError as error:\n    print(round(time.monotonic() - start), error)\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as server:
        hub = f"http://127.0.0.1:{server.getsockname()[1]}"
        start = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", script, tmp_path],
            capture_output=True,
            text=True,
            timeout=100,
            env=os.environ | {"HF_ENDPOINT": hub, "HF_HOME": str(tmp_path / "hub")},
        )
    assert done.returncode == 0, done.stderr
    seconds, _, message = done.stdout.partition(" ")
    assert int(seconds) <= 15, (done.stdout, time.monotonic() - start)
    assert message.startswith("somebody/some-run: no such folder, and it cannot be fetched from the Hugging Face hub")
    assert message.count("\n") == 1
