"""Curves of a run from its measured values: which there are, under which ceiling, and how runs differ.

No Streamlit here: all of it is plain computation on the events table (columns time, stage, step, name, value).
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from core import Config
from core.spreadsheets import frame_csv

STAGE_TITLES = {
    "alignment": "Stage 1: alignment of audio and text",
    "realignment": "Stage 1 anew: alignment on labelled and guessed utterances",
    "generation": "Stage 2: generation",
    "information": "Held-out information",
    "projection": "Map",
}
_STAGE_ORDER = ("alignment", "realignment", "generation", "information", "projection")

HELD_OUT = "held_out/"
_PLACES: dict[int, Mapping[Hashable, Any]] = {}
"""By the number of the table; an entry goes with it."""


@dataclass(frozen=True)
class Quantity:
    """A mutual information that is measured while training.

    ``name`` is how events call it, ``shown`` how people read it, ``says`` what it is in one line, ``bound`` what is
    measured of it while training.
    """

    stage: str
    name: str
    shown: str
    says: str
    bound: str


VARIATIONAL, INFONCE = "variational lower bound", "InfoNCE lower bound"
SMILE = "SMILE estimate (biased, no bound)"
QUANTITIES = (
    Quantity(
        "generation",
        "I(c;h_hat)",
        "I(c; ĥ)",
        "How much the generated feature tells of the emotion asked for.",
        VARIATIONAL,
    ),
    Quantity("generation", "I(u;h_hat)", "I(u; ĥ)", "How much it tells of the continuous latent codes.", VARIATIONAL),
    Quantity("generation", "I(t;h_hat)", "I(t; ĥ)", "How much it tells of the text it was conditioned on.", INFONCE),
    Quantity("generation", "I(h_hat;t_hat)", "I(ĥ; t̂)", "How much generated audio and text features share.", INFONCE),
    Quantity("alignment", "mi", "I(h; t)", "How much aligned audio and text features share.", SMILE),
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


def kind_of(stage: str) -> str:
    """The stage whose values this one measures too: aligning anew is alignment."""
    return "alignment" if stage == "realignment" else stage


def kept(events: pd.DataFrame, stage: str) -> str:
    """The stage that counts where several of one kind ran: of two alignments a run keeps the second."""
    return "realignment" if stage == "alignment" and (events["stage"] == "realignment").any() else stage


def quantities(events: pd.DataFrame) -> list[Quantity]:
    """The mutual informations of which there is any value."""
    present = set(zip(events["stage"], events["name"], strict=True))
    return [
        item
        for item in QUANTITIES
        if (item.stage, item.name) in present or (item.stage, HELD_OUT + item.name) in present
    ]


def series(events: pd.DataFrame, stage: str, name: str) -> pd.DataFrame:
    """One curve: columns step, time, value; of a step that was done again after a resume, the last value.

    A value that was not a number stays in it as NaN, to be shown as such.
    """
    rows = events[["step", "time", "value"]].take(_places(events).get((stage, name), []))
    return rows.drop_duplicates("step", keep="last").sort_values("step").reset_index(drop=True)


def _places(events: pd.DataFrame) -> Mapping[Hashable, Any]:
    """Where the rows of each stage and name are: sought once for all curves of a table, and for all sessions."""
    held = _PLACES.get(id(events))
    if held is None:
        held = _PLACES[id(events)] = dict(events.groupby(["stage", "name"], sort=False).indices)
        weakref.finalize(events, _PLACES.pop, id(events), None)
    return held


def kinds(item: Quantity, estimates: Sequence[dict[str, Any]]) -> list[str]:
    """What the held-out estimates of a quantity are, as in ``lower bound, variational``; each once."""
    found = [
        f"{one.get('kind', 'unknown')}, {one.get('estimator', 'unknown')}" for one in estimates if is_of(one, item)
    ]
    return list(dict.fromkeys(found))


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
    # I(h; t) is what SMILE reads from its critic: biased, and under no ceiling.
    return Ceiling(None, "")


@dataclass(frozen=True)
class Ceiling:
    """A ceiling in nats and what it is; ``value`` is None where there is none."""

    value: float | None
    label: str


def estimate_table(
    run_id: str, estimates: Sequence[dict[str, Any]], baseline: Sequence[dict[str, Any]] = ()
) -> pd.DataFrame:
    """The held-out estimates of a run: one row each, in nats; ``gap`` = training bound - held-out value.

    With the estimates of a ``baseline``, ``to baseline`` = held-out value - the baseline's by the same estimator.
    """
    fixed = {_same(one): _number(one.get("value")) for one in baseline}
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
                **({"to baseline": _minus(value, fixed.get(_same(estimate)))} if fixed else {}),
                "estimator": str(estimate.get("estimator", "")),
                "samples": estimate.get("samples"),
                "status": str(estimate.get("status", "measured")),
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
    return frame_csv(whole)


def _same(estimate: dict[str, Any]) -> tuple[str, str]:
    return key_of(str(estimate.get("quantity", ""))), str(estimate.get("estimator", ""))


def _minus(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
