"""``mirage train``, ``resume``, ``stop`` and ``runs`` as they are called."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from core.config import Config
from core.networks import read_tensors
from core.runs import create_run, execute, load_run, read_events, read_state
from core.runs.checkpoint import last_checkpoint
from core.runs.state import State, write_state
from core.workspace import Workspace

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def config(toy) -> Config:
    return toy.config.changed(
        alignment={"steps": 30},
        generation={"steps": 300},
        information={"samples": 200, "steps": 10, "batch": 32},
        projection={"neighbours": 500, "projector_steps": 20},
        training={"checkpoint_every": 20},
    )


@pytest.fixture(scope="module")
def space(toy, config: Config, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = toy.copy(tmp_path_factory.mktemp("cli"))
    (workspace.root / "c.yaml").write_text(config.to_yaml())
    return workspace


def environment(workspace: Workspace) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key != "MIRAGE_DEBUG"}
    return kept | {"MIRAGE_HOME": str(workspace.root), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


def start(workspace: Workspace, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "core", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(workspace),
        cwd=workspace.root,
    )


def wait(condition: Callable[[], object], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def test_interrupted_and_killed_it_ends_as_if_undisturbed(space: Workspace, config: Config) -> None:
    folder = space.run_folder("real")
    process = start(space, "train", "toy", "--config", "c.yaml", "--run-id", "real", "--json")
    wait(lambda: (folder / "events.jsonl").is_file() and len(read_events(folder)), process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=100)
    assert process.returncode == 130, err
    assert out == ""
    assert "Traceback" not in err
    assert err.rstrip().endswith("real: stopped; go on with `mirage resume real`")
    state = read_state(folder)
    assert state.status == "stopped"
    before = last_checkpoint(folder)
    assert before is not None
    assert before.step == state.step

    process = start(space, "resume", "real")
    wait(lambda: (found := last_checkpoint(folder)) and found.stage == "generation", process)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=100)
    assert read_state(folder).status == "lost"
    killed = last_checkpoint(folder)
    assert killed is not None
    assert killed.step > before.step

    # What is left is done here; a run that was never disturbed is the measure.
    assert execute(folder, space) == "finished"
    undisturbed = create_run(config, space, "undisturbed")
    assert execute(undisturbed, space) == "finished"
    for network in ("model/aligner", "model/generator", "model/discriminator", "projection/projector"):
        mine, theirs = (read_tensors(place / network / "model.safetensors") for place in (folder, undisturbed))
        assert all(torch.equal(mine[name], value) for name, value in theirs.items()), network
    assert load_run(folder).map().equals(load_run(undisturbed).map())
    assert not list(folder.rglob("*.tmp"))


QUICK = [
    f"--set={key}"
    for key in (
        "alignment.steps=4",
        "generation.steps=6",
        "information.steps=10",
        "information.samples=200",
        "projection.neighbours=500",
        "projection.projector_steps=10",
    )
]


def test_train_prints_what_came_out(mirage, space: Workspace) -> None:
    done = mirage("train", "toy", *QUICK, "--seed", 3, "--fold", 1, "--run-id", "words", home=space.root)
    assert done.code == 0, done.err
    assert "run words: finished" in done.out
    assert "Held-out speakers s2: 3 classes, 24 utterances, nothing generated added" in done.out
    assert "logistic regression on the audio embeddings" in done.out
    assert "I(c;h_hat)" in done.out
    assert "ceiling" in done.out
    run = load_run("words", space)
    assert (run.config.training.seed, run.config.data.fold, run.config.alignment.steps) == (3, 1, 4)
    done = mirage("train", "toy", *QUICK, "--set", "data.fold=", "--json", home=space.root)
    assert done.code == 0, done.err
    content = json.loads(done.out)
    assert content["run"] == "toy-seed0"
    assert Path(content["path"]) == space.run_folder("toy-seed0")
    assert [figure["quantity"] for figure in content["information"]] == ["I(c;h_hat)", "I(u;h_hat)", "I(t;h_hat)"]
    assert "audio" not in content["evaluation"]
    again = mirage("resume", "words", home=space.root)
    assert (again.code, again.out) == (2, "")
    assert "run 'words' is finished; there is nothing to go on with" in again.err


BAD: list[tuple[list[Any], str]] = [
    (["train", "nothing"], "there is no corpus 'nothing'"),
    (["train", "../toy"], "no such utterance table"),
    (["train", "toy", "--run-id", "../x"], "cannot name a run"),
    (["train", "toy", "--run-id", "taken"], "run 'taken' exists already"),
    (["train", "toy", "--fold", 9], "the corpus has 4 folds, 0 to 3"),
    (["train", "toy", "--fold", -1], "data.fold = -1"),
    (["train", "toy", "--seed", -1], "training.seed = -1"),
    (["train", "toy", "--set", "generation.coeds=1"], "no key 'generation.coeds'; did you mean 'generation.codes'?"),
    (["train", "toy", "--set", "generation"], "expected SECTION.KEY=VALUE"),
    (["train", "toy", "--config", "none.yaml"], "no such configuration file"),
    (["train", "toy", "--set", "training.device=cuda:99"], "this machine has no such device"),
    (["train", "toy", "--set", "data.text=none", "--set", "generation.mode=text"], "the run has no text"),
    (["train", "one"], "at least two emotions"),
    (["train", "alone"], "needs at least two, the corpus has one speaker"),
    (["train", "bare"], "no audio embeddings"),
    (["resume", "nothing"], "no run here"),
    (["resume", "../taken"], "cannot name a run"),
    (["stop", "nothing"], "no run here"),
    (["stop", "../../etc"], "cannot name a run"),
    (["stop", "taken"], "is stopped: there is nothing to stop"),
]


@pytest.fixture(scope="module")
def spoilt(toy, make_toy, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Corpora that cannot be trained on, and a stopped run."""
    workspace = toy.copy(tmp_path_factory.mktemp("bad"))
    make_toy(workspace.root, name="one", text=False, emotion=["sad"] * 96)
    make_toy(workspace.root, name="alone", text=False, speaker=["anna"] * 96)
    (workspace.corpora / "bare.parquet").write_bytes((workspace.corpora / "toy.parquet").read_bytes())
    folder = create_run(Config(), workspace, "taken")
    write_state(folder, State(status="stopped"))
    return workspace


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=[" ".join(map(str, entry)) for entry, _ in BAD])
def test_bad_input_is_one_line_and_writes_nothing(
    mirage, spoilt: Workspace, arguments: list[Any], message: str
) -> None:
    before = sorted(path for path in spoilt.root.rglob("*"))
    done = mirage(*arguments, home=spoilt.root)
    assert done.code == 2
    assert done.out == ""
    assert done.err.count("\n") == 1
    assert done.err.startswith("mirage: ")
    assert message in done.err
    assert sorted(path for path in spoilt.root.rglob("*")) == before


