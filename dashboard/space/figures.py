"""Small charts beside the map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dashboard.palette import emotion_colour
from dashboard.space.map_style import grid


def posterior_bars(classes: Sequence[str], probabilities: np.ndarray) -> dict[str, Any]:
    """One horizontal bar for each class, 0 to 1, the value at its end.

    Args:
        probabilities: (k,) bars, or (n, k): bars are then the mean over n.
    """
    values = np.atleast_2d(probabilities).mean(axis=0)
    series: list[dict[str, Any]] = [
        {
            "type": "bar",
            "id": "mean",
            "name": "probability",
            "barWidth": "56%",
            "data": [
                {"value": round(float(value), 4), "itemStyle": {"color": emotion_colour(name)}}
                for name, value in zip(classes, values, strict=True)
            ],
            "label": {"show": True, "position": "right", "distance": 10},
            "labelLayout": {"hideOverlap": True},
        }
    ]
    for bar in series[0]["data"]:
        bar["label"] = {"formatter": f"{bar['value']:.2f}"}
    return {
        "animation": False,
        "grid": grid(left=76, right=42, top=4, bottom=40),
        "xAxis": {
            "type": "value",
            "min": 0,
            "max": 1,
            "interval": 0.25,
            "name": "probability",
            "nameLocation": "middle",
            "nameGap": 22,
        },
        "yAxis": {"type": "category", "data": list(classes), "inverse": True, "axisTick": {"show": False}},
        "tooltip": {"trigger": "item"},
        "series": series,
    }


def bars_height(classes: Sequence[str]) -> int:
    """Height in pixels that fits ``posterior_bars``."""
    return 46 + 26 * len(classes)
