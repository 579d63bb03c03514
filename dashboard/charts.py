"""Figures that are not about training: counts, durations, one clip. Each builds a Plotly figure and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dashboard import palette, theme

if TYPE_CHECKING:
    import plotly.graph_objects as go

NO_LABEL = "(none)"


def count_bars(counts: pd.Series, colours: Mapping[str, str], *, x: str = "utterances") -> go.Figure:
    """One horizontal bar for each category, the number written at its end. ``counts``: index = category."""
    import plotly.graph_objects as go

    names = [str(name) for name in counts.index]
    figure = go.Figure(
        go.Bar(
            x=counts.to_numpy(),
            y=names,
            orientation="h",
            marker_color=[colours.get(name, palette.UNKNOWN) for name in names],
            text=counts.to_numpy(),
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x} utterances<extra></extra>",
        )
    )
    theme.style(figure, x=x, height=60 + 30 * max(2, len(names)), legend="none")
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False)
    figure.update_xaxes(range=[0, float(counts.max()) * 1.14 if len(counts) else 1], fixedrange=True)
    return figure


def stacked_bars(counts: pd.DataFrame, colours: Mapping[str, str], *, x: str) -> go.Figure:
    """A stacked bar for each group. ``counts``: rows = groups (speakers, sessions), columns = emotions."""
    import plotly.graph_objects as go

    figure = go.Figure()
    groups = [str(name) for name in counts.index]
    for emotion in counts.columns:
        figure.add_bar(
            x=groups,
            y=counts[emotion].to_numpy(),
            name=str(emotion),
            marker_color=colours.get(str(emotion), palette.UNKNOWN),
            marker_line_width=0,
            hovertemplate="%{x}, " + str(emotion) + ": %{y}<extra></extra>",
        )
    figure.update_layout(barmode="stack", bargap=0.25)
    theme.style(figure, x=x, y="utterances", height=330)
    figure.update_layout(legend_traceorder="normal")
    figure.update_xaxes(type="category", showgrid=False)
    return figure


def histogram(values: np.ndarray, *, x: str, y: str = "utterances", bins: int = 40) -> go.Figure:
    """How often each value occurs."""
    import plotly.graph_objects as go

    heights, edges = np.histogram(values, bins=bins)
    centres = (edges[:-1] + edges[1:]) / 2
    figure = go.Figure(
        go.Bar(
            x=centres,
            y=heights,
            width=np.diff(edges) * 0.94,
            marker_color=palette.ACCENT,
            customdata=np.stack([edges[:-1], edges[1:]], axis=1),
            hovertemplate="%{customdata[0]:.2f} to %{customdata[1]:.2f}: %{y}<extra></extra>",
        )
    )
    return theme.style(figure, x=x, y=y, height=260, legend="none")


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
