"""The report's figures out of a story and a run's measured values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dashboard import curve_lines, curves
from dashboard.report.charts import (
    Axis,
    Chart,
    Dot,
    Dots,
    Line,
    Mark,
    Row,
    axis,
    between,
    minus,
    path,
    signed,
    steps_axis,
)

if TYPE_CHECKING:
    import pandas as pd

    from core import LoadedRun
    from core.story import Benchmark, Effect, Gain, Information

SMOOTHING = 0.6
TABLE_ROWS = 12
"""Rows of the table beside a curve: the curve at so many steps."""
CLEAR = ("better", "worse")


def information_charts(run: LoadedRun, events: pd.DataFrame, held: list[Information]) -> list[Chart]:
    """A curve for each mutual information that was measured: bound while training, held-out values, ceiling."""
    estimates = run.information()
    found = []
    for item in curves.quantities(events):
        stage = curves.kept(events, item.stage)
        rows = curves.series(events, stage, item.name).dropna()
        if len(rows) < 2:
            continue
        final = next((one for one in held if curves.is_of({"quantity": one.quantity}, item)), None)
        top = curves.ceiling(item, estimates, run.config, len(run.classes))
        found.append(_curve(item, rows, curves.series(events, stage, curves.HELD_OUT + item.name).dropna(), final, top))
    return found


def _curve(
    item: curves.Quantity,
    rows: pd.DataFrame,
    held: pd.DataFrame,
    final: Information | None,
    top: curves.Ceiling,
) -> Chart:
    x, y = rows["step"].to_numpy(dtype=float), rows["value"].to_numpy(dtype=float)
    smoothed = curve_lines.smooth(y, SMOOTHING)
    keep = curve_lines.thin(y, 300)
    last = float(x[-1])
    points = [(float(a), float(b)) for a, b in zip(held["step"], held["value"], strict=True) if a < last]
    ends: list[float] = []
    if final is not None and final.value is not None:
        points.append((last, final.value))
        ends = [value for value in (final.low, final.high) if value is not None]
    tops = [] if top.value is None else [top.value]
    # A start a hair below zero must not take a fifth of the chart.
    floor = -0.03 * float(np.max(y))
    heights = [
        *(0.0 if floor < value < 0 else value for value in y[keep].tolist()),
        *(value for _, value in points),
        *ends,
        *tops,
    ]
    across, up = steps_axis(last, "training step"), axis(heights, "nats", zero=True, most=bool(tops))
    marks = [Mark(across.at(a), up.at(b)) for a, b in points]
    if len(ends) == 2:
        marks[-1] = Mark(marks[-1].x, marks[-1].y, up.at(ends[0]), up.at(ends[1]))
    says = f"While training: {item.bound}."
    if final is not None and final.value is not None:
        interval = between(final.low, final.high, 2, sign=False)
        says += f" On fresh samples: {minus(f'{final.value:.2f}')} nats" + (
            f" (95 % interval {interval})" if interval else ""
        )
        says += f", of at most {top.value:.2f}." if top.value is not None else "."
        if final.saturated:
            says += " That is near the ceiling: all that is up to it looks alike."
    chosen = np.unique(np.linspace(0, len(x) - 1, min(TABLE_ROWS, len(x))).round().astype(int))
    table = [[f"{x[i]:,.0f}", minus(f"{smoothed[i]:.3f}"), "while training"] for i in chosen]
    table += [[f"{a:,.0f}", minus(f"{b:.3f}"), "held out"] for a, b in points]
    return Chart(
        title=f"{item.says[:-1]}: {item.shown}",
        says=says,
        alt=f"Line chart: {item.says[:-1]}, {item.shown} in nats over {last:,.0f} training steps, from {y[0]:.2f} to "
        f"{smoothed[-1]:.2f}. {says}",
        x=across,
        y=up,
        lines=[
            Line(path(x[keep], y[keep], across, up), "raw"),
            Line(path(x[keep], smoothed[keep], across, up), "main"),
        ],
        marks=marks,
        ceiling=None if top.value is None else (up.at(top.value), f"{top.label} = {top.value:.2f}"),
        columns=["training step", f"{item.shown} (nats)", "measured"],
        rows=table,
    )


def gains_figure(one: Benchmark) -> Dots | None:
    """Each method's gain over nothing added, with its interval; None where no gain could be made."""
    found = [(method, method.gain) for method in one.methods if method.gain is not None]
    if not found:
        return None
    across = axis(
        [value for _, gain in found for value in (gain.low, gain.high, gain.mean)], "points of UA", signed=True
    )
    rows = [
        Row(
            method.title,
            [_dot(gain, across)],
            f"{signed(gain.mean)} ({between(gain.low, gain.high)})",
            method.name == "mirage",
        )
        for method, gain in found
    ]
    clear = [f"{method.title} ({signed(gain.mean)}, {gain.says})" for method, gain in found if gain.says in CLEAR]
    told = f"Told apart from zero: {', '.join(clear)}." if clear else "No method is told apart from zero."
    table = [
        [
            method.title,
            f"{method.ua:.1f}",
            between(method.low, method.high, sign=False),
            signed(method.gain.mean) if method.gain else "",
            between(method.gain.low, method.gain.high) if method.gain else "",
            method.gain.says if method.gain else "",
        ]
        for method in (one.reference, *one.methods)
    ]
    return Dots(
        title="Gain of each method over adding nothing",
        says=f"How many points of UA each way of adding features brings, with its 95 % interval. {told}",
        alt=f"Dot plot of gains in points of UA with 95 % intervals, one row a method. {told}",
        axis=across,
        rows=rows,
        legend=[
            ("filled", "told apart from zero"),
            ("hollow", "not told apart (interval and test must both say so)"),
            ("zero", "no gain"),
        ],
        zero=across.at(0.0),
        columns=["method", "UA (%)", "95 % interval", "gain (points)", "95 % interval", "verdict"],
        table=table,
    )