def test_runs(mirage, tmp_path: Path) -> None:
    assert "no runs in" in mirage("runs", home=tmp_path).out
    assert json.loads(mirage("runs", "--json", home=tmp_path).out) == []
    workspace = Workspace(tmp_path)
    for name, status in (("a", "finished"), ("b", "stopped"), ("c", "running")):
        write_state(create_run(Config(), workspace, name), State(status=status, step=3, total=9, pid=2**22 + 1))
    table = mirage("runs", home=tmp_path)
    words = {line.split()[0]: line.split() for line in table.out.splitlines() if line.split()}
    assert words["a"][1:3] == ["finished", "3/9"]
    # Nothing lives under that number.
    assert words["c"][1] == "lost"
    listed = json.loads(mirage("runs", "--json", home=tmp_path).out)
    assert {entry["run"]: entry["status"] for entry in listed} == {"a": "finished", "b": "stopped", "c": "lost"}
    # A damaged run is named and hides no other.
    (workspace.run_folder("b") / "state.json").write_text("{")
    done = mirage("runs", "--json", home=tmp_path)
    assert done.code == 0
    assert {entry["run"] for entry in json.loads(done.out)} == {"a", "c"}
    assert done.err.count("\n") == 1
    assert "state.json: not readable as JSON" in done.err


def test_stop(mirage, tmp_path: Path) -> None:
    folder = create_run(Config(), Workspace(tmp_path), "r")
    done = mirage("stop", "r", home=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert done.out == "r: asked to stop; go on later with `mirage resume r`\n"
    assert (folder / "stop").exists()


def test_a_full_disk_is_told_and_what_was_there_is_kept(on_small_disk, space: Workspace, tmp_path: Path) -> None:
    """The disk fills up in the middle of a real training; with space again, the run is gone on with."""
    mount, kept = tmp_path / "disk", tmp_path / "kept"
    mount.mkdir()
    kept.mkdir()
    copy = f"cp -r {space.root}/corpora {space.root}/embeddings {mount}/"
    train = f"{sys.executable} -m core train toy --config {space.root}/c.yaml --run-id r"
    done = on_small_disk(
        mount,
        900,
        ["sh", "-c", f"{train}; code=$?; cp -r {mount}/. {kept}; exit $code"],
        prepare=copy,
        env=environment(Workspace(mount)),
        cwd=tmp_path,
    )
    assert done.returncode == 1, done.stderr
    lines = [line for line in done.stderr.splitlines() if "mirage: " in line]
    assert len(lines) == 1
    assert "the disk is full; free some space and run the command again" in lines[0]
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    moved = Workspace(kept)
    folder = moved.run_folder("r")
    assert read_state(folder).status in ("failed", "lost")
    assert last_checkpoint(folder) is not None
    assert execute(folder, moved) == "finished"
