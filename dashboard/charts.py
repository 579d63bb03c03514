"""Figures that are not about training: counts and durations (ECharts options), one clip (a Plotly figure)."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dashboard import chart_style, palette, theme

if TYPE_CHECKING:
    import plotly.graph_objects as go

NO_LABEL = "(none)"


def count_bars(counts: pd.Series, colours: Mapping[str, str]) -> dict[str, Any]:
    """One horizontal bar for each category, the number written at its end. ``counts``: index = category."""
    names = [str(name) for name in counts.index]
    bars = [
        {"value": int(count), "itemStyle": {"color": colours.get(name, palette.UNKNOWN)}}
        for name, count in zip(names, counts, strict=True)
    ]
    return {
        **chart_style.base(right=44),
        "xAxis": chart_style.values("utterances", gap=26, minInterval=1),
        "yAxis": chart_style.categories(names, inverse=True),
        "series": [
            {
                "type": "bar",
                "name": "utterances",
                "barWidth": "68%",
                "data": bars,
                "label": {"show": True, "position": "right"},
            }
        ],
    }


def count_bars_height(counts: pd.Series) -> int:
    """Height in pixels that fits ``count_bars``."""
    return 60 + 30 * max(2, len(counts))


def stacked_bars(counts: pd.DataFrame, colours: Mapping[str, str], *, x: str) -> dict[str, Any]:
    """A stacked bar for each group. ``counts``: rows = groups (speakers, sessions), columns = emotions."""
    emotions = [str(name) for name in counts.columns]
    option = chart_style.base(legend=emotions)
    option["tooltip"] = {"trigger": "axis", "confine": True, "axisPointer": {"type": "shadow"}}
    option["xAxis"] = chart_style.categories([str(name) for name in counts.index], name=x)
    option["yAxis"] = chart_style.values("utterances", gap=38, minInterval=1)
    option["series"] = [
        {
            "type": "bar",
            "name": emotion,
            "stack": "all",
            "barCategoryGap": "25%",
            "itemStyle": {"color": colours.get(emotion, palette.UNKNOWN)},
            "data": counts.iloc[:, number].astype(int).tolist(),
        }
        for number, emotion in enumerate(emotions)
    ]
    return option


def histogram(values: np.ndarray, *, x: str, y: str = "utterances", bins: int = 40) -> dict[str, Any]:
    """How often each value occurs: ``bins`` bars of equal width between the lowest and the highest value."""
    heights, edges = np.histogram(values, bins=bins)
    ranges = [f"{low:.2f} to {high:.2f}" for low, high in itertools.pairwise(edges)]
    option = chart_style.base()
    option["tooltip"]["formatter"] = f"{{b}}: {{c}} {y}"
    # Bars fill categories only, never a stretch of a numeric axis: the numeric one below them carries the labels.
    option["xAxis"] = [
        chart_style.categories(ranges, show=False),
        chart_style.values(
            x,
            gap=26,
            lines=False,
            position="bottom",
            min=float(edges[0]),
            max=float(edges[-1]),
            axisLabel={"showMinLabel": False, "showMaxLabel": False},
        ),
    ]
    option["yAxis"] = chart_style.values(y, gap=38, minInterval=1)
    option["series"] = [
        {
            "type": "bar",
            "name": y,
            "barCategoryGap": "6%",
            "itemStyle": {"color": palette.ACCENT},
            "data": heights.tolist(),
        }
    ]
    return option


def clip(samples: np.ndarray, mel: np.ndarray, times: np.ndarray, centres: np.ndarray, rate: int) -> go.Figure:
    """Waveform above log-mel spectrogram, on one time axis.

    Args:
        samples: (n,) at ``rate`` Hz. mel: (bands, frames) in dB. times: (frames,) s. centres: (bands,) Hz.
    """
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.3, 0.7], vertical_spacing=0.05)
    time, low, high = envelope(samples, rate)
    figure.add_scatter(x=time, y=high, line={"width": 0}, hoverinfo="skip", showlegend=False, row=1, col=1)
    figure.add_scatter(
        x=time,
        y=low,
        fill="tonexty",
        fillcolor=palette.ACCENT,
        line={"width": 0},
        hoverinfo="skip",
        showlegend=False,
        row=1,
        col=1,
    )
    figure.add_trace(
        go.Heatmap(
            x=times,
            y=np.arange(len(centres)),
            z=mel,
            colorscale=palette.SEQUENTIAL,
            customdata=np.repeat(centres[:, None], len(times), axis=1),
            colorbar={"title": {"text": "dB"}, "thickness": 10, "len": 0.68, "y": 0.32, "outlinewidth": 0},
            hovertemplate="%{x:.2f} s, %{customdata:.0f} Hz: %{z:.0f} dB<extra></extra>",
        ),
        row=2,
        col=1,
    )
    theme.style(figure, height=380, legend="none")
    shown = [hertz for hertz in (125, 250, 500, 1000, 2000, 4000) if hertz < rate / 2]
    figure.update_yaxes(title_text="amplitude", range=[-1, 1], tickvals=[-1, 0, 1], row=1, col=1)
    figure.update_yaxes(
        title_text="frequency (Hz)",
        tickvals=np.interp(shown, centres, np.arange(len(centres))),
        ticktext=[str(hertz) for hertz in shown],
        showgrid=False,
        row=2,
        col=1,
    )
    figure.update_xaxes(title_text="time (s)", showgrid=False, row=2, col=1)
    figure.update_xaxes(title_text="", showgrid=False, range=[0, len(samples) / rate], row=1, col=1)
    return figure


def envelope(samples: np.ndarray, rate: int, points: int = 800) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lowest and highest sample of each of at most ``points`` stretches: (time in s, low, high)."""
    size = max(1, -(-len(samples) // points))
    padded = np.pad(samples, (0, -len(samples) % size), mode="edge").reshape(-1, size)
    time = (np.arange(len(padded)) + 0.5) * size / rate
    return time, padded.min(axis=1), padded.max(axis=1)
