"""``mirage train``, ``resume``, ``stop`` and ``runs`` as they are called."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from core.config import Config
from core.runs import create_run, execute, load_run, read_state
from core.runs.checkpoint import last_checkpoint
from core.runs.state import State, write_state
from core.workspace import Workspace

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def config(toy) -> Config:
    return toy.config.changed(
        alignment={"steps": 30},
        generation={"steps": 60},
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


SCRIPT = """
import sys
from pathlib import Path
from core.cli.app import main
disk, config, run = sys.argv[1:]
target = f"{disk}/a.parquet"
generate = ["generate", run, "--emotion", "sad", "-o", target]
train = ["train", "toy", "--config", config, "--run-id", "r"]
for arguments in ([*generate, "-n", "5"], train, [*generate, "-n", "20000"]):
    sys.argv = ["mirage", *arguments]
    try:
        main()
    except SystemExit as ended:
        print("code", ended.code)
import pyarrow.parquet as pq
print(pq.read_table(target).num_rows, sorted(path.name for path in Path(disk).iterdir()))
"""


def test_a_full_disk_is_told_and_what_was_there_is_kept(
    on_small_disk, space: Workspace, config: Config, finished, tmp_path: Path
) -> None:
    """The disk fills up in the middle of a real training; with space again, the run is gone on with."""
    disk, kept = tmp_path / "disk", tmp_path / "kept"
    disk.mkdir()
    kept.mkdir()
    (tmp_path / "c.yaml").write_text(config.changed(training={"keep_checkpoints": 50}).to_yaml())
    command = [sys.executable, "-c", SCRIPT, disk, tmp_path / "c.yaml", finished.path]
    done = on_small_disk(
        disk,
        900,
        ["sh", "-c", f'"$@"; cp -r {disk}/. {kept}', "-", *command],
        prepare=f"cp -r {space.root}/corpora {space.root}/embeddings {disk}/",
        env=environment(Workspace(disk)),
        cwd=tmp_path,
    )
    lines = [line for line in done.stderr.splitlines() if "mirage: " in line]
    assert len(lines) == 2, done.stderr
    for line, place in zip(lines, (f"{disk}/runs/r/checkpoints/step-", f"{disk}/a.parquet"), strict=True):
        assert line.startswith(f"mirage: {place}")
        assert line.endswith(": the disk is full; free some space and run the command again")
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    # What was written before is whole, and nothing half-written lies beside it.
    said = done.stdout.splitlines()
    assert [line for line in said if line.startswith("code")] == ["code 0", "code 1", "code 1"]
    assert said[-1] == "5 ['a.parquet', 'corpora', 'embeddings', 'jobs', 'runs']"
    moved = Workspace(kept)
    folder = moved.run_folder("r")
    assert read_state(folder).status in ("failed", "lost")
    assert last_checkpoint(folder) is not None
    assert not list(folder.rglob("*.tmp"))
    assert execute(folder, moved) == "finished"
