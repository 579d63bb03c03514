"""The methods that a benchmark compares."""

from __future__ import annotations

from collections.abc import Iterable

from core.benchmarks.methods.adan import ADAN
from core.benchmarks.methods.base import Method, Networks, Setting, TrainingSet
from core.benchmarks.methods.generated import CGAN, MIRAGE, NO_CONTRAST, NO_MI, NO_TEXT
from core.benchmarks.methods.guessed import NO_GENERATOR, SELF_TRAINING
from core.benchmarks.methods.plain import CLASS_WEIGHTS, CROSSED, MIXUP, NOISE, NONE
from core.benchmarks.methods.smote import SMOTED
from core.errors import BadInputError

METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        NONE,
        CLASS_WEIGHTS,
        NOISE,
        MIXUP,
        SMOTED,
        CROSSED,
        SELF_TRAINING,
        CGAN,
        ADAN,
        MIRAGE,
        NO_CONTRAST,
        NO_TEXT,
        NO_MI,
        NO_GENERATOR,
    )
}
"""The methods by name, in the order of the tables."""


def find_methods(names: Iterable[str], *, unlabelled: bool = False) -> list[Method]:
    """The methods of these names, each once, in the order of ``METHODS``.

    Args:
        names: ``all`` alone stands for all that can be used. unlabelled: whether unlabelled utterances count.

    Raises:
        BadInputError: a name that is not there, or none at all, or a method that is nothing without unlabelled
            utterances where these do not count.
    """
    usable = [name for name, method in METHODS.items() if unlabelled or not method.unlabelled_only]
    names = list(names)
    if [name.strip() for name in names] == ["all"]:
        names = usable
    wanted = [name.strip() for name in names if name.strip()]
    there = ", ".join(METHODS)
    unknown = [name for name in wanted if name not in METHODS]
    if unknown:
        raise BadInputError(f"methods {', '.join(unknown)}: unknown; there are: {there}")
    if not wanted:
        raise BadInputError(f"no method is named; there are: {there}")
    idle = [name for name in wanted if name not in usable]
    if idle:
        raise BadInputError(f"methods {', '.join(idle)}: they learn from unlabelled utterances; add --unlabelled")
    return [method for name, method in METHODS.items() if name in wanted]


__all__ = ["METHODS", "Method", "Networks", "Setting", "TrainingSet", "find_methods"]
