"""What figures drawn with ECharts share."""

from __future__ import annotations

from typing import Any

STAR = "path://M50,0L61,35L98,35L68,57L79,91L50,70L21,91L32,57L2,35L39,35Z"


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
