"""Draws the map: turns points, colours and selection into an ECharts option.

Streamlit's ECharts element is updated in place where its Plotly element is built anew, so a changed selection costs
one canvas redraw. All utterances are one series in a fixed order (audio places, then text places), hidden ones
without a place: a point's index therefore says which row it is, whatever the colours and filters are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dashboard.palette import ACCENT, MUTED, rgba
from dashboard.space.colouring import Colouring
from dashboard.space.map_legend import legend_of, paint
from dashboard.space.map_style import FAINT, STAR, axis, grid
from dashboard.space.points import GeneratedPoints, MapPoints, frame_of
from dashboard.space.selection import Selection, pair_lines

POINTS = "points"
"""The id of the series that holds the utterances."""
GENERATED = "generated"
HEIGHT = 560
_SAID = 90


@dataclass(frozen=True)
class MapLook:
    """What is drawn beside the points themselves."""

    audio: bool = True
    text: bool = True
    pairs: bool = True
    frame: tuple[float, float, float, float] | None = None
    near: tuple[int, ...] = ()


def row_of_point(points: MapPoints) -> np.ndarray:
    """The row of each point of the series ``POINTS``: (2n,), audio places first."""
    return np.tile(np.arange(len(points)), 2)


def map_option(
    points: MapPoints,
    colours: Colouring,
    *,
    visible: np.ndarray,
    selection: Selection,
    look: MapLook,
    generated: GeneratedPoints | None = None,
) -> dict[str, Any]:
    """The whole chart; ``visible`` (n,) is what the filters let pass."""
    frame = look.frame or _frame(points, generated)
    legend, empties, lines = legend_of(points, colours, visible, selection, look.audio, look.text, generated)
    series: list[dict[str, Any]] = []
    if look.pairs:
        rows = [row for row in _marked(selection) if visible[row]]
        if look.audio and look.text:
            series.append(_pairs(pair_lines(points, rows)[0]))
    series.append(_points_series())
    if generated is not None:
        series.append(_generated_series())
    series += _rings(points, selection, look)
    series += empties
    drawn = [i for i, one in enumerate(series) if one["id"] == POINTS]
    stars = [i for i, one in enumerate(series) if one["id"] == GENERATED]
    return {
        "animation": False,
        "dataset": [
            {"source": _point_frame(points, colours, visible, selection, look)},
            {"source": _generated_frame(generated, colours)},
        ],
        "grid": grid(left=24, right=4, top=34 + 20 * lines, bottom=24),
        "xAxis": axis("map axis 1 (no unit)", frame[:2]),
        "yAxis": axis("map axis 2 (no unit)", frame[2:]),
        "legend": legend,
        "tooltip": {"trigger": "item", "confine": True},
        "toolbox": _toolbox(),
        "brush": {
            "xAxisIndex": "all",
            "brushMode": "single",
            "seriesIndex": drawn,
            "outOfBrush": {"colorAlpha": FAINT},
            "brushStyle": {"borderWidth": 1, "borderColor": ACCENT, "color": rgba(ACCENT, 0.06)},
            "throttleType": "debounce",
            "throttleDelay": 120,
        },
        "visualMap": paint(colours, drawn, stars),
        "series": series,
    }


def _frame(points: MapPoints, generated: GeneratedPoints | None) -> tuple[float, float, float, float]:
    """All places; a generated point outside the real ones is not cut off unseen."""
    if generated is None:
        return points.bounds
    ends = points.bounds
    corners = np.array([[ends[0], ends[2]], [ends[1], ends[3]]])
    inside = (generated.places >= corners[0]).all() and (generated.places <= corners[1]).all()
    return ends if inside else frame_of(np.concatenate([corners, generated.places]))


def _marked(selection: Selection) -> list[int]:
    rows = list(selection.rows)
    return rows if selection.picked is None or selection.picked in rows else [selection.picked, *rows]


def _point_frame(
    points: MapPoints, colours: Colouring, visible: np.ndarray, selection: Selection, look: MapLook
) -> pd.DataFrame:
    """One line for each place; ``paint`` says colour, shape and whether it is muted (see ``map_legend.paint``)."""
    bright = np.ones(len(points), dtype=np.int64)
    if selection.rows:
        bright[:] = 0
        bright[list(selection.rows)] = 1
    places = np.concatenate(
        [
            np.where(visible[:, None] & look.audio, points.audio, np.nan),
            np.where(visible[:, None] & look.text, points.text, np.nan),
        ]
    ).astype(np.float32)
    kind = np.repeat([0, 1], len(points))
    table = points.table
    said = [text[:_SAID] if isinstance(text, str) else "" for text in table["text"]]
    who = [_line(speaker, part) for speaker, part in zip(table["speaker"], table["part"], strict=True)]
    emotion = [name if isinstance(name, str) else "no label" for name in table["emotion"]]
    return pd.DataFrame(
        {
            "x": places[:, 0],
            "y": places[:, 1],
            "paint": (4 * np.tile(colours.code, 2) + 2 * kind + np.tile(bright, 2)).astype(np.int32),
            "shape": ["audio"] * len(points) + ["text"] * len(points),
            "id": table["utterance_id"].astype(str).to_list() * 2,
            "emotion": emotion * 2,
            "who": who * 2,
            "said": said * 2,
        }
    )


def _generated_frame(generated: GeneratedPoints | None, colours: Colouring) -> pd.DataFrame:
    if generated is None:
        return pd.DataFrame({"x": [], "y": [], "paint": [], "emotion": [], "predicted": []})
    return pd.DataFrame(
        {
            "x": generated.places[:, 0],
            "y": generated.places[:, 1],
            "paint": colours.generated.astype(np.int32),
            "emotion": list(generated.emotion),
            "predicted": list(generated.predicted),
        }
    )


def _points_series() -> dict[str, Any]:
    return {
        "type": "scatter",
        "id": POINTS,
        "name": POINTS,
        "datasetIndex": 0,
        "encode": {"x": "x", "y": "y"},
        "symbolSize": 7,
        "selectedMode": "single",
        "select": {"itemStyle": {"borderColor": ACCENT, "borderWidth": 2}},
        "tooltip": {"formatter": "<b>{@id}</b><br/>{@emotion} · {@who} · {@shape}<br/>{@said}"},
        "z": 3,
    }


def _generated_series() -> dict[str, Any]:
    return {
        "type": "scatter",
        "id": GENERATED,
        "name": GENERATED,
        "datasetIndex": 1,
        "encode": {"x": "x", "y": "y"},
        "symbol": STAR,
        "symbolSize": 13,
        "itemStyle": {"borderColor": "#FFFFFF", "borderWidth": 0.6},
        "tooltip": {"formatter": "generated<br/>asked: {@emotion}, recognised as {@predicted}"},
        "z": 4,
    }


def _pairs(lines: list[list[list[float]]]) -> dict[str, Any]:
    return {
        "type": "lines",
        "id": "pairs",
        "name": "pairs",
        "coordinateSystem": "cartesian2d",
        "silent": True,
        "data": [{"coords": line} for line in lines],
        # Many lines would hide the points: the more, the fainter.
        "lineStyle": {"color": MUTED, "width": 1, "opacity": round(min(0.5, max(0.06, 8 / max(len(lines), 1))), 3)},
        "z": 2,
    }


def _rings(points: MapPoints, selection: Selection, look: MapLook) -> list[dict[str, Any]]:
    def ring(name: str, places: list[list[float]], size: int, colour: str, width: float) -> dict[str, Any]:
        return {
            "type": "scatter",
            "id": name,
            "name": name,
            "silent": True,
            "data": places,
            "symbol": "circle",
            "symbolSize": size,
            "itemStyle": {"color": "rgba(0, 0, 0, 0)", "borderColor": colour, "borderWidth": width},
            "z": 5,
        }

    def places(rows: list[int]) -> list[list[float]]:
        parts = [points.audio] * look.audio + [points.text] * (look.text and rows == [selection.picked])
        return [part[row].round(4).tolist() for part in parts for row in rows if np.isfinite(part[row]).all()]

    if selection.picked is None:
        return []
    near = places(list(look.near)) if look.audio else []
    return [ring("near", near, 13, MUTED, 1.4), ring("picked", places([selection.picked]), 19, ACCENT, 2.6)]


def _toolbox() -> dict[str, Any]:
    return {
        "right": 4,
        # ECharts leaves room for a title above the icons, which stand in line with the first legend so.
        "top": -10,
        "itemSize": 17,
        "itemGap": 12,
        "feature": {
            "brush": {
                "type": ["polygon", "rect", "keep", "clear"],
                "title": {
                    "polygon": "Lasso",
                    "rect": "Box",
                    "keep": "Add to the selection",
                    "clear": "Clear the drawn areas",
                },
            }
        },
    }


def _line(speaker: object, part: object) -> str:
    return " · ".join(str(value) for value in (speaker, part) if isinstance(value, str))
