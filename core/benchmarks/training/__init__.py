"""The networks of many seeds and folds, trained side by side as stacked tensors."""

from core.benchmarks.training.aligners import train_aligners
from core.benchmarks.training.generators import GeneratorProblem, train_generators

__all__ = ["GeneratorProblem", "train_aligners", "train_generators"]
