"""The lab's map as an ECharts option: real speech muted behind, what is generated, trails and the strip's path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from dashboard.lab.controls import Controls
from dashboard.lab.readout import Readout, Strip
from dashboard.lab.tray import Kept
from dashboard.palette import ACCENT, MUTED, emotion_colour, rgba
from dashboard.space.map_style import STAR, axis, grid
from dashboard.space.points import MapPoints

BASE_MOST = 4000
"""Real points behind the generated ones; more would slow every redraw. The page says when some are left out."""
STARS = "generated"
MAP_HEIGHT = 500


def base_rows(points: MapPoints) -> np.ndarray:
    """The rows drawn behind: all with a place, or ``BASE_MOST`` of them chosen at random (always the same ones)."""
    rows = np.flatnonzero(np.isfinite(points.audio[:, 0]))
    if len(rows) <= BASE_MOST:
        return rows
    return np.sort(np.random.default_rng(0).choice(rows, BASE_MOST, replace=False))


def base_frame(points: MapPoints) -> pd.DataFrame:
    """The muted points behind: x, y and the number of the class (the last one: none)."""
    rows = base_rows(points)
    place = {name: number for number, name in enumerate(points.classes)}
    paint = points.table["label"].iloc[rows].map(place).astype("float64").fillna(len(place))
    return pd.DataFrame(
        {"x": points.audio[rows, 0], "y": points.audio[rows, 1], "paint": paint.to_numpy(dtype=np.int32)}
    )


def map_option(
    base: pd.DataFrame,
    frame: tuple[float, float, float, float],
    classes: Sequence[str],
    readout: Readout,
    controls: Controls,
    *,
    strip: Strip,
    before: np.ndarray | None,
    tray: Sequence[Kept] = (),
) -> dict[str, Any]:
    """The map: real points muted, generated ones as stars, trails from ``before`` (n, 2), the strip's path."""
    stars = [
        {"value": _place(place), "itemStyle": {"color": emotion_colour(classes[best])}}
        for place, best in zip(readout.places, readout.posterior.argmax(axis=1), strict=True)
    ]
    trails = []
    if before is not None and len(before) == len(readout.places):
        moved = np.linalg.norm(before - readout.places, axis=1) > 1e-4
        trails = [
            {"coords": [_place(old), _place(new)]}
            for old, new, is_moved in zip(before, readout.places, moved, strict=True)
            if is_moved
        ]
    path = [_place(place) for place in strip.places]
    ends = _wide_enough(frame, readout.places)
    pieces = [{"value": number, "color": rgba(emotion_colour(name), 0.28)} for number, name in enumerate(classes)]
    pieces.append({"value": len(classes), "color": rgba(MUTED, 0.28)})
    series = [
        {
            "type": "scatter",
            "id": "real",
            "name": "real",
            "datasetIndex": 0,
            "encode": {"x": "x", "y": "y"},
            "symbolSize": 5,
            "silent": True,
            "z": 1,
        },
        {
            "type": "lines",
            "id": "trail",
            "name": "trail",
            "coordinateSystem": "cartesian2d",
            "data": trails,
            "silent": True,
            "lineStyle": {"color": MUTED, "width": 1, "opacity": 0.6},
            "z": 2,
        },
        {
            "type": "line",
            "id": "path",
            "name": "path",
            "data": path,
            "silent": True,
            "symbol": "circle",
            "symbolSize": 4,
            "showAllSymbol": True,
            "lineStyle": {"color": ACCENT, "width": 1.5, "opacity": 0.8},
            "itemStyle": {"color": ACCENT},
            "z": 3,
        },
        {
            "type": "scatter",
            "id": "ends",
            "name": "ends",
            "silent": True,
            "symbolSize": 1,
            "data": [
                {"value": path[0], "label": {"show": True, "formatter": "−3σ", "position": "bottom"}},
                {"value": path[-1], "label": {"show": True, "formatter": "+3σ", "position": "bottom"}},
            ],
            "label": {"fontSize": 11},
            "z": 6,
        },
        {
            "type": "scatter",
            "id": STARS,
            "name": STARS,
            "symbol": STAR,
            "symbolSize": 17,
            "data": stars,
            "selectedMode": "single",
            "itemStyle": {"borderColor": "#FFFFFF", "borderWidth": 0.8},
            "tooltip": {"formatter": "generated sample; click to look at it"},
            "z": 5,
        },
        {
            "type": "scatter",
            "id": "looked-at",
            "name": "looked-at",
            "silent": True,
            "symbol": "circle",
            "symbolSize": 25,
            "data": [_place(readout.places[controls.sample])],
            "itemStyle": {"color": "rgba(0, 0, 0, 0)", "borderColor": ACCENT, "borderWidth": 2.4},
            "z": 6,
        },
        {
            "type": "scatter",
            "id": "kept",
            "name": "kept",
            "symbol": "rect",
            "symbolSize": 9,
            "silent": True,
            "itemStyle": {"color": "rgba(0, 0, 0, 0)", "borderColor": MUTED, "borderWidth": 2},
            "data": [
                {"value": _place(kept.place), "label": {"show": True, "formatter": _quoted(kept.name)}} for kept in tray
            ],
            "label": {"position": "right", "fontSize": 11, "color": MUTED},
            "z": 4,
        },
    ]
    legend, empties = _legend(classes)
    return {
        "animation": False,
        "dataset": {"source": base},
        "grid": grid(left=24, right=4, top=50 if len(classes) <= 4 else 72, bottom=24),
        "xAxis": axis("map axis 1 (no unit)", ends[:2]),
        "yAxis": axis("map axis 2 (no unit)", ends[2:]),
        "tooltip": {"trigger": "item", "confine": True},
        "legend": legend,
        "visualMap": {"type": "piecewise", "show": False, "dimension": 2, "seriesIndex": [0], "pieces": pieces},
        "series": [*series, *empties],
    }


