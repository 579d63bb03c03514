"""A benchmark as a process of its own; its folder is the only channel to it. Nothing here loads PyTorch but a start."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.config import Config, load_config
from core.errors import BadInputError
from core.files import clear_disk_errors, read_json
from core.jobs.starting import start_process
from core.jobs.turns import BENCHMARK, GPU_BYTES, Claim, usable_cores
from core.runs.links import refuse_links_out
from core.runs.state import State, read_state, request_stop
from core.workspace import Workspace, check_name, is_name

_RESUMES = ("resume goes on from the last checkpoint", "going on does only what is missing")
"""What is said of a run that died, and of a benchmark."""


def benchmark_names(workspace: Workspace) -> list[str]:
    """The benchmarks of a workspace, the one that was worked on last first."""
    found = []
    for folder in workspace.benchmarks.glob("*"):
        if not is_name(folder.name) or not folder.is_dir():
            continue
        times = []
        for name in ("state.json", "results.json", "benchmark.json", "cells"):
            with suppress(FileNotFoundError):
                times.append((folder / name).stat().st_mtime)
        if times:
            found.append((max(times), folder.name))
    return [name for _, name in sorted(found, reverse=True)]


def benchmark_folder(workspace: Workspace, name: str) -> Path:
    """The folder of a benchmark, there or not.

    Raises:
        BadInputError: no folder can have that name.
    """
    return workspace.benchmarks / check_name(name, "benchmark")


def benchmark_state(folder: str | Path) -> State:
    """How a benchmark is doing; ``step`` and ``total`` count units. One without ``state.json`` is finished or stopped.

    Raises:
        BadInputError: the state is damaged.
    """
    folder = Path(folder)
    if not (folder / "state.json").is_file():
        if (folder / "results.json").is_file():
            return State(status="finished", message="finished")
        return State(status="stopped", message="no state was kept")
    state = read_state(folder)
    return replace(state, message=state.message.replace(*_RESUMES)) if state.status == "lost" else state


def asked_of(folder: str | Path) -> dict[str, Any] | None:
    """What ``benchmark.json`` says: the call, and what figures must be read with; None where there is none.

    Raises:
        BadInputError: the file is damaged.
    """
    path = Path(folder) / "benchmark.json"
    if not path.is_file():
        return None
    content = read_json(path)
    if not isinstance(content, dict) or not isinstance(content.get("asked"), dict):
        raise BadInputError(f"{path}: not the call of a benchmark; the file is damaged")
    return content


def time_left(folder: str | Path, state: State) -> float | None:
    """Seconds left by the pace of the process that works now; None where it cannot be told (yet).

    Units take unlike times - a regression is quick, a generator is not - so that it is rough at first.
    """
    if state.status != "running" or state.heartbeat is None:
        return None
    begun = (asked_of(folder) or {}).get("begun")
    if not isinstance(begun, dict) or state.step <= begun["done"]:
        return None
    pace = (state.heartbeat - begun["time"]) / (state.step - begun["done"])
    return max(0.0, pace * (state.total - state.step))


def start_benchmark(
    corpus: str,
    *,
    methods: Iterable[str] = ("none",),
    seeds: int = 5,
    condition: str = "all",
    test_on: str | None = None,
    unlabelled: bool = False,
    workers: int = 0,
    config: Config | None = None,
    workspace: Workspace | None = None,
) -> str:
    """Checks the call and starts a process that works on it; returns the benchmark's name at once.

    The process outlives the one that started it; what it prints goes to ``job.log`` in the benchmark's folder. The
    arguments are those of ``run_benchmark``; ``workers=0`` takes all cores.

    Raises:
        BadInputError: something cannot be used, or this benchmark is being worked on.
    """
    from core.benchmarks.plan import Plan
    from core.benchmarks.reporting import write_asked
    from core.benchmarks.source import Options

    workspace, config = workspace or Workspace(), config or Config()
    plan = Plan.of(Options(corpus, condition, test_on, unlabelled=unlabelled), methods, seeds, config, workspace)
    with clear_disk_errors(plan.folder):
        plan.folder.mkdir(parents=True, exist_ok=True)

    def check() -> None:
        _refuse_active(plan.folder)
        # The call of whoever starts it, not of whoever was refused.
        write_asked(plan, workers)

    _queue(workspace, plan.folder, check)
    return plan.folder.name


def resume_benchmark(workspace: Workspace, name: str) -> None:
    """Starts a process that goes on with a benchmark: the same call as before.

    Raises:
        BadInputError: there is no such benchmark, or it is running or finished, or its call was not kept.
    """
    folder = benchmark_folder(workspace, name)
    if not folder.is_dir():
        raise BadInputError(f"there is no benchmark {name!r}")
    _refuse_active(folder)
    if benchmark_state(folder).status == "finished":
        raise BadInputError(f"benchmark {name!r} is finished; there is nothing to go on with")
    asked = asked_of(folder)
    if asked is not None and (asked["asked"].get("cluster") or {}).get("address") not in (None, "auto"):
        # Who wrote the folder would choose a machine for us to talk to.
        raise BadInputError(
            f"benchmark {name!r} ran on a cluster at another address; go on with it in a terminal: `mirage "
            f"{' '.join(arguments_of(asked, folder / 'config.yaml'))}`"
        )
    if asked is None:
        raise BadInputError(f"benchmark {name!r}: its call was not kept; run the same command again in a terminal")
    _queue(workspace, folder, lambda: _refuse_active(folder))


def stop_benchmark(folder: str | Path) -> None:
    """Asks the process that works on a benchmark to stop at its next step.

    Raises:
        BadInputError: nothing works on it. FailureError: its folder cannot be written.
    """
    state = benchmark_state(folder)
    if not state.active:
        raise BadInputError(f"benchmark {Path(folder).name!r} is {state.status}: there is nothing to stop")
    request_stop(folder)


def arguments_of(asked: dict[str, Any], config: Path | str) -> list[str]:
    """The call that ``benchmark.json`` describes, as arguments of ``mirage``."""
    call = asked["asked"]
    found = ["benchmark", asked["corpus"], "--methods", ",".join(call["methods"])]
    found += ["--seeds", str(len(asked["seeds"])), "--condition", asked["condition"]]
    if asked.get("test_on"):
        found += ["--test-on", asked["test_on"]]
    if asked.get("unlabelled"):
        found.append("--unlabelled")
    found += ["--config", str(config), "--workers", str(call.get("workers", 0))]
    if call.get("cluster") is not None:
        found += ["--engine", "ray"]
        if call["cluster"].get("address"):
            found += ["--address", call["cluster"]["address"]]
    return [*found, "--permute-labels"] if asked.get("permuted") else found


def _refuse_active(folder: Path) -> None:
    if folder.is_dir():
        state = benchmark_state(folder)
        if state.active:
            raise BadInputError(f"benchmark {folder.name!r} is {state.status} already")


def claim_of(name: str, workers: int, config: Config) -> Claim:
    """What a benchmark takes: a core for each process, and on a GPU what its networks are taken to need."""
    from core.stages import pick_device

    device = pick_device(config.training.device)
    many = workers or usable_cores()
    memory = GPU_BYTES * many if device.type == "cuda" else 0
    return Claim(kind=BENCHMARK, name=name, cores=many, gpu=device.index or 0, gpu_memory=memory)


def _queue(workspace: Workspace, folder: Path, check: Callable[[], None]) -> None:
    # What the process prints is written where the log seems to lie.
    refuse_links_out(folder)

    def call() -> tuple[Claim, list[str]]:
        asked = asked_of(folder)
        assert asked is not None
        claim = claim_of(folder.name, asked["asked"].get("workers", 0), load_config(folder / "config.yaml"))
        return claim, arguments_of(asked, folder / "config.yaml")

    start_process(workspace, folder, call, check=check)
