"""All jobs of a workspace in one list: trainings, benchmarks and report cards; stopped, resumed and deleted alike."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.benchmarks.jobs import benchmark_names, benchmark_state, resume_benchmark, stop_benchmark
from core.errors import BadInputError, MirageError
from core.files import clear_disk_errors
from core.jobs.starting import starting
from core.jobs.trash import Deleted, discard
from core.jobs.turns import BENCHMARK, CARD, TRAINING
from core.runs.quality_job import FOLDER as CARD_FOLDER
from core.runs.quality_job import quality_state, start_quality
from core.runs.state import STOP_FILE, State, read_state, request_stop
from core.workspace import Workspace, check_name

KINDS = (TRAINING, BENCHMARK, CARD)


@dataclass(frozen=True)
class Job:
    """One job; ``state`` is None where it is damaged, and ``fault`` then says how."""

    kind: str
    name: str
    folder: Path
    state: State | None
    fault: str = ""

    @property
    def status(self) -> str:
        return "damaged" if self.state is None else self.state.status

    @property
    def active(self) -> bool:
        return self.state is not None and self.state.active

    @property
    def resumable(self) -> bool:
        """Whether there is something to go on with."""
        return self.status in ("stopped", "failed", "lost")


def list_jobs(workspace: Workspace, most: int | None = None) -> list[Job]:
    """The jobs of a workspace: those that are queued or run first, then the others, the last worked on first.

    Args:
        most: looks at so many runs and so many benchmarks only, the last ones.
    """
    found = [find_job(workspace, TRAINING, name) for name in workspace.run_ids()[:most]]
    cards = [(job.name, job.folder / CARD_FOLDER / "state.json") for job in found]
    found += [find_job(workspace, CARD, name) for name, path in cards if path.is_file()]
    found += [find_job(workspace, BENCHMARK, name) for name in benchmark_names(workspace)[:most]]
    return sorted(found, key=lambda job: (not job.active, -((job.state and job.state.updated) or 0.0)))


def find_job(workspace: Workspace, kind: str, name: str) -> Job:
    """One job as it is now.

    Raises:
        BadInputError: no kind of that name, or no job can have that name. A job that is not there is ``damaged``.
    """
    folder = _folder(workspace, kind, name)
    try:
        if kind == BENCHMARK:
            if not folder.is_dir():
                raise BadInputError(f"there is no benchmark {name!r}")
            return Job(kind, name, folder, benchmark_state(folder))
        if kind == CARD:
            return Job(kind, name, folder, quality_state(folder.parent) or State(status="stopped"))
        return Job(kind, name, folder, read_state(folder))
    except MirageError as error:
        return Job(kind, name, folder, None, str(error))


def stop(workspace: Workspace, kind: str, name: str) -> None:
    """Asks a job to stop; one that waits leaves the queue.

    Raises:
        BadInputError: nothing works on it. FailureError: its folder cannot be written.
    """
    if kind == BENCHMARK:
        stop_benchmark(_folder(workspace, kind, name))
    elif kind == CARD:
        job = find_job(workspace, kind, name)
        if not job.active:
            raise BadInputError(f"the report card of {name!r} is {job.status}: nothing to stop; see `mirage jobs`")
        with clear_disk_errors(job.folder):
            (job.folder / STOP_FILE).touch()
    else:
        request_stop(_folder(workspace, kind, name))


def resume(workspace: Workspace, kind: str, name: str) -> None:
    """Queues a job again; it goes on where it was.

    Raises:
        BadInputError: it is active or finished, or cannot be gone on with.
    """
    if kind == BENCHMARK:
        resume_benchmark(workspace, name)
    elif kind == CARD:
        start_quality(workspace, name)
    else:
        from core.runs.jobs import resume_job

        resume_job(workspace, name)


def delete_job(workspace: Workspace, kind: str, name: str) -> Deleted:
    """Moves the folder of a run or a benchmark into the trash; ``restore`` brings it back.

    Raises:
        BadInputError: somebody works on it, it is no run and no benchmark, or there is none of that name.
        FailureError: the workspace cannot be written.
    """
    if kind == CARD:
        raise BadInputError("a report card goes with its run: delete the run")
    folder = _folder(workspace, kind, name)
    what = "benchmark" if kind == BENCHMARK else "run"
    if not folder.is_dir():
        raise BadInputError(f"there is no {what} {name!r} in {folder.parent}")
    with starting(folder):
        jobs = [find_job(workspace, kind, name)]
        if kind == TRAINING:
            jobs.append(find_job(workspace, CARD, name))
        if any(job.active for job in jobs):
            raise BadInputError(f"{what} {name!r} is being worked on; stop it first, then delete it")
        return discard(workspace, what, name)


def _folder(workspace: Workspace, kind: str, name: str) -> Path:
    if kind == TRAINING:
        return workspace.run_folder(name)
    if kind == CARD:
        return workspace.run_folder(name) / CARD_FOLDER
    if kind == BENCHMARK:
        return workspace.benchmarks / check_name(name, "benchmark")
    raise BadInputError(f"{kind!r} is no kind of job: {', '.join(KINDS)}")
