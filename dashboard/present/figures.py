"""Figures of the talk as ECharts options: few marks, large type that grows with the room there is."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from core.benchmarks import p_words
from dashboard import chart_style, palette

if TYPE_CHECKING:
    from core.story import Effect, Gain

Option = dict[str, Any]
SIZES = ((0, 12), (430, 15), (640, 18), (900, 24), (1250, 32))
"""Pixels of type from which width of the figure on."""
TOLD = ("better", "worse")
_HOLLOW = "rgba(0, 0, 0, 0)"


def for_the_room(option: Option) -> Option:
    """The option with type, names of axes and marks as large as the figure's own width allows."""
    ends = [*(width for width, _ in SIZES[1:]), None]
    return {
        "baseOption": option,
        "media": [
            {
                "query": {"minWidth": low} if high is None else {"minWidth": low, "maxWidth": high - 1},
                "option": _sized(option, pixels),
            }
            for (low, pixels), high in zip(SIZES, ends, strict=True)
        ],
    }


def _sized(option: Option, pixels: int) -> Option:
    made: Option = {"textStyle": {"fontSize": pixels}}
    for axis in ("xAxis", "yAxis"):
        given = option.get(axis)
        if not isinstance(given, dict):
            continue
        made[axis] = {"axisLabel": {"fontSize": pixels}, "nameTextStyle": {"fontSize": pixels}}
        if given.get("name"):
            # The gap counts from the axis, and the labels between have grown.
            made[axis]["nameGap"] = round(given.get("nameGap", 26) * (1 if pixels < 14 else pixels / 13))
    if "legend" in option:
        made["legend"] = {"textStyle": {"fontSize": pixels}, "itemWidth": pixels, "itemHeight": round(0.8 * pixels)}
        made["grid"] = {"top": round(2.6 * pixels)}
    made["series"] = [
        {
            **({"label": {"fontSize": pixels}} if one.get("label", {}).get("show") else {}),
            **(
                {"symbolSize": round(one.get("symbolSize", 14) / 14 * 0.95 * pixels)}
                if one["type"] == "scatter"
                else {}
            ),
            # Without its lines a mark would lose them: what is merged replaces them.
            **(
                {"markLine": {**one["markLine"], "label": {**one["markLine"]["label"], "fontSize": pixels}}}
                if "markLine" in one
                else {}
            ),
        }
        for one in option["series"]
    ]
    return made


def emotions(counts: dict[str, int]) -> Option:
    """Utterances by emotion: a bar each, with its number."""
    return {
        **chart_style.base(right=70),
        "xAxis": chart_style.values("utterances", gap=26, minInterval=1, splitNumber=3),
        "yAxis": chart_style.categories(list(counts), inverse=True),
        "series": [
            {
                "type": "bar",
                "name": "utterances",
                "barWidth": "62%",
                "data": [
                    {"value": count, "itemStyle": {"color": palette.emotion_colour(name)}}
                    for name, count in counts.items()
                ],
                "label": {"show": True, "position": "right"},
            }
        ],
    }


def gains(rows: Sequence[tuple[str, Gain]], *, ours: Sequence[int]) -> Option:
    """A gain and its 95 % interval for each row, in points; filled where it is told apart from zero.

    Args:
        rows: what is named on the left, best row first. ours: the rows drawn in the accent colour.
    """
    most = max((abs(value) for _, gain in rows for value in (gain.low, gain.high)), default=1.0)
    step = next((step for step in (0.5, 1.0, 2.0, 5.0) if most < 3.2 * step), 10.0)
    reach = max(step, math.ceil(1.02 * most / step) * step)
    colours = [palette.ACCENT if place in ours else palette.MUTED for place in range(len(rows))]
    return {
        **chart_style.base(right=18),
        "xAxis": chart_style.values("gain (points of UA)", gap=28, min=-reach, max=reach, interval=step),
        "yAxis": {
            **chart_style.categories([], inverse=True),
            "data": [f"{name}   {gain.mean:+.1f}" for name, gain in rows],
            "axisLine": {"show": False},
            "axisLabel": {"interval": 0, "hideOverlap": False},
        },
        "series": [
            {
                "type": "lines",
                "coordinateSystem": "cartesian2d",
                "silent": True,
                "lineStyle": {"width": 4, "opacity": 0.75},
                "data": [
                    {
                        "coords": [[round(gain.low, 3), place], [round(gain.high, 3), place]],
                        "lineStyle": {"color": colours[place]},
                    }
                    for place, (_, gain) in enumerate(rows)
                ],
            },
            {
                "type": "scatter",
                "z": 5,
                "symbolSize": 14,
                "data": [
                    {
                        "value": [round(gain.mean, 3), place],
                        "itemStyle": {
                            "color": colours[place] if gain.says in TOLD else _HOLLOW,
                            "borderColor": colours[place],
                            "borderWidth": 3,
                        },
                        "tooltip": {"formatter": html.escape(f"{name}: {gain_words(gain)}")},
                    }
                    for place, (name, gain) in enumerate(rows)
                ],
                "markLine": {
                    "symbol": "none",
                    "silent": True,
                    "label": {"show": False},
                    "lineStyle": {"type": "dashed", "width": 2, "color": palette.MUTED},
                    "data": [{"xAxis": 0}],
                },
            },
        ],
    }


def gain_words(gain: Gain) -> str:
    """A gain with all that it must be read with."""
    return f"{gain.mean:+.1f} points (95 % {gain.low:+.1f} to {gain.high:+.1f}), p {p_words(gain.p_value)}, {gain.says}"


def recalls(effects: Sequence[Effect]) -> Option:
    """Recall of each emotion: a ring with nothing added, a dot with MIRAGE, joined in the emotion's colour."""
    known = [one for one in effects if one.without is not None and one.with_mirage is not None]
    colours = [palette.emotion_colour(one.emotion) for one in known]
    ends = [(round(one.without or 0.0, 2), round(one.with_mirage or 0.0, 2)) for one in known]
    low = max(0.0, math.floor((min((min(pair) for pair in ends), default=0.0) - 5) / 10) * 10)

    def dots(which: int, filled: bool) -> Option:
        return {
            "type": "scatter",
            "symbolSize": 11 if filled else 20,
            "z": 6 if filled else 5,
            "data": [
                {
                    "value": [pair[which], place],
                    "itemStyle": {
                        "color": colours[place] if filled else _HOLLOW,
                        "borderColor": colours[place],
                        "borderWidth": 3,
                    },
                    "tooltip": {"formatter": html.escape(_recall_words(known[place]))},
                }
                for place, pair in enumerate(ends)
            ],
        }

    return {
        **chart_style.base(right=24),
        "xAxis": chart_style.values("recall (%)", gap=26, min=low, max=100, splitNumber=4),
        "yAxis": {
            **chart_style.categories([], inverse=True),
            "data": [f"{one.emotion}   {one.change:+.1f}" for one in known],
            "axisLine": {"show": False},
            "axisLabel": {"interval": 0, "hideOverlap": False},
        },
        "series": [
            {
                "type": "lines",
                "coordinateSystem": "cartesian2d",
                "silent": True,
                "lineStyle": {"width": 5, "opacity": 0.55},
                "data": [
                    {"coords": [[pair[0], place], [pair[1], place]], "lineStyle": {"color": colours[place]}}
                    for place, pair in enumerate(ends)
                ],
            },
            dots(0, filled=False),
            dots(1, filled=True),
        ],
    }


def _recall_words(one: Effect) -> str:
    return f"{one.emotion}: {one.without:.1f} % with nothing added, {one.with_mirage:.1f} % with MIRAGE"
