"""What colours and shapes mean on the map: its legends and the rules that paint its points."""

from __future__ import annotations

from typing import Any

import numpy as np

from dashboard.palette import MUTED, rgba
from dashboard.space.colouring import STEPS, Colouring, gradient
from dashboard.space.map_style import FAINT, STAR
from dashboard.space.points import GeneratedPoints, MapPoints
from dashboard.space.selection import Selection


def legend_of(
    points: MapPoints,
    colours: Colouring,
    visible: np.ndarray,
    selection: Selection,
    audio: bool,
    text: bool,
    generated: GeneratedPoints | None,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], int]:
    """Two legends, shapes and colours, their entries, and the lines that the colours take.

    Entries are series without data, so that counts can stand in the names.
    """
    shown = np.flatnonzero(visible)
    names = [("audio", "circle", MUTED)] * audio + [("text", "diamond", MUTED)] * (text and points.has_text)
    if generated is not None:
        names.append((f"generated ({len(generated.emotion)})", STAR, MUTED))
    entries = [_empty(f"shape-{name}", name, symbol, colour) for name, symbol, colour in names]
    labels: list[str] = []
    if colours.names:
        total = colours.counts(shown)
        chosen = colours.counts(np.array(selection.rows, dtype=np.int64)) if selection.rows else None
        for number, name in enumerate(colours.names):
            if total[number] == 0 and not (colours.generated == number).any():
                continue
            count = f"{total[number]}" if chosen is None else f"{chosen[number]} / {total[number]}"
            labels.append(f"{name}  {count}")
            entries.append(_empty(f"colour-{number}", labels[-1], "roundRect", colours.colours[number]))
    common = {"selectedMode": False, "left": 20, "itemGap": 14, "itemWidth": 11, "itemHeight": 11, "type": "scroll"}
    legends = [
        {**common, "top": 4, "right": 170, "data": [name for name, _, _ in names]},
        {**common, "type": "plain", "top": 26, "right": 4, "data": labels},
    ]
    # A legend does not say how many lines it took: estimated at the narrowest map.
    wide = sum(26 + 7 * len(label) for label in labels)
    return legends, entries, 1 + wide // 590


def _empty(series_id: str, name: str, symbol: str, colour: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "id": series_id,
        "name": name,
        "symbol": symbol,
        "data": [],
        "itemStyle": {"color": colour},
    }


def paint(colours: Colouring, drawn: list[int], stars: list[int]) -> list[dict[str, Any]]:
    """What the column ``paint`` means for the series ``drawn`` (utterances) and ``stars`` (generated).

    For utterances it is 4 * colour + 2 * (text) + (not muted), for generated points the colour.
    """
    pieces = [
        {"value": 4 * number + 2 * kind + bright, "color": rgba(colour, 0.85 if bright else FAINT), "symbol": symbol}
        for number, colour in enumerate(colours.colours)
        for kind, symbol in enumerate(("circle", "diamond"))
        for bright in (0, 1)
    ]
    hidden = {"type": "piecewise", "show": False, "dimension": 2}
    maps: list[dict[str, Any]] = [{**hidden, "seriesIndex": drawn, "pieces": pieces}]
    if stars:
        own = [{"value": number, "color": colour} for number, colour in enumerate(colours.colours)]
        maps.append({**hidden, "seriesIndex": stars, "pieces": own})
    if colours.scale is not None:
        low, high = colours.scale
        maps.append(
            {
                "type": "continuous",
                "seriesIndex": [],
                "min": round(low, 3),
                "max": round(high, 3),
                "text": [f"{high:.2f}", f"{colours.title}  {low:.2f}"],
                "inRange": {"color": list(gradient(STEPS))},
                "orient": "horizontal",
                "itemWidth": 10,
                "itemHeight": 120,
                "left": 30,
                "top": 24,
                "calculable": False,
                "hoverLink": False,
            }
        )
    return maps
