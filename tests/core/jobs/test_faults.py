"""What can happen to a job while it works: it ends with one clear line, and what it had done is there to go on from."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from core.config import Config
from core.errors import BadInputError
from core.jobs import job_log
from core.networks import read_tensors
from core.runs import create_run, execute, load_run, read_state, request_stop, resume_job, start_job
from core.runs.checkpoint import last_checkpoint
from core.runs.state import State
from core.workspace import Workspace

ROOT = Path(__file__).resolve().parents[3]


def wait(condition: Callable[[], object], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def ended(folder: Path) -> State:
    wait(lambda: not read_state(folder).active)
    return read_state(folder)


def under_way(folder: Path) -> int:
    """Waits for a checkpoint; the process that works."""
    wait(lambda: last_checkpoint(folder))
    pid = read_state(folder).pid
    assert pid is not None
    return pid


@pytest.fixture
def space(toy, tmp_path: Path) -> Workspace:
    return toy.copy(tmp_path / "space")


@pytest.fixture(scope="module")
def config(toy) -> Config:
    return toy.config.changed(
        alignment={"steps": 200},
        generation={"steps": 3000},
        information={"samples": 200, "steps": 10, "batch": 32},
        projection={"neighbours": 500, "projector_steps": 20},
        training={"checkpoint_every": 20},
    )


@pytest.fixture(scope="module")
def short(config: Config) -> Config:
    return config.changed(generation={"steps": 200})


def one_line(message: str) -> str:
    assert message
    assert "\n" not in message
    assert "Traceback" not in message
    return message


# On a real disk of a megabyte, in a mount namespace of its own, fills up and is emptied again.
FULL = """
import sys, time
from pathlib import Path
from core.config import load_config
from core.runs import read_state, resume_job, start_job
from core.runs.checkpoint import last_checkpoint
from core.workspace import Workspace
place = Workspace(sys.argv[1])
folder = place.run_folder(start_job(place, load_config(sys.argv[2]), "r"))
def wait(condition):
    end = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < end, read_state(folder)
        time.sleep(0.02)
wait(lambda: last_checkpoint(folder))
filler = place.root / "filler"
with filler.open("wb", buffering=0) as file:
    try:
        while True:
            file.write(bytes(4096))
    except OSError:
        pass
wait(lambda: not read_state(folder).active)
state, kept = read_state(folder), last_checkpoint(folder)
print(state.status, "|", state.message, "|", kept is not None, flush=True)
filler.unlink()
resume_job(place, "r")
wait(lambda: not read_state(folder).active)
print(read_state(folder).status, "|", read_state(folder).message)
"""


def test_a_disk_that_fills_up(on_small_disk, toy, short: Config, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    (tmp_path / "c.yaml").write_text(short.to_yaml())
    source = toy.workspace.root
    done = on_small_disk(
        disk,
        1500,
        [sys.executable, "-c", FULL, disk, tmp_path / "c.yaml"],
        prepare=f"cp -r {source}/corpora {source}/embeddings {disk}/",
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    status, message, kept = first.split(" | ")
    assert status in ("failed", "lost")
    assert "the disk is full" in message
    assert "free some space" in message
    assert kept == "True"
    assert second == "finished | finished"


def test_a_folder_that_cannot_be_written_any_more(space: Workspace, config: Config) -> None:
    start_job(space, config, "r")
    folder = space.run_folder("r")
    pid = under_way(folder)
    os.kill(pid, signal.SIGKILL)
    ended(folder)
    # Root may write everywhere, unless it gives that up.
    drop = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"] if os.geteuid() == 0 else []
    if drop and shutil.which("setpriv") is None:
        pytest.skip("root may write everywhere, and there is no setpriv to give that up")
    command = [*drop, sys.executable, "-P", "-m", "core", "resume", "r", "--quiet"]
    places = [folder, folder / "checkpoints", folder / "model"]
    try:
        for place in places:
            if place.exists():
                place.chmod(0o555)
        environment = os.environ | {"MIRAGE_HOME": str(space.root), "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=100)
    finally:
        for place in places:
            if place.exists():
                place.chmod(0o755)
    assert done.returncode == 1
    line = one_line(done.stderr.strip())
    assert line.startswith(f"mirage: {folder}")
    assert "cannot be written (Permission denied); set MIRAGE_HOME to a folder of your own" in line
    resume_job(space, "r")
    wait(lambda: read_state(folder).status == "running")
    request_stop(folder)
    assert ended(folder).status == "stopped"


@pytest.mark.parametrize("what", ["run", "workspace"])
def test_a_folder_that_is_removed(space: Workspace, config: Config, what: str) -> None:
    """The process ends by itself, says why, and does not make the folder again."""
    start_job(space, config, "r")
    folder = space.run_folder("r")
    log = folder / "job.log"
    pid = under_way(folder)
    process = psutil.Process(pid)
    # The log is read through a file that stays open.
    with log.open() as words:
        gone = folder if what == "run" else space.root
        moved = gone.with_name("moved")
        gone.rename(moved)
        shutil.rmtree(moved)
        psutil.wait_procs([process], timeout=30)
        assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
        said = words.read().splitlines()
    assert not gone.exists()
    assert not any("Traceback" in line for line in said), said
    assert "was removed or moved away while it was worked on" in said[-1]
    with pytest.raises(BadInputError, match="no run here"):
        read_state(folder)


# No setting that is allowed makes these networks diverge: one weight is spoilt while it trains.
SPOILT = """
import sys, torch
from core.cli import main
from core.generation import GenerationStage
step = GenerationStage.step
def spoiling(self):
    if self.state.done == 30:
        with torch.no_grad():
            next(iter(self.state.modules.values())).parameters().__next__().view(-1)[0] = float("nan")
    return step(self)
