"""Benchmarks: recognition with each way of augmenting, against a tuned reference, over folds and seeds."""

from core.benchmarks.benchmark import Benchmark, BenchmarkStopped, run_benchmark
from core.benchmarks.methods import METHODS, NOT_YET, Method, Prediction, find_methods

__all__ = [
    "METHODS",
    "NOT_YET",
    "Benchmark",
    "BenchmarkStopped",
    "Method",
    "Prediction",
    "find_methods",
    "run_benchmark",
]
