"""The page's figures as ECharts options: gains with intervals, recall, confusion, gain against condition.

Told apart by shape as well as by colour; a loss is drawn as a gain is, and what is not told apart is hollow.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from core.benchmarks import p_words
from dashboard.benchmark.family import Member, condition_label
from dashboard.benchmark.view import OVER, Gain
from dashboard.palette import ACCENT, CATEGORY_COLOURS, MUTED, rgba
from dashboard.space.map_style import grid

SHAPES = {"nothing added": "circle", "the regression": "diamond"}
COLOURS = {"nothing added": ACCENT, "the regression": CATEGORY_COLOURS[1]}
SYMBOLS = ("circle", "diamond", "triangle", "rect", "pin", "arrow", "roundRect")
_HOLLOW = "rgba(0, 0, 0, 0)"
_ROWS = 4  # of the axis for one method: a gain, the method's name, the other gain, a gap
LABELS = 128
"""Pixels for the names on the left."""
MOST_LEVEL, TURNED = 5, 18
"""Columns of a heat map whose names are not turned, and pixels that turned ones need besides."""


def forest_option(found: Sequence[Gain]) -> dict[str, Any]:
    """Each method's gains in points of UA: a dot with its 95 % interval, over nothing added and over the regression."""
    titles = list(dict.fromkeys(gain.title for gain in found))
    names = [""] * (_ROWS * len(titles))
    for place, title in enumerate(titles):
        names[_ROWS * place + 1] = title
    series: list[dict[str, Any]] = []
    for offset, over in zip((0, 2), OVER.values(), strict=True):
        own = [(gain, _ROWS * titles.index(gain.title) + offset) for gain in found if gain.over == over]
        if own:
            points = [(gain, [gain.low, row], [gain.high, row], [gain.mean, row]) for gain, row in own]
            series += _dots(f"over {over}", COLOURS[over], SHAPES[over], points, labels=[gain.title for gain, _ in own])
    series[0]["markLine"] = _zero("xAxis")
    return {
        "animation": False,
        "grid": grid(left=LABELS, right=14, top=34, bottom=44),
        "legend": _legend(
            {f"over {over}": SHAPES[over] for over in OVER.values() if any(gain.over == over for gain in found)}
        ),
        "xAxis": {**_gain_axis(found), "nameGap": 26, "axisLabel": {"hideOverlap": True}},
        "yAxis": _names_axis(names),
        "tooltip": {"trigger": "item", "confine": True},
        "series": series,
    }


def forest_height(found: Sequence[Gain]) -> int:
    """Pixels that fit ``forest_option``."""
    return 84 + 46 * len({gain.title for gain in found})


