"""What is told of a run to people who were not there: the facts, and the sentences that go with them.

The report, the Present page and the cards take everything from here, so that they never tell different things.
The names are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.story.facts import Answer, Benchmark, Data, Effect, Gain, Information, Method, Scores, Story, Training
    from core.story.telling import tell

_FACTS = ("Answer", "Benchmark", "Data", "Effect", "Gain", "Information", "Method", "Scores", "Story", "Training")

__all__ = [
    "Answer",
    "Benchmark",
    "Data",
    "Effect",
    "Gain",
    "Information",
    "Method",
    "Scores",
    "Story",
    "Training",
    "tell",
]


def __getattr__(name: str) -> Any:
    if name == "tell":
        return import_module(f"{__name__}.telling").tell
    if name in _FACTS:
        return getattr(import_module(f"{__name__}.facts"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
