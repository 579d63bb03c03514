"""The look that both maps share."""

from __future__ import annotations

from typing import Any

STAR = "path://M50,0L61,35L98,35L68,57L79,91L50,70L21,91L32,57L2,35L39,35Z"
FAINT = 0.13
"""Opacity of what is not selected."""


def grid(*, left: int, right: int, top: int, bottom: int) -> dict[str, Any]:
    """Where the axes stand, in pixels from the edges; Streamlit's theme would add room for labels once more."""
    return {
        "left": left,
        "right": right,
        "top": top,
        "bottom": bottom,
        "containLabel": False,
        "outerBoundsMode": "none",
    }


def axis(name: str, ends: tuple[float, ...]) -> dict[str, Any]:
    """An axis of the map: its name without numbers, since only nearness means something."""
    return {
        "type": "value",
        "name": name,
        "nameLocation": "middle",
        "nameGap": 9,
        "min": ends[0],
        "max": ends[1],
        "axisLabel": {"show": False},
        "axisTick": {"show": False},
        "axisLine": {"show": False, "onZero": False},
        "splitLine": {"show": True, "lineStyle": {"opacity": 0.35}},
    }