def heat_option(
    rows: Sequence[str],
    columns: Sequence[str],
    values: np.ndarray,
    *,
    hover: Sequence[Sequence[str]],
    row_name: str = "",
    column_name: str = "",
    signed: bool = False,
) -> dict[str, Any]:
    """A table of numbers as coloured cells with the number in each.

    Args:
        values: (rows, columns) in per cent, or points where ``signed``; NaN leaves a cell empty.
        hover: what is said of each cell. row_name, column_name: of the axes.
        signed: colours on both sides of zero, with the sign written.
    """
    top = 100.0 if not signed else max(1.0, float(np.nanmax(np.abs(values), initial=0.0)))
    data = []
    for i in range(len(rows)):
        for j in range(len(columns)):
            value = float(values[i][j])
            if math.isnan(value):
                continue
            data.append(
                {
                    "value": [j, i, round(value, 2)],
                    "label": {"formatter": f"{value:+.1f}" if signed else f"{value:.0f}"},
                    "tooltip": {"formatter": html.escape(hover[i][j])},
                }
            )
    # See-through, so that the page's own text colour can be read on every cell, on a light and on a dark page.
    ramp = [rgba(ACCENT, 0.02), rgba(ACCENT, 0.6)]
    if signed:
        ramp = [rgba(CATEGORY_COLOURS[1], 0.6), rgba(MUTED, 0.05), ramp[1]]
    left = min(LABELS, 36 + 7 * max((len(name) for name in rows), default=0))
    # Many names in a row are turned: a narrow screen has no room for them.
    turned = len(columns) > MOST_LEVEL
    return {
        "animation": False,
        "grid": grid(left=left, right=10, top=_head(bool(column_name), turned), bottom=8),
        "xAxis": {
            "type": "category",
            "data": list(columns),
            "position": "top",
            "name": column_name,
            "nameLocation": "middle",
            "nameGap": 28 + (TURNED if turned else 0),
            "axisTick": {"show": False},
            "axisLine": {"show": False},
            "axisLabel": {"interval": 0, "hideOverlap": False, "rotate": 38 if turned else 0},
            "splitLine": {"show": False},
        },
        "yAxis": {
            **_names_axis(rows),
            "name": row_name,
            "nameLocation": "middle",
            "nameGap": left - 16,
        },
        "visualMap": {
            "type": "continuous",
            "show": False,
            "min": -top if signed else 0,
            "max": top,
            "dimension": 2,
            "inRange": {"color": ramp},
        },
        "tooltip": {"trigger": "item", "confine": True},
        "series": [
            {
                "type": "heatmap",
                "id": "cells",
                "data": data,
                # A place, not "inside": only then the text has the page's own colour, light or dark.
                "label": {
                    "show": True,
                    "position": ["50%", "50%"],
                    "align": "center",
                    "verticalAlign": "middle",
                    "textBorderWidth": 0,
                    "textBorderColor": _HOLLOW,
                },
                "itemStyle": {"borderWidth": 1, "borderColor": rgba(MUTED, 0.18)},
                "emphasis": {"itemStyle": {"borderColor": MUTED, "borderWidth": 2}},
            }
        ],
    }


def heat_height(rows: Sequence[str], columns: Sequence[str], *, named: bool = False) -> int:
    """Pixels that fit ``heat_option``; ``named``: with names of the axes."""
    return _head(named, len(columns) > MOST_LEVEL) + 8 + 34 * len(rows)


def _head(named: bool, turned: bool) -> int:
    return (52 if named else 30) + (TURNED if turned else 0)


