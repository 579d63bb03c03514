"""Runs: training as a process of its own, and what it leaves behind."""

from core.runs.events import read_events
from core.runs.export import write_batch
from core.runs.files import find_run
from core.runs.information import measure_information
from core.runs.jobs import job_log, resume_job, start_job
from core.runs.loaded import Batch, LoadedRun, load_run
from core.runs.state import State, read_state
from core.runs.training import create_run, execute, request_stop, train

__all__ = [
    "Batch",
    "LoadedRun",
    "State",
    "create_run",
    "execute",
    "find_run",
    "job_log",
    "load_run",
    "measure_information",
    "read_events",
    "read_state",
    "request_stop",
    "resume_job",
    "start_job",
    "train",
    "write_batch",
]
