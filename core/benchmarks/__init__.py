"""Benchmarks: recognition with each way of augmenting, against a tuned reference, over folds and seeds.

The names are loaded when they are first used: asking how a benchmark is doing does not load PyTorch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.benchmarks.benchmark import Benchmark, run_benchmark
    from core.benchmarks.command import command_of
    from core.benchmarks.conditions import Condition
    from core.benchmarks.engine import BenchmarkStopped
    from core.benchmarks.interim import results_so_far
    from core.benchmarks.jobs import (
        benchmark_names,
        benchmark_state,
        resume_benchmark,
        start_benchmark,
        stop_benchmark,
        time_left,
    )
    from core.benchmarks.methods import METHODS, Method, find_methods
    from core.benchmarks.verdicts import p_words, verdict

_HOME = {
    "METHODS": "methods",
    "Benchmark": "benchmark",
    "BenchmarkStopped": "engine",
    "Condition": "conditions",
    "Method": "methods",
    "benchmark_names": "jobs",
    "benchmark_state": "jobs",
    "command_of": "command",
    "find_methods": "methods",
    "p_words": "verdicts",
    "results_so_far": "interim",
    "resume_benchmark": "jobs",
    "run_benchmark": "benchmark",
    "start_benchmark": "jobs",
    "stop_benchmark": "jobs",
    "time_left": "jobs",
    "verdict": "verdicts",
}

__all__ = [
    "METHODS",
    "Benchmark",
    "BenchmarkStopped",
    "Condition",
    "Method",
    "benchmark_names",
    "benchmark_state",
    "command_of",
    "find_methods",
    "p_words",
    "results_so_far",
    "resume_benchmark",
    "run_benchmark",
    "start_benchmark",
    "stop_benchmark",
    "time_left",
    "verdict",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