def family_option(listed: Sequence[Member]) -> dict[str, Any]:
    """Gain of each method against the condition: a dot with its 95 % interval, joined from condition to condition."""
    titles = {name: gain.title for member in listed for name, gain in member.gains.items()}
    slots = len(titles) + 2
    names = [""] * (slots * len(listed))
    for place, member in enumerate(listed):
        names[slots * place + slots // 2] = condition_label(member.condition)
    series: list[dict[str, Any]] = []
    for number, (name, title) in enumerate(titles.items()):
        colour, symbol = CATEGORY_COLOURS[number % len(CATEGORY_COLOURS)], SYMBOLS[number % len(SYMBOLS)]
        own = [
            (member.gains[name], slots * place + 1 + number, condition_label(member.condition), member.condition)
            for place, member in enumerate(listed)
            if name in member.gains
        ]
        points = [(gain, [at, gain.low], [at, gain.high], [at, gain.mean]) for gain, at, _, _ in own]
        series += _dots(title, colour, symbol, points, labels=[f"{title}, {label}" for _, _, label, _ in own])
        series.append(
            {
                "type": "line",
                "id": f"{title} joined",
                "name": title,
                "symbol": "none",
                "silent": True,
                "lineStyle": {"color": rgba(colour, 0.35), "width": 1.5},
                # A cut class is no smaller share: it stands for itself.
                "data": [[at, round(gain.mean, 3)] for gain, at, _, what in own if not what.startswith("cut:")],
            }
        )
    series[0]["markLine"] = _zero("yAxis")
    return {
        "animation": False,
        "grid": grid(left=52, right=12, top=62, bottom=46),
        "legend": {
            **_legend({title: SYMBOLS[number % len(SYMBOLS)] for number, title in enumerate(titles.values())}),
            "selectedMode": True,
        },
        "xAxis": {
            "type": "category",
            "data": names,
            "name": "training utterances used",
            "nameLocation": "middle",
            "nameGap": 26,
            "axisTick": {"show": False},
            "axisLabel": {"interval": 0, "hideOverlap": False},
            "splitLine": {"show": False},
        },
        "yAxis": {**_gain_axis([gain for member in listed for gain in member.gains.values()]), "nameGap": 34},
        "tooltip": {"trigger": "item", "confine": True},
        "series": series,
    }


def _dots(
    name: str, colour: str, symbol: str, points: Sequence[tuple[Gain, list, list, list]], *, labels: Sequence[str]
) -> list[dict[str, Any]]:
    """An interval and a dot for each gain: filled where it is told apart from zero."""
    return [
        {
            "type": "lines",
            "id": f"{name} intervals",
            "name": name,
            "coordinateSystem": "cartesian2d",
            "silent": True,
            "lineStyle": {"color": colour, "width": 2, "opacity": 0.85},
            "data": [{"coords": [_round(low), _round(high)]} for _, low, high, _ in points],
        },
        {
            "type": "scatter",
            "id": f"{name} means",
            "name": name,
            "symbol": symbol,
            "symbolSize": 11,
            "z": 5,
            "itemStyle": {"color": colour},
            "data": [
                {
                    "value": _round(at),
                    "itemStyle": {
                        "color": colour if gain.says in ("better", "worse") else _HOLLOW,
                        "borderColor": colour,
                        "borderWidth": 2,
                    },
                    "tooltip": {"formatter": html.escape(_said(label, gain))},
                }
                for label, (gain, _, _, at) in zip(labels, points, strict=True)
            ],
        },
    ]


def _said(label: str, gain: Gain) -> str:
    return (
        f"{label}: {gain.mean:+.1f} points over {gain.over}, 95 % {gain.low:+.1f} to {gain.high:+.1f}, "
        f"p {p_words(gain.p_value)} - {gain.says}"
    )


def _zero(axis: str) -> dict[str, Any]:
    return {
        "symbol": "none",
        "silent": True,
        "label": {"show": False},
        "lineStyle": {"type": "dashed", "width": 1.5, "color": MUTED},
        "data": [{axis: 0}],
    }


def _legend(names: dict[str, str]) -> dict[str, Any]:
    """Names with the symbol of each."""
    return {
        "top": 0,
        "left": 0,
        "selectedMode": False,
        "itemWidth": 12,
        "itemHeight": 12,
        "itemGap": 14,
        "data": [{"name": name, "icon": symbol} for name, symbol in names.items()],
    }


def _names_axis(names: Sequence[str]) -> dict[str, Any]:
    return {
        "type": "category",
        "data": list(names),
        "inverse": True,
        "axisTick": {"show": False},
        "axisLine": {"show": False},
        "splitLine": {"show": False},
        "axisLabel": {"interval": 0, "hideOverlap": False, "width": LABELS - 14, "overflow": "break", "lineHeight": 13},
    }


def _gain_axis(found: Sequence[Gain]) -> dict[str, Any]:
    """Reaches as far on both sides of zero, so that neither a gain nor a loss looks larger."""
    most = max((abs(value) for gain in found for value in (gain.low, gain.high)), default=1.0)
    step = next((step for step in (0.5, 1.0, 2.0, 5.0) if most < 4 * step), 10.0)
    reach = max(step, math.ceil(1.02 * most / step) * step)
    return {
        "type": "value",
        "min": -reach,
        "max": reach,
        "interval": step,
        "name": "gain (points of UA)",
        "nameLocation": "middle",
    }


def _round(place: list[float]) -> list[float]:
    return [round(value, 3) for value in place]