def gain_figure(gain: Gain) -> Dots:
    """One gain with its interval, for the head of the page."""
    across = axis([gain.low, gain.high, gain.mean], "points that MIRAGE adds", signed=True)
    words = f"{signed(gain.mean)} ({between(gain.low, gain.high)})"
    alt = f"Gain of MIRAGE over nothing added: {words} points, {gain.says}"
    return Dots(
        "The difference", "", alt, across, [Row("MIRAGE adds", [_dot(gain, across)], words, True)], zero=across.at(0.0)
    )


def _dot(gain: Gain, across: Axis) -> Dot:
    at = across.at
    return Dot(at(gain.mean), "filled" if gain.says in CLEAR else "hollow", at(gain.low), at(gain.high))


def effects_figure(one: Benchmark, words: str) -> Dots | None:
    """Recall of each emotion without and with MIRAGE; ``words``: what it comes to. None where nothing was measured."""
    known: list[Effect] = [effect for effect in one.effects if effect.change is not None]
    if not known:
        return None
    shown = [(effect, effect.without or 0.0, effect.with_mirage or 0.0, effect.change or 0.0) for effect in known]
    across = Axis(0.0, 100.0, "recall (%)", [(float(share), str(share)) for share in range(0, 101, 20)])
    return Dots(
        title="Recall of each emotion, without and with MIRAGE",
        says=f"The share of each emotion's utterances that is recognised. {words}",
        alt=f"Dot plot of recall in per cent, one row an emotion, without and with MIRAGE's features. {words}",
        axis=across,
        rows=[
            Row(
                effect.emotion,
                [
                    Dot(across.at(without), "without", *sorted((across.at(without), across.at(ours)))),
                    Dot(across.at(ours), "with"),
                ],
                f"{without:.0f} → {ours:.0f} % ({signed(change)})",
            )
            for effect, without, ours, change in shown
        ],
        legend=[("without", "nothing added"), ("with", "with MIRAGE")],
        columns=["emotion", "without (%)", "with MIRAGE (%)", "change (points)"],
        table=[
            [effect.emotion, f"{without:.1f}", f"{ours:.1f}", signed(change)] for effect, without, ours, change in shown
        ],
    )