def _legend(classes: Sequence[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Two lines: what the shapes are, what the colours are. Their entries are series without data."""

    def empty(name: str, symbol: str, colour: str) -> dict[str, Any]:
        style = {"color": colour}
        return {"type": "scatter", "id": f"key-{name}", "name": name, "symbol": symbol, "data": [], "itemStyle": style}

    shapes = [
        empty("real speech", "circle", rgba(MUTED, 0.5)),
        empty("generated ", STAR, MUTED),
        empty("path of the strip", "path://M0,4L20,4L20,6L0,6Z", ACCENT),
    ]
    colours = [empty(name, "roundRect", emotion_colour(name)) for name in classes]
    common = {"selectedMode": False, "left": 20, "itemGap": 12, "itemWidth": 11, "itemHeight": 11, "type": "scroll"}
    return [
        {**common, "top": 2, "data": [one["name"] for one in shapes]},
        {**common, "type": "plain", "top": 25, "right": 4, "data": [one["name"] for one in colours]},
    ], [*shapes, *colours]


def close_up(frame: tuple[float, float, float, float], *places: np.ndarray) -> tuple[float, float, float, float]:
    """The part of the map around ``places`` (each (n, 2)), in steps of a fortieth of the map.

    In steps, so that the map stands still while points move a little.
    """
    around = np.concatenate(places)
    ends: list[float] = []
    for axis_number in range(2):
        low, high = frame[2 * axis_number], frame[2 * axis_number + 1]
        step = (high - low) / 40
        first = np.floor((around[:, axis_number].min() - low) / step - 1.0)
        last = np.ceil((around[:, axis_number].max() - low) / step + 1.0)
        ends += [round(float(low + step * first), 4), round(float(low + step * last), 4)]
    return (ends[0], ends[1], ends[2], ends[3])


def _wide_enough(frame: tuple[float, float, float, float], places: np.ndarray) -> tuple[float, float, float, float]:
    """``frame``, grown where a generated point lies outside: nothing is cut off unseen."""
    low, high = places.min(axis=0), places.max(axis=0)
    pad = 0.04 * max(frame[1] - frame[0], frame[3] - frame[2])
    return (
        frame[0] if low[0] >= frame[0] else round(float(low[0]) - pad, 3),
        frame[1] if high[0] <= frame[1] else round(float(high[0]) + pad, 3),
        frame[2] if low[1] >= frame[2] else round(float(low[1]) - pad, 3),
        frame[3] if high[1] <= frame[3] else round(float(high[1]) + pad, 3),
    )


def _place(point: np.ndarray) -> list[float]:
    return [round(float(point[0]), 4), round(float(point[1]), 4)]


def _quoted(name: str) -> str:
    """A name that ECharts prints as it stands: braces would start a placeholder or a style."""
    return name.replace("{", "(").replace("}", ")").replace("|", "/")
