"""Benchmarks: recognition with each way of augmenting, against a tuned reference, over folds and seeds."""

from core.benchmarks.benchmark import Benchmark, run_benchmark
from core.benchmarks.conditions import Condition
from core.benchmarks.engine import BenchmarkStopped
from core.benchmarks.methods import METHODS, Method, find_methods

__all__ = [
    "METHODS",
    "Benchmark",
    "BenchmarkStopped",
    "Condition",
    "Method",
    "find_methods",
    "run_benchmark",
]
