"""Lines, held-out squares, ceilings and broken stretches as ECharts series."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from dashboard import curve_lines, palette
from dashboard.curve_axes import Window

_NO_TIP = {"show": False}
BROKEN = "#C41B07"


def line(
    x: np.ndarray,
    y: np.ndarray,
    *,
    name: str,
    colour: str,
    weight: float,
    window: Window,
    pinned: bool = False,
    dash: str = "solid",
) -> list[dict[str, Any]]:
    """The smoothed line, the raw one faint behind it, and bands where the value was not a number.

    Args:
        x, y: (n,) places and values in the order of the steps. pinned: a baseline, dotted and without its raw line.
    """
    smoothed = curve_lines.smooth(y, weight)
    inside = np.flatnonzero(window.holds(x))
    x, y, smoothed = x[inside], y[inside], smoothed[inside]
    if len(x) == 0:
        return []
    keep = curve_lines.thin(y)
    found: list[dict[str, Any]] = []
    if weight > 0 and not pinned:
        found.append(_series(name, x[keep], y[keep], colour, width=1, opacity=0.38, tooltip=_NO_TIP, silent=True))
    style = "dotted" if pinned else dash
    main = _series(name, x[keep], smoothed[keep], colour, width=2.2 if pinned else 2, type=style, z=4)
    bands = curve_lines.broken(x, y)
    if bands:
        main["markArea"] = {
            "silent": True,
            "itemStyle": {"color": palette.rgba(BROKEN, 0.16), "borderColor": BROKEN, "borderWidth": 1},
            "label": {"color": BROKEN, "position": "insideTop", "fontSize": 12},
            "data": [[{"xAxis": a, "name": "not a number"}, {"xAxis": b}] for a, b in bands],
        }
    return [*found, main]


def held_out(
    x: np.ndarray, y: np.ndarray, *, name: str, colour: str, window: Window, final: dict[str, float] | None = None
) -> list[dict[str, Any]]:
    """Squares of held-out values (n,); where ``final`` is given, the last one carries the bar from low to high."""
    inside = window.holds(x)
    if not inside.any():
        return []
    squares = _series(name, x[inside], y[inside], colour, width=1.2, type="dashed", z=5)
    squares |= {"symbol": "rect", "symbolSize": 7, "showSymbol": True, "showAllSymbol": True}
    found = [squares]
    if final is not None and inside[-1]:
        ends = np.array([final["low"], final["high"]])
        bar = _series(name, np.repeat(x[-1], 2), ends, colour, width=2, tooltip=_NO_TIP, silent=True, z=5)
        found.append({**bar, "symbol": "rect", "symbolSize": [10, 2], "showSymbol": True})
    return found


def ceilings(lines: Iterable[tuple[float, str]]) -> dict[str, Any]:
    """A series without data that carries dotted lines at the ceilings (nats, what it is)."""
    marks = [
        {"yAxis": value, "label": {"formatter": f"{label} = {value:.2f} nats", "position": "insideStartTop"}}
        for value, label in lines
    ]
    return {
        "type": "line",
        "data": [],
        "silent": True,
        "tooltip": _NO_TIP,
        "markLine": {
            "symbol": "none",
            "silent": True,
            "lineStyle": {"type": "dotted", "width": 1.5, "color": palette.MUTED},
            "label": {"fontSize": 12, "color": palette.MUTED},
            "data": marks,
        },
    }


def reach(series: Iterable[dict[str, Any]], more: Iterable[float] = (), *, zero: bool) -> dict[str, float]:
    """Round ``min``, ``max`` and ``interval`` of an axis that holds every drawn value and ``more``.

    From 0 to 1 where nothing is a number.
    """
    heights = [point[1] for one in series for point in one["data"] if point[1] is not None]
    tops = list(more)
    heights += [*tops, *([0.0] if zero else [])]
    if not heights:
        return {"min": 0.0, "max": 1.0, "interval": 0.2}
    low, high = min(heights), max(heights)
    rough = (high - low) / 5 or abs(high) / 5 or 0.2
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * k for k in (1, 2, 5, 10) if size * k >= rough * 0.999)
    top = math.ceil(round(high / step + (0.15 if tops else 0.02), 9)) * step
    bottom = math.floor(round(low / step, 9)) * step
    return {"min": round(bottom, 10), "max": round(top, 10), "interval": round(step, 10)}


def names(series: Iterable[dict[str, Any]]) -> list[str]:
    """The names for the legend, each once, in order."""
    return list(dict.fromkeys(one["name"] for one in series if "name" in one))


def _series(
    name: str, x: np.ndarray, y: np.ndarray, colour: str, *, width: float, type: str = "solid", **more: Any
) -> dict[str, Any]:
    opacity = more.pop("opacity", 1.0)
    return {
        "type": "line",
        "name": name,
        "showSymbol": False,
        "emphasis": {"disabled": True},
        "itemStyle": {"color": colour},
        "lineStyle": {"color": colour, "width": width, "type": type, "opacity": opacity},
        # A missing value breaks the line. Five digits are more than a screen shows, and half the bytes.
        "data": [[_short(a), _short(b)] for a, b in zip(x.tolist(), y.tolist(), strict=True)],
        **more,
    }


def _short(value: float) -> float | None:
    return float(f"{value:.5g}") if math.isfinite(value) else None
