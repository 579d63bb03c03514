"""Curves of a run from its measured values: which there are, smoothed, on which axis, under which ceiling.

No Streamlit here: all of it is plain computation on the events table (columns time, stage, step, name, value).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from core import Config

Axis = Literal["step", "working time"]

STAGE_TITLES = {
    "alignment": "Stage 1: alignment of audio and text",
    "generation": "Stage 2: generation",
    "information": "Held-out information",
    "projection": "Map",
}
_STAGE_ORDER = ("alignment", "generation", "information", "projection")

HELD_OUT = "held_out/"
PAUSE = 60.0
"""Seconds: a longer gap between two values is a pause (stopped and resumed) and not counted as working time."""


@dataclass(frozen=True)
class Quantity:
    """A mutual information that is measured while training.

    ``name`` is how events call it, ``shown`` how people read it, ``says`` what it is in one line.
    """

    stage: str
    name: str
    shown: str
    says: str


QUANTITIES = (
    Quantity("generation", "I(c;h_hat)", "I(c; ĥ)", "How much the generated feature tells of the emotion asked for."),
    Quantity("generation", "I(u;h_hat)", "I(u; ĥ)", "How much it tells of the continuous latent codes."),
    Quantity("generation", "I(t;h_hat)", "I(t; ĥ)", "How much it tells of the text it was conditioned on."),
    Quantity("generation", "I(h_hat;t_hat)", "I(ĥ; t̂)", "How much generated audio and text features share."),
    Quantity("alignment", "mi", "I(h; t)", "How much aligned audio and text features share."),
)


def key_of(quantity: str) -> str:
    """One spelling for a quantity, whoever wrote it.

    >>> key_of("I(c; h_hat)")
    'I(c;h_hat)'
    """
    return quantity.replace(" ", "")


def shown_name(quantity: str) -> str:
    """How people read a quantity.

    >>> shown_name("I(u; h_hat)")
    'I(u; ĥ)'
    """
    key = key_of(quantity)
    for known in QUANTITIES:
        if key in (known.name, key_of(known.shown)):
            return known.shown
    return quantity


def is_of(estimate: dict[str, Any], item: Quantity) -> bool:
    """Whether a held-out estimate is of this quantity."""
    return key_of(str(estimate.get("quantity", ""))) in (item.name, key_of(item.shown))


def diverged(events: pd.DataFrame) -> list[str]:
    """The values that were last measured as not a number: signs of a diverged training."""
    last = events.drop_duplicates(["stage", "name"], keep="last")
    return sorted(set(last.loc[last["value"].isna(), "name"]))


def stages(events: pd.DataFrame) -> list[str]:
    """The stages that have values, in the order in which they run."""
    present = set(events["stage"])
    known = [stage for stage in _STAGE_ORDER if stage in present]
    return known + sorted(present - set(known))


def quantities(events: pd.DataFrame) -> list[Quantity]:
    """The mutual informations of which there is any value."""
    present = set(zip(events["stage"], events["name"], strict=True))
    return [
        item
        for item in QUANTITIES
        if (item.stage, item.name) in present or (item.stage, HELD_OUT + item.name) in present
    ]


def series(events: pd.DataFrame, stage: str, name: str) -> pd.DataFrame:
    """One curve: columns step, time, value; of a step that was done again after a resume, the last value."""
    rows = events[(events["stage"] == stage) & (events["name"] == name)]
    rows = rows.dropna(subset=["value"]).drop_duplicates("step", keep="last").sort_values("step")
    return rows[["step", "time", "value"]].reset_index(drop=True)


def smooth(values: np.ndarray, weight: float) -> np.ndarray:
    """Exponential moving average, corrected for its start: ``weight`` 0 changes nothing, 0.9 averages about 10 values.

    >>> smooth(np.array([1.0, 1.0, 1.0]), 0.9).tolist()
    [1.0, 1.0, 1.0]
    """
    if weight <= 0 or len(values) == 0:
        return np.asarray(values, dtype=float)
    out = np.empty(len(values))
    total = mass = 0.0
    for i, value in enumerate(np.asarray(values, dtype=float)):
        total = weight * total + (1 - weight) * value
        mass = weight * mass + (1 - weight)
        out[i] = total / mass
    return out


def working_time(times: np.ndarray, start: float) -> np.ndarray:
    """Minutes of work since ``start`` (s) at each of the sorted ``times`` (s), pauses left out.

    >>> working_time(np.array([60.0, 120.0, 10_000.0]), 0.0).tolist()
    [1.0, 2.0, 2.0]
    """
    steps = np.diff(np.concatenate([[start], np.asarray(times, dtype=float)]))
    steps[(steps > PAUSE) | (steps < 0)] = 0.0
    return np.cumsum(steps) / 60


class Clock:
    """Turns the times of a run's values into minutes of work."""

    def __init__(self, events: pd.DataFrame) -> None:
        self._times = np.unique(events["time"].to_numpy(dtype=float))
        start = self._times[0] if len(self._times) else 0.0
        self._minutes = working_time(self._times, start)

    def minutes(self, times: pd.Series) -> np.ndarray:
        """Minutes of work at each time, (n,)."""
        return self._minutes[np.searchsorted(self._times, times.to_numpy(dtype=float))]


