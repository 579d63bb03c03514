"""What the horizontal axis of a curve shows: the step, the minutes of work, or another value measured beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dashboard import curve_lines, curves

STEP, WORK = "step", "working time"
METRICS = {
    "loss": "loss of the alignment",
    "cross_entropy": "cross-entropy of the alignment",
    "infonce": "InfoNCE of h and t (nats)",
    "ua_validation": "UA on validation speakers (share)",
    "d_loss": "discriminator loss",
    "g_loss": "generator loss",
    **{item.name: f"{item.shown} (nats)" for item in curves.QUANTITIES},
}
"""Values that may be the axis, and how they are called there."""

PAUSE = 60.0
"""Seconds: a longer gap between two values is a pause (stopped and resumed) and not counted as working time."""


@dataclass(frozen=True)
class Window:
    """The part of the axis that is drawn, in its unit; None is an open end."""

    low: float | None = None
    high: float | None = None

    def holds(self, x: np.ndarray) -> np.ndarray:
        """Which of the places (n,) lie in it; a place that is not a number never does."""
        low = -np.inf if self.low is None else self.low
        high = np.inf if self.high is None else self.high
        return np.isfinite(x) & (x >= low) & (x <= high)


WHOLE = Window()


def choices(tables: Iterable[pd.DataFrame]) -> list[str]:
    """The axes that there are for these runs' values."""
    present = set().union(*(set(events["name"]) for events in tables))
    return [STEP, WORK, *[name for name in METRICS if name in present]]


def title(axis: str) -> str:
    """The title of the axis, with its unit."""
    if axis == WORK:
        return "working time (min, pauses left out)"
    return METRICS.get(axis, "step of the stage")


def label(axis: str) -> str:
    """How a choice is called in the control.

    >>> label("step"), label("d_loss")
    ('step', 'discriminator loss')
    """
    return METRICS.get(axis, axis)


def working_time(times: np.ndarray, start: float) -> np.ndarray:
    """Minutes of work since ``start`` (s) at each of the sorted ``times`` (s), pauses left out.

    >>> working_time(np.array([60.0, 120.0, 10_000.0]), 0.0).tolist()
    [1.0, 2.0, 2.0]
    """
    steps = np.diff(np.concatenate([[start], np.asarray(times, dtype=float)]))
    steps[(steps > PAUSE) | (steps < 0)] = 0.0
    return np.cumsum(steps) / 60


class Ruler:
    """Says where the values of a run lie on an axis."""

    def __init__(self, events: pd.DataFrame, axis: str, weight: float = 0.0) -> None:
        self._events, self._axis, self._weight = events, axis, weight
        self._times = np.unique(events["time"].to_numpy(dtype=float))
        start = self._times[0] if len(self._times) else 0.0
        self._minutes = working_time(self._times, start)

    def places(self, rows: pd.DataFrame, stage: str) -> np.ndarray:
        """Where ``rows`` (columns step, time, value; of ``stage``) lie, (n,).

        On another metric: its last value up to the same step of the same stage, so that nothing is seen before it was
        measured, smoothed as the curves are; NaN where there is none.
        """
        if self._axis == STEP:
            return rows["step"].to_numpy(dtype=float)
        if self._axis == WORK:
            return self._minutes[np.searchsorted(self._times, rows["time"].to_numpy(dtype=float))]
        other = curves.series(self._events, stage, self._axis)
        index = np.searchsorted(other["step"].to_numpy(), rows["step"].to_numpy(), side="right") - 1
        values = curve_lines.smooth(other["value"].to_numpy(dtype=float), self._weight)
        return np.append(values, np.nan)[index]
