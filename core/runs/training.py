"""A run from beginning to end: align, generate, measure, map - and from wherever it was left."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import torch

from core.alignment import Aligner, AlignmentStage
from core.config import Config
from core.errors import BadInputError, FailureError, MirageError
from core.files import clear_disk_errors
from core.generation import GenerationData, GenerationStage
from core.progress import Progress, silent
from core.runs.checkpoint import Checkpoint, last_checkpoint, restore_checkpoint, save_checkpoint
from core.runs.creation import check_input, create_run, generation_mode
from core.runs.data import RunData, load_data
from core.runs.environment import refuse_other_data, write_environment
from core.runs.events import EventLog
from core.runs.files import read_config
from core.runs.guards import isolated, only_one, open_log, stop_signals, sweep
from core.runs.loaded import LoadedRun, load_run
from core.runs.results import Results, features_of, write_features, write_information, write_map
from core.runs.state import STOP_FILE, Reporter, read_state, write_state
from core.stages import Stage, pick_device
from core.workspace import Workspace

_MEASUREMENTS = 5


class Stopped(Exception):  # noqa: N818 - no fault: somebody asked for it
    """The run was asked to stop; its state is on the disk."""


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
    check_input(config, workspace)
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
    with clear_disk_errors(folder), only_one(folder):
        # A queued run may have been asked to stop before its process was there; any other stop is an old one.
        if read_state(folder).status != "queued":
            (folder / STOP_FILE).unlink(missing_ok=True)
        sweep(folder)
        try:
            config = read_config(folder)
        except BadInputError as error:
            write_state(folder, replace(read_state(folder), status="failed", message=str(error)))
            raise
        reporter = Reporter(folder, config.alignment.steps + config.generation.steps)
        try:
            with clear_disk_errors(folder), open_log(folder) as log, isolated(config), stop_signals(folder):
                _Execution(folder, workspace, config, reporter, log, progress).run()
        except Stopped:
            reporter.close("stopped", "stopped; resume goes on from here")
            return "stopped"
        except KeyboardInterrupt:
            reporter.close("stopped", "broken off; resume goes on from the last checkpoint")
            raise
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
            (folder / STOP_FILE).unlink(missing_ok=True)
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
        checkpoint = last_checkpoint(self.folder)
        if checkpoint is not None:
            refuse_other_data(self.folder, data)
        write_environment(self.folder, config, data, self.device)

        def alignment() -> AlignmentStage:
            train = data.alignment("train")
            assert train is not None  # load_data refuses a run without training rows
            return AlignmentStage(
                train, data.alignment("validation"), data.classes, config.alignment, seed=seed, device=self.device
            )

        aligned = checkpoint is not None and checkpoint.stage == GenerationStage.name
        if aligned:
            aligner = Aligner.from_pretrained(self.folder / "model" / "aligner")
        else:
            torch.manual_seed(seed)
            aligning = alignment()
            self._work(aligning, 0, checkpoint)
            aligner = aligning.finished()
            aligner.save_pretrained(self.folder / "model" / "aligner")
        features = features_of(aligner, data)
        if not (aligned and (self.folder / "evaluation.json").is_file()):
            self._phase("alignment", config.alignment.steps, "measuring recognition on the held-out speakers")
            Results(self.folder, config, data, features, self.log).write_evaluation(aligner)

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
        train = GenerationData(
            h=features["h"][rows],
            labels=torch.from_numpy(data.labels)[rows],
            t=features["t"][rows] if "t" in features else None,
            groups=torch.from_numpy(data.groups)[rows],
        )
        return GenerationStage(
            train,
            len(data.classes),
            generation_mode(config, data),
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