GenerationStage.step = spoiling
sys.argv = ["mirage", "resume", "r", "--quiet"]
main()
"""


def test_a_loss_that_is_no_number(space: Workspace, short: Config) -> None:
    """A training that diverges keeps what it had before."""
    folder = create_run(short, space, "r")
    environment = os.environ | {"MIRAGE_HOME": str(space.root), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", SPOILT], capture_output=True, text=True, env=environment, timeout=100)
    assert done.returncode == 1
    state = read_state(folder)
    assert state.status == "failed"
    said = one_line(state.message)
    assert done.stderr == f"mirage: {said}\n"
    assert said.startswith("generation, step ")
    assert "the loss is nan; lower the learning rate and resume from the checkpoint" in said
    kept = last_checkpoint(folder)
    assert kept is not None
    for part in kept.folder.glob("*.safetensors"):
        assert all(bool(value.isfinite().all()) for value in read_tensors(part).values() if value.is_floating_point())
    assert execute(folder, space) == "finished"


def test_too_little_memory(space: Workspace, config: Config) -> None:
    start_job(space, config.changed(generation={"steps": 1500}, information={"samples": 3_000_000}), "r")
    folder = space.run_folder("r")
    process = psutil.Process(under_way(folder))
    most = process.memory_info().vms + 300_000_000
    process.rlimit(resource.RLIMIT_AS, (most, most))
    state = ended(folder)
    assert state.status == "failed"
    assert one_line(state.message).startswith("out of memory; use ")
    assert last_checkpoint(folder) is not None
    events = [json.loads(line) for line in job_log(folder)]
    assert any(one["event"] == "ended" and one["status"] == "failed" for one in events), events
    assert not any("Traceback" in line for line in job_log(folder))


CLOCK = """
import time
_real, _began = time.time, time.monotonic()
time.time = lambda: _real() - (3600.0 if time.monotonic() - _began > 6.0 else 0.0)
"""


def test_a_clock_that_is_set_back(
    space: Workspace, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(CLOCK)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    start_job(space, config, "r")
    folder = space.run_folder("r")
    seen = []

    def told() -> bool:
        state = read_state(folder)
        seen.append(state)
        return not state.active

    wait(told)
    beats = [state.heartbeat for state in seen if state.heartbeat]
    assert min(beats) < max(beats) - 3000, "the clock was not set back in time"
    assert {state.status for state in seen} <= {"queued", "running", "finished"}
    assert seen[-1].status == "finished"
    assert all(state.eta is None or 0 <= state.eta < 600 for state in seen)
    assert len(load_run(folder).generate("sad", 3)) == 3


def test_a_damaged_checkpoint_is_passed_over(space: Workspace, short: Config) -> None:
    alone = create_run(short, space, "alone")
    assert execute(alone, space) == "finished"
    start_job(space, short, "r")
    folder = space.run_folder("r")
    wait(lambda: (found := last_checkpoint(folder)) and found.step >= 60)
    os.kill(read_state(folder).pid or 0, signal.SIGKILL)
    ended(folder)
    newest = max((folder / "checkpoints").iterdir())
    file = newest / "optimisers.safetensors"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    before = last_checkpoint(folder)
    assert before is not None
    assert before.folder != newest
    resume_job(space, "r")
    assert ended(folder).status == "finished"
    for name in ("model/generator", "model/discriminator", "projection/projector"):
        mine, theirs = (read_tensors(place / name / "model.safetensors") for place in (folder, alone))
        assert all((mine[key] == value).all() for key, value in theirs.items())
