"""All that is drawn of one run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from core import Config, MirageError
from dashboard import curves, state


@dataclass(frozen=True)
class RunCurves:
    """A run's measured values and what is needed to read them; ``pinned``: it is the baseline."""

    run: str
    colour: str
    events: pd.DataFrame
    config: Config | None = None
    estimates: Sequence[dict[str, Any]] = field(default_factory=tuple)
    classes: int | None = None
    pinned: bool = False


def load(run_id: str, colour: str, *, pinned: bool = False) -> RunCurves:
    """What is known of a run by now.

    Raises:
        MirageError: its events are damaged.
    """
    config = state.run_config(run_id)
    estimates = state.run_json(run_id, "information.json")
    result = state.run_recognition(run_id)
    count = len(result.classes) if result is not None else _class_count(config)
    kept = [item for item in estimates if isinstance(item, dict)] if isinstance(estimates, list) else []
    return RunCurves(run_id, colour, state.events(run_id), config, kept, count, pinned)


def final_estimate(shown: RunCurves, item: curves.Quantity) -> dict[str, float] | None:
    """Value, low and high of the run's final held-out estimate of a quantity."""
    for estimate in shown.estimates:
        if not curves.is_of(estimate, item):
            continue
        numbers = [estimate.get(name) for name in ("value", "low", "high")]
        if all(isinstance(number, int | float) for number in numbers):
            value, low, high = (float(number) for number in numbers if number is not None)
            return {"value": value, "low": low, "high": high}
    return None


def _class_count(config: Config | None) -> int | None:
    """How many emotions a run tells apart, from its corpus, while it has no evaluation yet."""
    if config is None:
        return None
    try:
        table = state.corpus(config.data.corpus).table
        from core.corpora import class_view

        return len(class_view(table["emotion"], config.data.classes)[1])
    except MirageError:
        return None
