"""The work of a run from beginning to end: align, generate, measure, map - and from wherever it was left."""

from __future__ import annotations

import time
from pathlib import Path

import torch
from torch import Tensor

from core import logs
from core.alignment import Aligner, AlignmentStage
from core.config import Config
from core.generation import GenerationData, GenerationStage
from core.progress import Progress
from core.runs.checkpoint import Checkpoint, last_checkpoint, restore_checkpoint, save_checkpoint
from core.runs.creation import generation_mode
from core.runs.data import RunData, load_data
from core.runs.environment import refuse_other_data, write_environment
from core.runs.events import EventLog
from core.runs.guesses import read_guesses, shares_of_emotions, write_guesses
from core.runs.heart import Reporter
from core.runs.results import EVALUATION, Results, features_of, write_features, write_information, write_map
from core.runs.state import STOP_FILE, refuse_gone
from core.runs.steps import steps_before, total_steps
from core.stages import Stage, pick_device
from core.workspace import Workspace

_ALIGNMENT, _REALIGNMENT = "alignment", "realignment"
_MEASUREMENTS = 5


class Stopped(Exception):  # noqa: N818 - no fault: somebody asked for it
    """The run was asked to stop; its state is on the disk."""


class Execution:
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
        self.total = total_steps(config)
        self.before = steps_before(config)
        self.device = pick_device(config.training.device)
        self.checkpoint: Checkpoint | None = None

    def run(self) -> None:
        """Does what is left to do.

        Raises:
            Stopped: the run was asked to stop.
            MirageError: see ``execute``.
        """
        config = self.config
        data = load_data(config, self.workspace)
        self.checkpoint = last_checkpoint(self.folder)
        if self.checkpoint is not None:
            refuse_other_data(self.folder, data)
        write_environment(self.folder, config, data, self.device)

        learnt = self._with_guesses(data) if config.data.unlabelled else data
        features = self._features(data, learnt)

        torch.manual_seed(config.training.seed + 1)
        stage = self._generation(learnt, features)
        self._work(stage)
        generator, discriminator = stage.finished()
        generator.save_pretrained(self.folder / "model" / "generator")
        discriminator.save_pretrained(self.folder / "model" / "discriminator")
        self._phase("information", self.total, "measuring mutual information on fresh samples")
        write_information(self.folder, stage, config, self.log)
        self._phase("projection", self.total, "fitting the map (UMAP)")
        write_features(self.folder, data, features)
        write_map(self.folder, features, config)

    def _with_guesses(self, data: RunData) -> RunData:
        """Aligns on the labelled rows, guesses the emotions of the others, and gives the data with the guesses."""
        steps = self.config.alignment.steps
        if self.checkpoint is None or self.checkpoint.stage == _ALIGNMENT:
            aligner = self._align(data, data, _ALIGNMENT)
            features = features_of(aligner, data)
            self._evaluate(data, features, aligner, _ALIGNMENT)
            count = int(data.rows("unlabelled").sum())
            self._phase(_ALIGNMENT, steps, f"guessing the emotions of {count:,} unlabelled utterances")
            write_guesses(self.folder, data, shares_of_emotions(data, features, self.config.training.seed))
        # From the file, whether it was written now or before a stop: what is learnt from is what can be read there.
        return data.with_guesses(read_guesses(self.folder, data))

    def _features(self, data: RunData, learnt: RunData) -> dict[str, Tensor]:
        """Aligned features of all rows by the aligner that is kept, trained on ``learnt`` if it is not there yet."""
        folder = self.folder / "model" / "aligner"
        there = self.checkpoint is not None and self.checkpoint.stage == GenerationStage.name
        name = _REALIGNMENT if self.config.data.unlabelled else _ALIGNMENT
        if there:
            aligner = Aligner.from_pretrained(folder)
        else:
            aligner = self._align(data, learnt, name)
            aligner.save_pretrained(folder)
        features = features_of(aligner, data)
        if not (there and (self.folder / EVALUATION).is_file()):
            self._evaluate(data, features, aligner, name)
        return features

    def _align(self, data: RunData, learnt: RunData, name: str) -> Aligner:
        seed = self.config.training.seed
        train = learnt.alignment("train")
        assert train is not None  # load_data refuses a run without training rows
        torch.manual_seed(seed)
        stage = AlignmentStage(
            train,
            data.alignment("validation"),
            data.classes,
            self.config.alignment,
            seed=seed,
            device=self.device,
            name=name,
            labelled=data.alignment("train"),
        )
        self._work(stage)
        return stage.finished()

    def _evaluate(self, data: RunData, features: dict[str, Tensor], aligner: Aligner, name: str) -> None:
        done = self.before[name] + self.config.alignment.steps
        self._phase(name, done, "measuring recognition on the held-out speakers")
        Results(self.folder, self.config, data, features).write_evaluation(aligner, anew=name == _REALIGNMENT)

    def _generation(self, data: RunData, features: dict[str, Tensor]) -> GenerationStage:
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

    def _work(self, stage: Stage) -> None:
        """Takes the stage's remaining steps."""
        settings, before = self.config.training, self.before[stage.name]
        if self.checkpoint is not None and self.checkpoint.stage == stage.name:
            restore_checkpoint(self.checkpoint, stage.state)
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
                logs.event("checkpoint", run=self.folder.name, stage=stage.name, step=before + done)
            if stopping:
                logs.event("stop", run=self.folder.name, stage=stage.name, step=before + done)
                raise Stopped

    def _phase(self, stage: str, step: int, message: str) -> None:
        refuse_gone(self.folder)
        if (self.folder / STOP_FILE).exists():
            raise Stopped
        self.reporter.progress(stage, step, message)
        self.progress(step, self.total, message)
