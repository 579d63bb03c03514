"""Stopped anywhere, a run goes on as if nothing had been: the same weights, bit by bit."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from core.config import Config
from core.errors import BadInputError, FailureError
from core.networks import read_tensors
from core.runs import create_run, execute, load_run, read_events, read_state, request_stop
from core.runs.checkpoint import last_checkpoint
from core.runs.state import STOP_FILE
from core.workspace import Workspace

TOTAL = 18 + 24
NETWORKS = ("model/aligner", "model/generator", "model/discriminator", "projection/projector")


@pytest.fixture(scope="module")
def config(toy) -> Config:
    """A few steps, and too many neighbours for UMAP: the map is then flat, and quick."""
    return toy.config.changed(
        alignment={"steps": 18},
        generation={"steps": 24},
        information={"samples": 200, "steps": 10, "batch": 32},
        projection={"neighbours": 500, "projector_steps": 20},
        training={"checkpoint_every": 5, "log_every": 4},
    )


@pytest.fixture(scope="module")
def space(toy, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return toy.copy(tmp_path_factory.mktemp("resume"))


@pytest.fixture(scope="module")
def undisturbed(space: Workspace, config: Config) -> Path:
    folder = create_run(config, space, "undisturbed")
    assert execute(folder, space) == "finished"
    return folder


@dataclass
class At:
    """Does something when a step is done."""

    step: int
    action: Callable[[], None]
    seen: list[int] = field(default_factory=list)

    def __call__(self, done: int, total: int, message: str = "") -> None:
        assert total == TOTAL
        self.seen.append(done)
        if done == self.step:
            self.action()


def same(folder: Path, other: Path) -> None:
    for name in (*(f"{network}/model.safetensors" for network in NETWORKS), "features/aligned.safetensors"):
        mine, theirs = read_tensors(folder / name), read_tensors(other / name)
        assert mine.keys() == theirs.keys()
        for key, value in mine.items():
            assert torch.equal(value, theirs[key]), (name, key)
    for name in ("information.json", "evaluation.json", "projection/quality.json", "config.yaml"):
        assert (folder / name).read_bytes() == (other / name).read_bytes(), name
    pd.testing.assert_frame_equal(load_run(folder).map(), load_run(other).map())
    assert load_run(folder).utterances.equals(load_run(other).utterances)


def values(folder: Path) -> pd.DataFrame:
    table = read_events(folder)
    table = table[table["name"] != "steps_per_second"]
    return table.drop(columns="time").sort_values(["stage", "step", "name"]).reset_index(drop=True)


def test_two_runs_of_one_seed_are_one(undisturbed: Path, space: Workspace, config: Config) -> None:
    torch.manual_seed(1234)
    threads = torch.get_num_threads()
    state = torch.get_rng_state()
    folder = create_run(config, space, "twin")
    execute(folder, space)
    same(folder, undisturbed)
    # Nor does a run change what others draw.
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


def test_stopped_in_both_stages(undisturbed: Path, space: Workspace, config: Config) -> None:
    folder = create_run(config, space, "stopped")
    for step, stage in (
        (7, "alignment"),
        (18, "alignment"),
        (19, "generation"),
        (31, "generation"),
        (42, "generation"),
    ):
        watch = At(step, lambda: request_stop(folder) and None)
        assert execute(folder, space, progress=watch) == "stopped"
        state = read_state(folder)
        assert (state.status, state.stage, state.step) == ("stopped", stage, step)
        assert watch.seen[-1] == step
        assert not (folder / STOP_FILE).exists()
        checkpoint = last_checkpoint(folder)
        assert checkpoint is not None
        assert checkpoint.step == step
        with pytest.raises(BadInputError, match="not finished; go on with `mirage resume stopped`"):
            load_run(folder)
    watch = At(0, lambda: None)
    assert execute(folder, space, progress=watch) == "finished"
    assert min(watch.seen) >= 42
    same(folder, undisturbed)
    pd.testing.assert_frame_equal(values(folder), values(undisturbed))


class Crash(Exception):  # noqa: N818
    pass


def crash() -> None:
    raise Crash("out of the blue")


def test_crashed_and_damaged(undisturbed: Path, space: Workspace, config: Config) -> None:
    folder = create_run(config, space, "crashed")
    with pytest.raises(Crash):
        execute(folder, space, progress=At(33, crash))
    assert (read_state(folder).status, read_state(folder).message) == ("failed", "Crash: out of the blue")
    # The last checkpoint is spoilt: the one before serves.
    checkpoint = last_checkpoint(folder)
    assert checkpoint is not None
    assert checkpoint.step == 18 + 10
    (checkpoint.folder / "networks.safetensors").write_bytes(b"")
    before = last_checkpoint(folder)
    assert before is not None
    assert before.step == 18 + 5
    # What a killed process leaves half-written is cleared away.
    (folder / "checkpoints" / ".step-000030.abc.tmp").mkdir()
    (folder / ".state.json.abc.tmp").touch()
    watch = At(0, lambda: None)
    assert execute(folder, space, progress=watch) == "finished"
    assert min(watch.seen) == 24
    same(folder, undisturbed)
    assert not list(folder.rglob("*.tmp"))


def test_without_any_checkpoint_it_begins_again(undisturbed: Path, space: Workspace, config: Config) -> None:
    folder = create_run(config, space, "anew")
    with pytest.raises(Crash):
        execute(folder, space, progress=At(3, crash))
    assert last_checkpoint(folder) is None
    assert execute(folder, space) == "finished"
    same(folder, undisturbed)


def test_ctrl_c(undisturbed: Path, space: Workspace, config: Config) -> None:
    folder = create_run(config, space, "ctrl-c")
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    assert execute(folder, space, progress=At(20, lambda: os.kill(os.getpid(), signal.SIGINT))) == "stopped"
    assert (read_state(folder).status, read_state(folder).step) == ("stopped", 20)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before

    def twice() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        execute(folder, space, progress=At(22, twice))
    state = read_state(folder)
    assert (state.status, state.message) == ("stopped", "broken off; resume goes on from the last checkpoint")
    assert execute(folder, space, progress=At(24, lambda: os.kill(os.getpid(), signal.SIGTERM))) == "stopped"
    assert execute(folder, space) == "finished"
    same(folder, undisturbed)


def test_a_stop_before_the_process_was_there_holds(space: Workspace, config: Config) -> None:
    folder = create_run(config, space, "early")
    request_stop(folder)
    assert execute(folder, space) == "stopped"
    assert read_state(folder).step == 1
    # An old request does not stop the next attempt.
    (folder / STOP_FILE).touch()
    watch = At(6, lambda: request_stop(folder) and None)
    assert execute(folder, space, progress=watch) == "stopped"
    assert watch.seen[-1] == 6


def test_other_data_is_refused(space: Workspace, config: Config, toy, make_toy, tmp_path: Path) -> None:
    mine = toy.copy(tmp_path)
    folder = create_run(config, mine, "r")
    execute(folder, mine, progress=At(8, lambda: request_stop(folder) and None))
    make_toy(tmp_path, name="other", seed=5)
    shutil.rmtree(mine.embeddings_folder("toy"))
    shutil.copytree(mine.embeddings_folder("other"), mine.embeddings_folder("toy"))
    with pytest.raises(BadInputError, match="the embeddings of toy changed since the run began; train a new run"):
        execute(folder, mine)
    assert read_state(folder).status == "failed"


def test_a_failure_is_kept_in_the_state(undisturbed: Path, space: Workspace, config: Config) -> None:
    folder = create_run(config, space, "failed")

    def fail() -> None:
        raise FailureError("the loss is nan; lower the learning rate")

    with pytest.raises(FailureError):
        execute(folder, space, progress=At(9, fail))
    state = read_state(folder)
    assert (state.status, state.message) == ("failed", "the loss is nan; lower the learning rate")
    assert execute(folder, space) == "finished"
    same(folder, undisturbed)


def test_no_steps_at_all(space: Workspace, config: Config) -> None:
    nothing = config.changed(alignment={"steps": 0}, generation={"steps": 0})
    folder = create_run(nothing, space, "nothing")
    assert execute(folder, space) == "finished"
    assert load_run(folder).generate("sad", 2).audio.shape == (2, 12)


def test_the_last_value_and_every_stage_are_logged(undisturbed: Path) -> None:
    table = read_events(undisturbed)
    steps = {stage: sorted(set(part["step"])) for stage, part in table.groupby("stage")}
    assert steps["alignment"][0] == steps["generation"][0] == 1
    assert (steps["alignment"][-1], steps["generation"][-1]) == (18, 24)
    assert set(steps) == {"alignment", "generation", "information"}
    names = {stage: set(part["name"]) for stage, part in table.groupby("stage")}
    assert {"loss", "cross_entropy", "infonce", "mi", "ua_train", "temperature", "steps_per_second"} <= names[
        "alignment"
    ]
    assert {"d_loss", "g_loss", "I(c;h_hat)", "held_out/I(c;h_hat)", "held_out/I(t;h_hat)"} <= names["generation"]
    assert "I(u;h_hat)/high" in names["information"]
    assert np.isfinite(table["value"]).all()
