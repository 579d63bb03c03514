"""Tells a tracker what a run measures, live or afterwards. The run's folder is the only channel."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from core.errors import BadInputError
from core.export.record import Measured, RunRecord
from core.export.sent import Sent
from core.export.tensorboard import TensorBoard, require_tensorboard
from core.export.trackers import MODES, Trackio, WandB, require_tracker
from core.workspace import Workspace

TRACKERS = ("tensorboard", "wandb", "trackio")
_POLL_SECONDS = 1.0
_MOST_AT_ONCE = 5_000


class Tracker(Protocol):
    """Where measured values go."""

    place: Path

    def settings(self, values: Mapping[str, Any]) -> None: ...

    def write(self, rows: Sequence[Measured]) -> None: ...

    def figures(self, values: Mapping[str, float], step: int) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Target:
    """Where the events of a run go, and where it is noted what was told.

    Attributes:
        to: one of ``TRACKERS``. folder: TensorBoard's folder of logs, or that in which wandb makes its own.
        project, mode: of wandb; ``offline`` sends nothing.
    """

    to: str
    folder: Path
    project: str = "mirage"
    mode: str = "offline"

    @classmethod
    def of(
        cls, to: str, folder: str | None, workspace: Workspace, *, project: str = "mirage", mode: str = "offline"
    ) -> Target:
        """The place that was asked for; by default in the workspace.

        Raises:
            BadInputError: there is no such tracker or mode, or its package is not installed.
        """
        if to not in TRACKERS:
            raise BadInputError(f"--to {to}: events go to one of {', '.join(TRACKERS)}; choose one of these")
        if mode not in MODES:
            raise BadInputError(f"--mode {mode}: choose one of {', '.join(MODES)}")
        require_tensorboard() if to == "tensorboard" else require_tracker(to)
        own = workspace.root / "tensorboard" if to == "tensorboard" else workspace.root
        return cls(to, Path(folder).expanduser().absolute() if folder else own, project, mode)

    def marks(self, run_id: str) -> Path:
        """The file of what was told of a run."""
        if self.to == "tensorboard":
            return self.folder / run_id / "mirage-sent.json"
        return self.folder / self.to / f"{run_id}.{self.mode}.mirage-sent.json"

    def open(self, run_id: str, sent: Sent) -> Tracker:
        """The tracker itself; see each for what it raises."""
        if self.to == "tensorboard":
            return TensorBoard(self.folder / run_id, sent)
        return (WandB if self.to == "wandb" else Trackio)(self.folder, run_id, self.project, self.mode)


@dataclass(frozen=True)
class Followed:
    """What was told now: measured values, final figures, where, and how the run stands."""

    values: int
    figures: int
    place: Path
    status: str


def follow_events(
    folder: Path,
    target: Target,
    *,
    follow: bool = False,
    patience: float = 60.0,
    report: Callable[[str, int], None] = lambda status, values: None,
) -> Followed:
    """Tells what was not told yet, and with ``follow`` goes on until the run has ended.

    Args:
        folder: of the run. patience: seconds to wait for a run that was stopped, has failed or is lost to be resumed;
            a finished one has ended. report: told of the run's status and how many values were told.

    Ctrl-C and SIGTERM end it between two steps, with everything noted. Of TensorBoard's values none is there twice
    even when the process is killed; with the others, what was told in the second before may be.

    Raises:
        BadInputError: the run or what lies in the target's place cannot be used.
        FailureError: the disk is full, or the tracker does not begin.
    """
    record = RunRecord(folder)
    with Sent(target.marks(record.id), record) as sent, _stopping() as stop:
        teller = _Teller(record, target, sent)
        try:
            quiet_since, ended = time.monotonic(), False
            while True:
                # First the state: what was measured before it said `finished` is there to be read.
                status = record.status()
                teller.tell(stop)
                report(status, teller.values)
                if status in ("queued", "running"):
                    quiet_since = time.monotonic()
                gone = status == "finished" or (
                    status not in ("queued", "running") and time.monotonic() - quiet_since >= patience
                )
                if not follow or gone or ended:
                    break
                # Whoever is asked to end looks once more: a run that was stopped has just measured its last values.
                ended = stop.wait(_POLL_SECONDS)
            if status in ("finished", "unknown"):
                teller.finish()
        finally:
            teller.close()
        return Followed(teller.values, teller.figures, teller.place, status)


class _Teller:
    """A tracker that is begun when there is something to tell."""

    def __init__(self, record: RunRecord, target: Target, sent: Sent) -> None:
        self._record, self._target, self._sent = record, target, sent
        self._tracker: Tracker | None = None
        self.values = self.figures = 0
        self.place = target.marks(record.id).parent

    def tell(self, stop: threading.Event) -> None:
        """Everything measured that was not told, step by step; once asked to stop, some thousand values at most."""
        # Long runs have many values: they are not compared again each second.
        rows = self._record.after(self._sent.marks) if self._record.changed() else []
        while rows:
            count = _whole_steps(rows)
            self._begun().write(rows[:count])
            self._sent.take(rows[:count])
            self._sent.save()
            self.values += count
            rows = rows[count:]
            if stop.is_set():
                break

    def finish(self) -> None:
        """The final figures that were not told."""
        new = {name: value for name, value in self._record.figures().items() if name not in self._sent.figures}
        if new:
            self._begun().figures(new, max(self._sent.marks.values(), default=0))
            self._sent.figures |= set(new)
            self._sent.save()
            self.figures = len(new)

    def close(self) -> None:
        if self._tracker is not None:
            self._tracker.close()

    def _begun(self) -> Tracker:
        if self._tracker is None:
            self._tracker = self._target.open(self._record.id, self._sent)
            self.place = self._tracker.place
            if not self._sent.settings:
                self._tracker.settings(self._record.settings())
                self._sent.settings = True
        return self._tracker


def _whole_steps(rows: Sequence[Measured]) -> int:
    """How many rows to tell at once: some thousand, and all of a step."""
    count = min(_MOST_AT_ONCE, len(rows))
    while count < len(rows) and rows[count].step == rows[count - 1].step:
        count += 1
    return count


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set, where signals can be caught: nothing is told without being noted."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
