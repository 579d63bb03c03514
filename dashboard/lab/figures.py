"""The lab's small charts as ECharts options: asked against recovered codes, the traversal strip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dashboard.lab.controls import CODE_LIMIT, Controls
from dashboard.lab.readout import Readout, Strip
from dashboard.palette import ACCENT, MUTED, emotion_colour, rgba
from dashboard.space.map_style import grid


def codes_option(code_names: Sequence[str], readout: Readout, controls: Controls) -> dict[str, Any]:
    """Asked (hollow) against recovered (filled) value of each code, joined by a line; all samples faint behind."""
    found = readout.recovered_codes
    own = found[controls.sample]
    asked = np.asarray(controls.codes)
    lowest = min(-CODE_LIMIT, float(found.min()))
    highest = max(CODE_LIMIT, float(found.max()))
    reach = float(np.ceil(max(-lowest, highest)))
    return {
        "animation": False,
        "grid": grid(left=34, right=10, top=28, bottom=40),
        "legend": {
            "top": 0,
            "left": 30,
            "selectedMode": False,
            "itemWidth": 11,
            "itemHeight": 11,
            "itemGap": 12,
            "data": ["asked", "recovered", "all"],
        },
        "xAxis": {
            "type": "value",
            "min": -reach,
            "max": reach,
            "interval": 1 if reach <= 4 else 2,
            "name": "code (σ)",
            "nameLocation": "middle",
            "nameGap": 22,
        },
        "yAxis": {"type": "category", "data": list(code_names), "inverse": True, "axisTick": {"show": False}},
        "tooltip": {"trigger": "item"},
        "series": [
            {
                "type": "lines",
                "id": "joined",
                "name": "joined",
                "coordinateSystem": "cartesian2d",
                "silent": True,
                "data": [
                    {"coords": [[float(a), name], [float(b), name]]}
                    for a, b, name in zip(asked, own, code_names, strict=True)
                ],
                "lineStyle": {"color": MUTED, "width": 2, "opacity": 0.8},
            },
            {
                "type": "scatter",
                "id": "all",
                "name": "all",
                "symbolSize": 5,
                "silent": True,
                "itemStyle": {"color": rgba(MUTED, 0.4)},
                "data": [[round(float(v), 3), code_names[k]] for row in found for k, v in enumerate(row)],
            },
            {
                "type": "scatter",
                "id": "asked",
                "name": "asked",
                "symbolSize": 11,
                "itemStyle": {"color": "rgba(0, 0, 0, 0)", "borderColor": ACCENT, "borderWidth": 2},
                "data": [[float(a), name] for a, name in zip(asked, code_names, strict=True)],
                "z": 4,
            },
            {
                "type": "scatter",
                "id": "recovered",
                "name": "recovered",
                "symbolSize": 9,
                "itemStyle": {"color": ACCENT},
                "data": [[round(float(b), 3), name] for b, name in zip(own, code_names, strict=True)],
                "z": 5,
            },
        ],
    }


def strip_option(code: str, classes: Sequence[str], strip: Strip, now: float) -> dict[str, Any]:
    """Probability of each emotion, stacked, while one code moves; the line stands where it is now.

    The colours are those of the map above it, whose legend serves both.
    """
    at = [round(float(value), 2) for value in strip.at]
    series: list[dict[str, Any]] = []
    for number, name in enumerate(classes):
        series.append(
            {
                "type": "line",
                "id": f"class-{number}",
                "name": name,
                "stack": "all",
                "symbol": "none",
                "lineStyle": {"width": 0},
                "areaStyle": {"color": emotion_colour(name), "opacity": 0.85},
                "itemStyle": {"color": emotion_colour(name)},
                "emphasis": {"disabled": True},
                "data": [[x, round(float(p), 4)] for x, p in zip(at, strip.posterior[:, number], strict=True)],
            }
        )
    series[0]["markLine"] = {
        "symbol": "none",
        "silent": True,
        "label": {"formatter": "now", "color": MUTED},
        "lineStyle": {"type": "solid", "width": 2, "color": MUTED},
        "data": [{"xAxis": now, "label": {"position": "end"}}],
    }
    return {
        "animation": False,
        "grid": grid(left=34, right=10, top=22, bottom=40),
        "xAxis": {
            "type": "value",
            "min": -CODE_LIMIT,
            "max": CODE_LIMIT,
            "interval": 1,
            "name": f"{code} (σ)",
            "nameLocation": "middle",
            "nameGap": 22,
        },
        "yAxis": {
            "type": "value",
            "min": 0,
            "max": 1,
            "interval": 0.25,
            "name": "",
            "axisLabel": {"showMinLabel": True},
        },
        "tooltip": {"trigger": "axis"},
        "series": series,
    }
