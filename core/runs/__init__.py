"""Runs: training as a process of its own, and what it leaves behind.

The names are loaded when they are first used: asking how a run is doing does not load PyTorch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.runs.creation import create_run
    from core.runs.effects import measure_effects
    from core.runs.events import EventReader, read_events
    from core.runs.export import write_batch
    from core.runs.files import find_run
    from core.runs.information import measure_information
    from core.runs.jobs import resume_job, start_job
    from core.runs.licensed import read_about
    from core.runs.loaded import LoadedRun, load_run
    from core.runs.neighbours import Neighbourhood
    from core.runs.portable import portable_networks
    from core.runs.quality import measure_quality, write_quality
    from core.runs.quality_job import quality_state, start_quality
    from core.runs.requests import Batch
    from core.runs.state import State, read_state, request_stop
    from core.runs.training import execute, train

_HOME = {
    "Batch": "requests",
    "EventReader": "events",
    "LoadedRun": "loaded",
    "Neighbourhood": "neighbours",
    "State": "state",
    "create_run": "creation",
    "execute": "training",
    "find_run": "files",
    "load_run": "loaded",
    "measure_effects": "effects",
    "measure_information": "information",
    "measure_quality": "quality",
    "portable_networks": "portable",
    "quality_state": "quality_job",
    "read_about": "licensed",
    "read_events": "events",
    "read_state": "state",
    "request_stop": "state",
    "resume_job": "jobs",
    "start_job": "jobs",
    "start_quality": "quality_job",
    "train": "training",
    "write_batch": "export",
    "write_quality": "quality",
}

__all__ = [
    "Batch",
    "EventReader",
    "LoadedRun",
    "Neighbourhood",
    "State",
    "create_run",
    "execute",
    "find_run",
    "load_run",
    "measure_effects",
    "measure_information",
    "measure_quality",
    "portable_networks",
    "quality_state",
    "read_about",
    "read_events",
    "read_state",
    "request_stop",
    "resume_job",
    "start_job",
    "start_quality",
    "train",
    "write_batch",
    "write_quality",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
