"""What the Jobs page shows, without Streamlit: one line for each job, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import pandas as pd

from core import MirageError
from core.benchmarks import time_left
from core.jobs import BENCHMARK, CARD, TRAINING, Job
from core.progress import duration
from dashboard.overview_view import done_share, moment

SHOWN = ("all", "active", "ended")

COLUMNS = ("kind", "name", "status", "progress", "pace", "left", "ended", "message")


@dataclass(frozen=True)
class Actions:
    """What can be done with a job now."""

    stop: bool
    resume: bool
    duplicate: bool
    delete: bool


def key_of(job: Job) -> str:
    """The job's name in the page's address."""
    return f"{job.kind}:{job.name}"


def label(key: str) -> str:
    """What the selector shows.

    >>> label("report card:demo")
    'demo (report card)'
    """
    kind, _, name = key.partition(":")
    return f"{name} ({kind})"


def chosen(jobs: Sequence[Job], shown: str) -> list[Job]:
    """The jobs of one view: those that are active by their age, the others by when they were worked on last."""
    active = sorted((job for job in jobs if job.active), key=lambda job: (job.state and job.state.created) or 0.0)
    ended = [job for job in jobs if not job.active]
    return {"active": active, "ended": ended}.get(shown, [*active, *ended])


def table(jobs: Sequence[Job]) -> pd.DataFrame:
    """One row for each job; progress in per cent, pace in steps a second, time left in seconds."""
    rows = [
        {
            "kind": job.kind,
            "name": job.name,
            "status": job.status,
            "progress": 100 * done_share(job.state),
            "pace": job.state.steps_per_second if job.state else None,
            "left": _left(job),
            "ended": moment(job.state.updated) if job.state and not job.active else None,
            "message": _message(job),
        }
        for job in jobs
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _left(job: Job) -> str:
    # The pace of a benchmark is that of the whole of it: its units take unlike times.
    eta = None if job.state is None else job.state.eta
    if job.state is not None and job.kind == BENCHMARK:
        # A call that cannot be read is told where the benchmark is looked at.
        with suppress(MirageError):
            eta = time_left(job.folder, job.state)
    return "" if eta is None else duration(eta)


def _message(job: Job) -> str:
    if job.state is None:
        return job.fault
    # The status says it already.
    return "" if job.state.message == job.status else job.state.message


def actions(job: Job) -> Actions:
    """What can be done with it."""
    return Actions(
        stop=job.active,
        resume=job.resumable,
        duplicate=job.kind == TRAINING,
        delete=not job.active and job.kind != CARD,
    )


def counts(jobs: Sequence[Job]) -> str:
    """One line on all of them.

    >>> counts([])
    'nothing runs, nothing waits'
    """
    running = sum(job.status == "running" for job in jobs)
    waiting = sum(job.status == "queued" for job in jobs)
    died = sum(job.status in ("failed", "lost") for job in jobs)
    parts = [f"{running} running" if running else "nothing runs", f"{waiting} waiting" if waiting else "nothing waits"]
    return ", ".join([*parts, f"{died} failed or lost"] if died else parts)


def size(count: int) -> str:
    """Bytes for people.

    >>> size(900), size(2_500_000)
    ('0.9 kB', '2.5 MB')
    """
    return (
        f"{count / 1e3:.1f} kB" if count < 1e6 else f"{count / 1e6:.1f} MB" if count < 1e9 else f"{count / 1e9:.1f} GB"
    )
