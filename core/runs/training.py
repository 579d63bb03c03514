"""A run from beginning to end: align, generate, measure, map - and from wherever it was left."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from core.alignment import Aligner, AlignmentStage
from core.config import Config, load_config
from core.errors import BadInputError, FailureError, MirageError
from core.files import write_text
from core.generation import GenerationData, GenerationStage
from core.progress import Progress, silent
from core.runs.checkpoint import Checkpoint, last_checkpoint, restore_checkpoint, save_checkpoint
from core.runs.data import RunData, load_data
from core.runs.environment import write_environment
from core.runs.events import EventLog
from core.runs.loaded import LoadedRun, load_run
from core.runs.results import Results, features_of, write_features, write_information, write_map
from core.runs.state import Reporter, State, read_state, write_state
from core.stages import Stage, pick_device
from core.workspace import Workspace

STOP_FILE = "stop"
_MEASUREMENTS = 10


class Stopped(Exception):  # noqa: N818 - no fault: somebody asked for it
    """The run was asked to stop; its state is on the disk."""


def create_run(config: Config, workspace: Workspace, run_id: str | None = None) -> Path:
    """Makes the folder of a new run, queued.

    Raises:
        BadInputError: the name is taken or cannot be a name.
    """
    folder = workspace.run_folder(run_id or _free_name(config, workspace))
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir()
    except FileExistsError:
        raise BadInputError(
            f"run {folder.name!r} exists already; go on with `mirage resume {folder.name}` or give another --run-id"
        ) from None
    write_text(folder / "config.yaml", config.to_yaml())
    write_state(folder, State(status="queued", message="waiting to start", created=time.time()))
    return folder


def train(
    corpus: str,
    *,
    config: Config | None = None,
    workspace: Workspace | None = None,
    run_id: str | None = None,
    progress: Progress = silent,
) -> LoadedRun:
    """Trains both stages on an ingested and embedded corpus and returns the finished run.

    Args:
        corpus: its name; it overrides ``config.data.corpus``.
        progress: told of steps over both stages.

    Raises:
        BadInputError: corpus, embeddings or configuration cannot be used.
        FailureError: training failed; the run's folder keeps the last checkpoint.
    """
    workspace = workspace or Workspace()
    config = (config or Config()).changed(data={"corpus": corpus})
    # Whatever is wrong with the input is said before a run is made.
    load_data(config, workspace)
    folder = create_run(config, workspace, run_id)
    execute(folder, workspace, progress=progress)
    return load_run(folder)


def execute(folder: Path, workspace: Workspace, *, progress: Progress = silent) -> str:
    """Works on a run until it is finished or asked to stop; goes on from its last checkpoint.

    Returns:
        ``finished`` or ``stopped``.

    Raises:
        BadInputError, FailureError: also written into the run's state.
    """
    with _only_one(folder):
        (folder / STOP_FILE).unlink(missing_ok=True)
        config = load_config(folder / "config.yaml")
        reporter = Reporter(folder, config.alignment.steps + config.generation.steps)
        log = EventLog(folder)
        try:
            with _isolated(config), _stop_signals(folder):
                _Execution(folder, workspace, config, reporter, log, progress).run()
        except Stopped:
            reporter.close("stopped", "stopped; resume goes on from here")
            return "stopped"
        except MirageError as error:
            reporter.close("failed", str(error))
            raise
        except MemoryError as error:
            message = "out of memory; use a smaller batch or fewer hidden units, then resume"
            reporter.close("failed", message)
            raise FailureError(message) from error
        except torch.OutOfMemoryError as error:
            message = "out of GPU memory; use a smaller batch or training.device = cpu, then resume"
            reporter.close("failed", message)
            raise FailureError(message) from error
        except BaseException as error:
            reporter.close("failed", f"{type(error).__name__}: {error}")
            raise
        finally:
            log.close()
        reporter.close("finished", "finished")
        return "finished"


class _Execution:
    """The order of the work; each part leaves its files complete."""

    def __init__(
        self,
        folder: Path,
        workspace: Workspace,
        config: Config,
        reporter: Reporter,
        log: EventLog,
        progress: Progress,
    ) -> None:
        self.folder, self.workspace, self.config = folder, workspace, config
        self.reporter, self.log, self.progress = reporter, log, progress
        self.total = config.alignment.steps + config.generation.steps
        self.device = pick_device(config.training.device)

    def run(self) -> None:
        config, seed = self.config, self.config.training.seed
        data = load_data(config, self.workspace)
        write_environment(self.folder, config, data, self.device)
        checkpoint = last_checkpoint(self.folder)

        def alignment() -> AlignmentStage:
            train = data.alignment("train")
            assert train is not None  # load_data refuses a run without training rows
            return AlignmentStage(
                train, data.alignment("validation"), data.classes, config.alignment, seed=seed, device=self.device
            )

        if checkpoint is not None and checkpoint.stage == GenerationStage.name:
            aligner = Aligner.from_pretrained(self.folder / "model" / "aligner")
        else:
            torch.manual_seed(seed)
            aligning = alignment()
            self._work(aligning, 0, checkpoint)
            aligner = aligning.finished()
            aligner.save_pretrained(self.folder / "model" / "aligner")
        features = features_of(aligner, data)
        results = Results(self.folder, config, data, features, self.log)
        self._phase("alignment", config.alignment.steps, "measuring recognition on the held-out speakers")
        results.write_evaluation(aligner)

        torch.manual_seed(seed + 1)
        stage = self._generation(data, features)
        self._work(stage, config.alignment.steps, checkpoint)
        generator, discriminator = stage.finished()
        generator.save_pretrained(self.folder / "model" / "generator")
        discriminator.save_pretrained(self.folder / "model" / "discriminator")
        self._phase("information", self.total, "measuring mutual information on fresh samples")
        write_information(self.folder, stage, config, self.log)
        self._phase("projection", self.total, "fitting the map (UMAP)")
        write_features(self.folder, data, features)
        write_map(self.folder, features, config)

    def _generation(self, data: RunData, features: dict[str, torch.Tensor]) -> GenerationStage:
        config = self.config
        rows = torch.from_numpy(data.rows("train"))
        mode = config.generation.mode
        if mode == "auto":
            mode = "text" if "t" in features else "free"
        if mode != "free" and "t" not in features:
            raise BadInputError(
                f"generation.mode = {mode}: the run has no text; embed the corpus with --text-encoder, or use mode free"
            )
        train = GenerationData(
            h=features["h"][rows],
            labels=torch.from_numpy(data.labels)[rows],
            t=features["t"][rows] if "t" in features else None,
            groups=torch.from_numpy(data.groups)[rows],
        )
        return GenerationStage(
            train,
            len(data.classes),
            mode,
            config.generation,
            config.information,
            seed=config.training.seed,
            device=self.device,
        )

    def _work(self, stage: Stage, before: int, checkpoint: Checkpoint | None) -> None:
        """Takes the stage's remaining steps; ``before`` is the number of steps of the stages before it."""
        settings = self.config.training
        if checkpoint is not None and checkpoint.stage == stage.name:
            restore_checkpoint(checkpoint, stage.state)
        self.reporter.progress(stage.name, before + stage.state.done)
        every = max(1, stage.total // _MEASUREMENTS)
        last_time, last_step = time.monotonic(), stage.state.done
        while stage.state.done < stage.total:
            values = stage.step()
            done = stage.state.done
            final = done == stage.total
            if done == 1 or final or done % settings.log_every == 0:
                shown = {name: float(value) for name, value in values.items()}
                now = time.monotonic()
                if now > last_time and done > last_step:
                    shown["steps_per_second"] = (done - last_step) / (now - last_time)
                last_time, last_step = now, done
                self.log.write(stage.name, done, shown)
            if done % every == 0 or final:
                self.log.write(stage.name, done, stage.measure())
            self.reporter.progress(stage.name, before + done)
            self.progress(before + done, self.total, stage.name)
            stopping = (self.folder / STOP_FILE).exists()
            if final or stopping or done % settings.checkpoint_every == 0:
                save_checkpoint(
                    self.folder, stage.state, stage=stage.name, step=before + done, keep=settings.keep_checkpoints
                )
            if stopping:
                raise Stopped

    def _phase(self, stage: str, step: int, message: str) -> None:
        if (self.folder / STOP_FILE).exists():
            raise Stopped
        self.reporter.progress(stage, step, message)
        self.progress(step, self.total, message)


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Holds the run's lock: two processes never work on one run. The lock dies with its holder."""
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadInputError(
                f"run {folder.name!r} is being worked on by another process; see `mirage runs`"
            ) from None
        yield
    finally:
        os.close(handle)


@contextmanager
def _isolated(config: Config) -> Iterator[None]:
    """Leaves PyTorch's random state and number of threads as they were."""
    threads = torch.get_num_threads()
    with torch.random.fork_rng():
        if config.training.threads:
            torch.set_num_threads(config.training.threads)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


@contextmanager
def _stop_signals(folder: Path) -> Iterator[None]:
    """Ctrl-C and SIGTERM ask for a clean stop; a second Ctrl-C breaks off. Only where signals can be caught."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: dict[signal.Signals, Callable | int | None] = {}

    def ask(number: int, frame: object) -> None:
        if (folder / STOP_FILE).exists():
            raise KeyboardInterrupt
        (folder / STOP_FILE).touch()

    for number in (signal.SIGINT, signal.SIGTERM):
        before[number] = signal.signal(number, ask)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _free_name(config: Config, workspace: Workspace) -> str:
    base = f"{config.data.corpus}-seed{config.training.seed}"
    if config.data.fold is not None:
        base += f"-fold{config.data.fold}"
    taken = {path.name for path in workspace.runs.glob(f"{base}*")}
    numbers = [int(match[1]) for name in taken if (match := re.fullmatch(re.escape(base) + r"-(\d+)", name))]
    return base if base not in taken else f"{base}-{max(numbers, default=1) + 1}"


def request_stop(folder: str | Path) -> State:
    """Asks the process that works on a run to stop at its next step; returns the state before that.

    Raises:
        BadInputError: the run is not running.
    """
    state = read_state(folder)
    if not state.active:
        raise BadInputError(f"run {Path(folder).name!r} is {state.status}: there is nothing to stop")
    (Path(folder) / STOP_FILE).touch()
    return state
