"""Curves as figures: losses, mutual information under its ceiling, recognition while training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st

from core import Config, MirageError
from dashboard import curves, palette, state, theme

if TYPE_CHECKING:
    import plotly.graph_objects as go

LOSSES = {
    "alignment": ("loss", "cross_entropy"),
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


@dataclass(frozen=True)
class RunCurves:
    """All that is drawn of one run."""

    run: str
    colour: str
    events: pd.DataFrame
    config: Config | None = None
    estimates: Sequence[dict[str, Any]] = field(default_factory=tuple)
    classes: int | None = None


def show_live(run_id: str, events: pd.DataFrame, stage: str, config: Config | None) -> None:
    """The curves of one stage of a running job."""
    shown = RunCurves(run_id, palette.ACCENT, events, config)
    figures = [("Losses", losses(shown, stage), "Losses of the stage over its steps")]
    present = [item for item in curves.quantities(events) if item.stage == stage]
    if present:
        figures.append(("Mutual information", information(shown, present), "Mutual information in nats over steps"))
    if set(events.loc[events["stage"] == stage, "name"]) & set(UA_NAMES):
        figures.append(("Recognition", recognition([shown]), "Unweighted average recall over steps"))
    with st.grid(2, min_column_width=380, gap="medium") as grid:
        for title, figure, alt in figures:
            with grid.cell():
                st.caption(title)
                theme.show(figure, key=f"live_{run_id}_{stage}_{title}", alt=alt)


def losses(shown: RunCurves, stage: str, weight: float = 0.6) -> go.Figure:
    """Losses over the steps of a stage: smoothed, with the raw line kept faint."""
    figure = _figure()
    for i, name in enumerate(LOSSES.get(stage, ())):
        rows = curves.series(shown.events, stage, name)
        colour = palette.CATEGORY_COLOURS[i]
        _line(figure, rows["step"].to_numpy(), rows["value"].to_numpy(), weight, LOSS_NAMES[name], colour)
    return theme.style(figure, x="step of the stage", y="loss", height=280)


def information(shown: RunCurves, items: Sequence[curves.Quantity], weight: float = 0.6) -> go.Figure:
    """Training bounds of several quantities of one run in one figure."""
    figure = _figure()
    for item in items:
        rows = curves.series(shown.events, item.stage, item.name)
        colour = QUANTITY_COLOURS.get(item.name, palette.ACCENT)
        _line(figure, rows["step"].to_numpy(), rows["value"].to_numpy(), weight, item.shown, colour)
        held = curves.series(shown.events, item.stage, curves.HELD_OUT + item.name)
        _held_out(figure, held["step"].to_numpy(), held["value"].to_numpy(), f"{item.shown} held out", colour)
    if items and items[0].stage == "alignment":
        rows = curves.series(shown.events, "alignment", "infonce")
        colour = palette.CATEGORY_COLOURS[5]
        _line(figure, rows["step"].to_numpy(), rows["value"].to_numpy(), weight, "InfoNCE of h and t", colour)
    return theme.style(figure, x="step of the stage", y="bound (nats)", height=280)


def quantity(
    runs: Sequence[RunCurves], item: curves.Quantity, *, weight: float, axis: curves.Axis, height: int = 340
) -> go.Figure:
    """One mutual information of several runs: training bound, held-out value with its interval, ceiling."""
    figure = _figure()
    ceilings: dict[tuple[float, str], None] = {}
    for shown in runs:
        clock = curves.Clock(shown.events)
        rows = curves.series(shown.events, item.stage, item.name)
        x = curves.position(rows, axis, clock)
        label = f"{shown.run}: training bound" if len(runs) > 1 else "training bound"
        _line(figure, x, rows["value"].to_numpy(), weight, label, shown.colour)
        held = curves.series(shown.events, item.stage, curves.HELD_OUT + item.name)
        label = f"{shown.run}: held out" if len(runs) > 1 else "held out"
        hx, values = curves.position(held, axis, clock), held["value"].to_numpy(dtype=float)
        below = above = np.zeros(len(values))
        final = final_estimate(shown, item)
        if final is not None:
            end = float(np.max(x)) if len(x) else (float(np.max(hx)) if len(hx) else 0.0)
            # The last word of a run is its final estimate, the only one with an interval.
            keep = hx < end
            hx, values = np.append(hx[keep], end), np.append(values[keep], final["value"])
            below = np.append(np.zeros(keep.sum()), final["value"] - final["low"])
            above = np.append(np.zeros(keep.sum()), final["high"] - final["value"])
        _held_out(figure, hx, values, label, shown.colour, below, above)
        top = curves.ceiling(item, shown.estimates, shown.config, shown.classes)
        if top.value is not None:
            ceilings[(round(top.value, 4), top.label)] = None
    for value, label in ceilings:
        figure.add_hline(
            y=value,
            line={"dash": "dot", "width": 1.5, "color": palette.MUTED},
            annotation={"text": f"{label} = {value:.2f} nats", "font": {"size": 12}},
            annotation_position="top left",
        )
    theme.style(figure, x=curves.axis_title(axis), y=f"{item.shown} (nats)", height=height)
    figure.update_yaxes(rangemode="tozero")
    return figure


def recognition(runs: Sequence[RunCurves], *, axis: curves.Axis = "step", height: int = 280) -> go.Figure:
    """Unweighted average recall while stage 1 trains, on training and validation speakers."""
    figure = _figure()
    for shown in runs:
        clock = curves.Clock(shown.events)
        for name, title in UA_NAMES.items():
            rows = curves.series(shown.events, "alignment", name)
            if rows.empty:
                continue
            figure.add_scatter(
                x=curves.position(rows, axis, clock),
                y=rows["value"] * 100,
                name=f"{shown.run}: {title}" if len(runs) > 1 else title,
                mode="lines",
                line={"color": shown.colour, "width": 2, "dash": "solid" if name == "ua_validation" else "dot"},
                hovertemplate="%{y:.1f} %<extra>%{fullData.name}</extra>",
            )
    theme.style(figure, x=curves.axis_title(axis), y="UA (%)", height=height)
    figure.update_yaxes(range=[0, 102])
    return figure


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


def load(run_id: str, colour: str) -> RunCurves:
    """What is known of a run by now.

    Raises:
        MirageError: its events are damaged.
    """
    config = state.run_config(run_id)
    estimates = state.run_json(run_id, "information.json")
    result = state.run_recognition(run_id)
    count = len(result.classes) if result is not None else _class_count(config)
    kept = [item for item in estimates if isinstance(item, dict)] if isinstance(estimates, list) else []
    return RunCurves(run_id, colour, state.events(run_id), config, kept, count)


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


def _figure() -> go.Figure:
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.update_layout(hovermode="x unified")
    return figure


def _line(figure: go.Figure, x: np.ndarray, y: np.ndarray, weight: float, name: str, colour: str) -> None:
    if len(x) == 0:
        return
    smoothed = curves.smooth(y, weight)
    thin_x, raw, calm = curves.thin(x, y, smoothed)
    if weight > 0:
        figure.add_scatter(
            x=thin_x, y=raw, mode="lines", line={"color": palette.rgba(colour, 0.38), "width": 1}, hoverinfo="skip",
            showlegend=False, legendgroup=name,
        )  # fmt: skip
    figure.add_scatter(
        x=thin_x, y=calm, mode="lines", name=name, line={"color": colour, "width": 2}, legendgroup=name,
        hovertemplate="%{y:.3f}<extra>%{fullData.name}</extra>",
    )  # fmt: skip


def _held_out(
    figure: go.Figure,
    x: np.ndarray,
    y: np.ndarray,
    name: str,
    colour: str,
    below: np.ndarray | None = None,
    above: np.ndarray | None = None,
) -> None:
    if len(x) == 0:
        return
    error = None
    if above is not None and below is not None and np.any(above > 0):
        error = {"type": "data", "symmetric": False, "array": above, "arrayminus": below, "color": colour, "width": 5}
    figure.add_scatter(
        x=x, y=y, name=name, mode="lines+markers", error_y=error,
        line={"color": colour, "width": 1.2, "dash": "dash"},
        marker={"symbol": "square-open", "size": 8, "color": colour, "line": {"width": 2}},
        hovertemplate="%{y:.3f}<extra>%{fullData.name}</extra>",
    )  # fmt: skip
