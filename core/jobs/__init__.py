"""Jobs: trainings, benchmarks and report cards as processes that wait for their turn, and what becomes of them.

A job's folder is the only channel to it. The names are loaded when they are first used: asking how a job is doing does
not load PyTorch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.jobs.listing import Job, delete_job, find_job, list_jobs, resume, stop
    from core.jobs.log import job_log
    from core.jobs.starting import start_process
    from core.jobs.trash import Deleted, deleted, empty_trash, restore
    from core.jobs.turns import BENCHMARK, CARD, TRAINING, Claim, Limits, queue, read_limits, write_limits

_HOME = {
    "BENCHMARK": "turns",
    "CARD": "turns",
    "TRAINING": "turns",
    "Claim": "turns",
    "Deleted": "trash",
    "Job": "listing",
    "Limits": "turns",
    "delete_job": "listing",
    "deleted": "trash",
    "empty_trash": "trash",
    "find_job": "listing",
    "job_log": "log",
    "list_jobs": "listing",
    "queue": "turns",
    "read_limits": "turns",
    "restore": "trash",
    "resume": "listing",
    "start_process": "starting",
    "stop": "listing",
    "write_limits": "turns",
}

__all__ = [
    "BENCHMARK",
    "CARD",
    "TRAINING",
    "Claim",
    "Deleted",
    "Job",
    "Limits",
    "delete_job",
    "deleted",
    "empty_trash",
    "find_job",
    "job_log",
    "list_jobs",
    "queue",
    "read_limits",
    "restore",
    "resume",
    "start_process",
    "stop",
    "write_limits",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
