"""The common look of figures drawn with ECharts: axes with units, legend above, no animation, nothing that needs code.

Bars, histograms and curves are ECharts because a browser reads its code in a fifth of the time that Plotly's takes;
Plotly stays where it does more (a clip's waveform over its spectrogram, dashboard/charts.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboard.palette import ACCENT, rgba
from dashboard.theme import short


def base(*, legend: Sequence[str] = (), top: int | None = None, left: int = 8, right: int = 14) -> dict[str, Any]:
    """What every figure begins with. ``legend``: the names in it, above the figure; none, no legend."""
    option: dict[str, Any] = {
        "animation": False,
        "grid": {
            "left": left,
            "right": right,
            "top": top if top is not None else (34 if legend else 12),
            "bottom": 6,
            "outerBoundsMode": "same",
            "outerBoundsContain": "all",
        },
        "tooltip": {"trigger": "item", "confine": True},
    }
    if legend:
        option["legend"] = {
            "type": "scroll",
            "top": 0,
            "left": 0,
            "right": 8,
            "icon": "roundRect",
            "itemWidth": 14,
            "itemHeight": 9,
            "itemGap": 12,
            "pageIconSize": 11,
            "pageButtonGap": 4,
            "data": list(legend),
        }
    return option


def values(name: str, *, gap: int, lines: bool = True, **more: Any) -> dict[str, Any]:
    """A numeric axis; ``name`` carries the unit, ``gap`` is its distance from the axis in pixels."""
    return {
        "type": "value",
        "name": name,
        "nameLocation": "middle",
        "nameGap": gap,
        "splitLine": {"show": lines},
        "axisLine": {"show": False, "onZero": False},
        "axisTick": {"show": False},
        **more,
    }


def categories(names: Sequence[str], *, name: str = "", **more: Any) -> dict[str, Any]:
    """An axis of names."""
    return {
        "type": "category",
        "data": [short(name, 32) for name in names],
        "name": name,
        "nameLocation": "middle",
        "nameGap": 26,
        "axisTick": {"show": False},
        "splitLine": {"show": False},
        **more,
    }


def zoom_by_drag() -> dict[str, Any]:
    """Toolbox and brush with which a person marks a part of the horizontal axis; the page then shows that part."""
    return {
        "toolbox": {
            "right": 4,
            "bottom": 0,
            "itemSize": 16,
            "feature": {"brush": {"type": ["lineX"], "title": {"lineX": "Zoom: mark a part of the axis"}}},
        },
        "brush": {
            "xAxisIndex": 0,
            "brushMode": "single",
            "brushStyle": {"borderWidth": 1, "borderColor": ACCENT, "color": rgba(ACCENT, 0.1)},
            "throttleType": "debounce",
            "throttleDelay": 150,
        },
    }
