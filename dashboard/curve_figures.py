"""Curves as figures (ECharts options): losses, mutual information under its ceiling, recognition while training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core import Config
from dashboard import chart_style, curve_series, curves, palette, theme
from dashboard.curve_axes import STEP, WHOLE, Ruler, Window, title
from dashboard.run_curves import RunCurves, final_estimate

LOSSES = {
    "alignment": ("loss", "cross_entropy"),
    "realignment": ("loss", "cross_entropy"),
    "generation": ("d_loss", "g_loss"),
}
LOSS_NAMES = {
    "loss": "total loss",
    "cross_entropy": "cross-entropy",
    "d_loss": "discriminator",
    "g_loss": "generator",
}
UA_NAMES = {"ua_validation": "validation speakers", "ua_train": "training speakers"}
QUANTITY_COLOURS = {
    "I(c;h_hat)": palette.CATEGORY_COLOURS[0],
    "I(u;h_hat)": palette.CATEGORY_COLOURS[1],
    "I(t;h_hat)": palette.CATEGORY_COLOURS[2],
    "I(h_hat;t_hat)": palette.CATEGORY_COLOURS[3],
    "mi": palette.CATEGORY_COLOURS[4],
}
LIVE_HEIGHT = 280

Option = dict[str, Any]


def show_live(run_id: str, events: pd.DataFrame, stage: str, config: Config | None) -> None:
    """The curves of one stage of a running job."""
    shown = RunCurves(run_id, palette.ACCENT, events, config)
    figures = [("Losses", losses(shown, stage), "Losses of the stage over its steps")]
    measured = [item for item in curves.quantities(events) if item.stage == curves.kind_of(stage)]
    present = [replace(item, stage=stage) for item in measured]
    if present:
        figures.append(("Mutual information", information(shown, present), "Mutual information in nats over steps"))
    if set(events.loc[events["stage"] == stage, "name"]) & set(UA_NAMES):
        figures.append(("Recognition", recognition([shown], stage=stage), "Unweighted average recall over steps"))
    with st.grid(2, min_column_width=380, gap="medium") as grid:
        for heading, option, alt in figures:
            with grid.cell():
                st.caption(heading)
                if option is not None:
                    theme.draw(option, key=f"live_{run_id}_{stage}_{heading}", height=LIVE_HEIGHT, alt=alt)


def losses(shown: RunCurves, stage: str, weight: float = 0.6) -> Option | None:
    """Losses over the steps of a stage: smoothed, with the raw line kept faint."""
    series = []
    for i, name in enumerate(LOSSES.get(stage, ())):
        colour = palette.CATEGORY_COLOURS[i]
        series += _curve(shown, stage, name, LOSS_NAMES[name], colour, weight)
    return _figure(series, x=title(STEP), y="loss")


def information(shown: RunCurves, items: Sequence[curves.Quantity], weight: float = 0.6) -> Option | None:
    """Training bounds of several quantities of one run in one figure."""
    series = []
    for item in items:
        colour = QUANTITY_COLOURS.get(item.name, palette.ACCENT)
        series += _curve(shown, item.stage, item.name, item.shown, colour, weight)
        rows = curves.series(shown.events, item.stage, curves.HELD_OUT + item.name).dropna()
        x, y = rows["step"].to_numpy(dtype=float), rows["value"].to_numpy(dtype=float)
        series += curve_series.held_out(x, y, name=f"{item.shown} held out", colour=colour, window=WHOLE)
    if items and curves.kind_of(items[0].stage) == "alignment":
        colour = palette.CATEGORY_COLOURS[5]
        series += _curve(shown, items[0].stage, "infonce", "InfoNCE of h and t", colour, weight)
    return _figure(series, x=title(STEP), y="nats")


def quantity(
    runs: Sequence[RunCurves], item: curves.Quantity, *, weight: float, axis: str, window: Window = WHOLE
) -> Option | None:
    """One mutual information of several runs: bound while training, held-out value with its interval, ceiling.

    None where no run has a value in the ``window`` of the ``axis``.
    """
    series: list[Option] = []
    tops: dict[tuple[float, str], None] = {}
    for shown in runs:
        ruler = Ruler(shown.events, axis, weight)
        stage = curves.kept(shown.events, item.stage)
        rows = curves.series(shown.events, stage, item.name)
        x, y = ruler.places(rows, stage), rows["value"].to_numpy(dtype=float)
        drawn = curve_series.line(
            x,
            y,
            name=_name(shown, runs, ""),
            colour=shown.colour,
            weight=weight,
            window=window,
            pinned=shown.pinned,
        )
        held = curves.series(shown.events, stage, curves.HELD_OUT + item.name).dropna()
        hx, values = ruler.places(held, stage), held["value"].to_numpy(dtype=float)
        final = final_estimate(shown, item)
        if final is not None:
            # The last word of a run is its final estimate, the only one with an interval: it stands where the run
            # ended, in the place of what was held out there.
            ends = x[np.isfinite(x)]
            end = float(ends[-1]) if len(ends) else (float(hx[-1]) if len(hx) else 0.0)
            last = len(hx) > 0 and len(rows) > 0 and held["step"].iloc[-1] >= rows["step"].iloc[-1]
            hx, values = (hx[:-1], values[:-1]) if last else (hx, values)
            hx, values = np.append(hx, end), np.append(values, final["value"])
        drawn += curve_series.held_out(
            hx, values, name=_name(shown, runs, "held out"), colour=shown.colour, window=window, final=final
        )
        series += drawn
        top = curves.ceiling(item, shown.estimates, shown.config, shown.classes)
        if top.value is not None and drawn:
            tops[(round(top.value, 4), top.label)] = None
    return _figure(series, x=title(axis), y=f"{item.shown} (nats)", zero=True, tops=list(tops), window=window)


def recognition(
    runs: Sequence[RunCurves], *, stage: str | None = None, axis: str = STEP, window: Window = WHOLE
) -> Option | None:
    """Unweighted average recall while stage 1 trains, on training and validation speakers; without ``stage`` the
    last time it trains."""
    series: list[Option] = []
    for shown in runs:
        ruler = Ruler(shown.events, axis)
        own = stage or curves.kept(shown.events, "alignment")
        for name, words in UA_NAMES.items():
            rows = curves.series(shown.events, own, name)
            series += curve_series.line(
                ruler.places(rows, own),
                rows["value"].to_numpy(dtype=float) * 100,
                name=_name(shown, runs, words),
                colour=shown.colour,
                weight=0.0,
                window=window,
                dash="solid" if name == "ua_validation" else "dashed",
            )
    option = _figure(series, x=title(axis), y="UA (%)", window=window)
    if option is not None:
        option["yAxis"] |= {"min": 0, "max": 100, "interval": 20}
        option["tooltip"]["valueFormatter"] = "%.1f"
    return option


def _name(shown: RunCurves, runs: Sequence[RunCurves], what: str) -> str:
    """The name of a line in the legend, short: several runs share the room above a figure."""
    run = f"{shown.run} (baseline)" if shown.pinned else shown.run
    if len(runs) == 1:
        return what or "while training"
    return f"{run}, {what}" if what else run


def _curve(shown: RunCurves, stage: str, name: str, words: str, colour: str, weight: float) -> list[Option]:
    rows = curves.series(shown.events, stage, name)
    x, y = rows["step"].to_numpy(dtype=float), rows["value"].to_numpy(dtype=float)
    return curve_series.line(x, y, name=words, colour=colour, weight=weight, window=WHOLE)


def _figure(
    series: list[Option],
    *,
    x: str,
    y: str,
    zero: bool = False,
    tops: Sequence[tuple[float, str]] = (),
    window: Window = WHOLE,
) -> Option | None:
    if not series:
        return None
    ends = curve_series.reach(series, [value for value, _ in tops], zero=zero)
    option = chart_style.base(legend=curve_series.names(series))
    option["tooltip"] = {"trigger": "axis", "confine": True, "valueFormatter": "%.3f"}
    # The last step is a number worth reading; the end of another metric is any number.
    ended = window.high is not None or x == title(STEP)
    places = [point[0] for one in series for point in one["data"]]
    option["xAxis"] = chart_style.values(
        x,
        gap=26,
        lines=False,
        min=min(places) if window.low is None else window.low,
        max=max(places) if window.high is None else window.high,
        axisLabel={"hideOverlap": True, "showMinLabel": window.low is not None, "showMaxLabel": ended},
    )
    option["yAxis"] = chart_style.values(y, gap=40) | ends
    option["series"] = [*series, curve_series.ceilings(tops)] if tops else series
    return option
