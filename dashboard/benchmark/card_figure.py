"""The figure of the report card: generated features beside real ones, emotion by emotion."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from dashboard.palette import MUTED, emotion_colour
from dashboard.space.map_style import STAR, grid


def pairs_option(rows: Sequence[tuple[str, float, float]], name: str) -> dict[str, Any]:
    """A star for generated and a circle for real features on one line for each emotion.

    Args:
        rows: emotion, figure of the generated features, figure of the real ones. name: of the figure.
    """
    names = [emotion for emotion, _, _ in rows]
    top = max(1.0, *(value for _, made, real in rows for value in (made, real)))
    return {
        "animation": False,
        "grid": grid(left=84, right=16, top=30, bottom=44),
        "legend": {
            "top": 0,
            "left": 0,
            "selectedMode": False,
            "itemWidth": 13,
            "itemHeight": 13,
            "itemGap": 14,
            "itemStyle": {"color": MUTED},
            "data": [{"name": "generated", "icon": STAR}, {"name": "real", "icon": "circle"}],
        },
        "xAxis": {
            "type": "value",
            "min": 0,
            "max": 1 if top <= 1 else None,
            "name": name,
            "nameLocation": "middle",
            "nameGap": 26,
        },
        "yAxis": {"type": "category", "data": names, "inverse": True, "axisTick": {"show": False}},
        "tooltip": {"trigger": "item", "confine": True},
        "series": [
            {
                "type": "lines",
                "id": "joined",
                "coordinateSystem": "cartesian2d",
                "silent": True,
                "lineStyle": {"color": MUTED, "width": 2, "opacity": 0.7},
                "data": [{"coords": [[made, i], [real, i]]} for i, (_, made, real) in enumerate(rows)],
            },
            *(
                {
                    "type": "scatter",
                    "id": kind,
                    "name": kind,
                    "symbol": symbol,
                    "symbolSize": size,
                    "z": 5,
                    "data": [
                        {
                            "value": [round(float(row[place]), 4), i],
                            "itemStyle": {"color": emotion_colour(row[0])},
                            "tooltip": {"formatter": html.escape(f"{row[0]}, {kind}: {row[place]:.2f}")},
                        }
                        for i, row in enumerate(rows)
                    ],
                }
                for kind, symbol, size, place in (("generated", STAR, 17, 1), ("real", "circle", 11, 2))
            ),
        ],
    }


def pairs_height(rows: Sequence[tuple[str, float, float]]) -> int:
    """Pixels that fit ``pairs_option``."""
    return 84 + 34 * len(rows)