def position(rows: pd.DataFrame, axis: Axis, clock: Clock) -> np.ndarray:
    """Where the rows lie on the chosen axis."""
    return clock.minutes(rows["time"]) if axis == "working time" else rows["step"].to_numpy()


def axis_title(axis: Axis) -> str:
    """The title of the axis, with its unit."""
    return "working time (min, pauses left out)" if axis == "working time" else "step of the stage"


def thin(*columns: np.ndarray, most: int = 1500) -> tuple[np.ndarray, ...]:
    """At most about ``most`` evenly spread points, the last one among them; done after smoothing, never before."""
    length = len(columns[0])
    if length <= most:
        return columns
    keep = np.unique(np.linspace(0, length - 1, most).round().astype(int))
    return tuple(column[keep] for column in columns)


def speed(events: pd.DataFrame) -> float | None:
    """Steps a second, as last measured."""
    rows = events[events["name"] == "steps_per_second"]
    return float(rows["value"].iloc[-1]) if len(rows) else None


def ceiling(item: Quantity, estimates: Sequence[dict[str, Any]], config: Config | None, classes: int | None) -> Ceiling:
    """The most that an estimate of ``item`` can say.

    From the run's own held-out estimates where they are there; while it still trains: log(number of classes) for the
    emotion, and the log of the batch for what InfoNCE estimates.
    """
    for estimate in estimates:
        if is_of(estimate, item) and isinstance(estimate.get("ceiling"), int | float):
            label = "H(c)" if item.name == "I(c;h_hat)" else "ceiling of the estimator"
            return Ceiling(float(estimate["ceiling"]), label)
    if item.name == "I(c;h_hat)" and classes:
        return Ceiling(math.log(classes), f"log {classes} classes")
    if config is not None and item.name in ("I(t;h_hat)", "I(h_hat;t_hat)"):
        return Ceiling(math.log(config.generation.batch), f"log batch {config.generation.batch}")
    if config is not None and item.name == "mi":
        return Ceiling(math.log(config.alignment.batch), f"log batch {config.alignment.batch}")
    return Ceiling(None, "")


@dataclass(frozen=True)
class Ceiling:
    """A ceiling in nats and what it is; ``value`` is None where there is none."""

    value: float | None
    label: str


def estimate_table(run_id: str, estimates: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """The held-out estimates of a run: one row each, in nats; ``gap`` = training bound - held-out value."""
    rows = []
    for estimate in estimates:
        value, top = _number(estimate.get("value")), _number(estimate.get("ceiling"))
        bound = _number(estimate.get("training_bound"))
        rows.append(
            {
                "run": run_id,
                "quantity": shown_name(str(estimate.get("quantity", ""))),
                "held-out": value,
                "low": _number(estimate.get("low")),
                "high": _number(estimate.get("high")),
                "kind": str(estimate.get("kind", "")),
                "ceiling": top,
                "of ceiling": value / top if value is not None and top else None,
                "training bound": bound,
                "gap": bound - value if bound is not None and value is not None else None,
                "estimator": str(estimate.get("estimator", "")),
                "samples": estimate.get("samples"),
            }
        )
    return pd.DataFrame(rows)


def flatten(config: Config) -> dict[str, Any]:
    """``section.key`` to value."""
    return {f"{section}.{key}": value for section, keys in config.model_dump().items() for key, value in keys.items()}


def config_diff(configs: dict[str, Config]) -> pd.DataFrame:
    """The keys in which runs differ: one row for each key, one column for each run, values as text."""
    flat = {run: flatten(config) for run, config in configs.items()}
    keys = list(next(iter(flat.values()), {}))
    rows = []
    for key in keys:
        values = {run: content.get(key) for run, content in flat.items()}
        if len({str(value) for value in values.values()}) > 1:
            rows.append({"key": key, **{run: "(empty)" if v is None else str(v) for run, v in values.items()}})
    return pd.DataFrame(rows, columns=["key", *flat])


def as_csv(events: dict[str, pd.DataFrame]) -> bytes:
    """All values of the runs as CSV: run, time, stage, step, name, value."""
    parts = [frame.assign(run=run) for run, frame in events.items()]
    columns = ["run", "time", "stage", "step", "name", "value"]
    whole = pd.concat(parts)[columns] if parts else pd.DataFrame(columns=columns)
    return whole.to_csv(index=False).encode("utf-8")


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
