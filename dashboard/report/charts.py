"""Figures that need no script: lines as SVG, the rest as boxes with places in per cent, all text as text.

A drawing that is scaled as a whole would have letters too small for a phone; here only the lines are stretched.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from dashboard import curve_series

SIZE = 1000
"""Units of the stretched drawing, in both directions."""


@dataclass(frozen=True)
class Axis:
    """A linear axis from ``low`` to ``high`` with labelled ticks (place in per cent, label)."""

    low: float
    high: float
    title: str
    ticks: list[tuple[float, str]]

    def at(self, value: float) -> float:
        """The place of a value in per cent of the axis.

        >>> Axis(0.0, 10.0, "s", []).at(5.0)
        50.0
        """
        return round(100 * (value - self.low) / (self.high - self.low), 3)


@dataclass(frozen=True)
class Line:
    """A line of a chart: ``path`` in an SVG of ``SIZE`` units, ``kind`` main, raw or ceiling."""

    path: str
    kind: str


@dataclass(frozen=True)
class Mark:
    """A measured point with its interval, places in per cent."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Chart:
    """A line chart and what it says in one line; ``columns`` and ``rows`` are the same as a table."""

    title: str
    says: str
    alt: str
    x: Axis
    y: Axis
    lines: list[Line]
    marks: list[Mark]
    ceiling: tuple[float, str] | None
    columns: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Dot:
    """A value on a row, in per cent of the axis, with its interval; ``kind`` is its look."""

    at: float
    kind: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Row:
    """A line of a dot plot: a name, dots, and what they come to in words."""

    name: str
    dots: list[Dot]
    words: str
    strong: bool = False


@dataclass(frozen=True)
class Dots:
    """Rows of dots over one axis; ``zero`` is where nothing is gained, in per cent."""

    title: str
    says: str
    alt: str
    axis: Axis
    rows: list[Row]
    legend: list[tuple[str, str]] = field(default_factory=list)
    zero: float | None = None
    columns: list[str] = field(default_factory=list)
    table: list[list[str]] = field(default_factory=list)


def axis(values: Sequence[float], title: str, *, zero: bool = False, signed: bool = False, most: bool = False) -> Axis:
    """A round axis that holds all values. ``zero``: it begins there; ``signed``: as far on both sides of zero.

    >>> axis([-1.0, 3.4], "points", signed=True).low
    -4.0
    """
    # Nothing but zeros has an axis too.
    reach = max(map(abs, values), default=0.0) or 0.1
    shown = [-reach, reach] if signed else [*values, *([0.0] if zero else [])]
    ends = curve_series.reach(
        [{"data": [[0, value] for value in shown]}], [max(shown, default=0.0)] if most else (), zero=zero or signed
    )
    low, high, step = ends["min"], ends["max"], ends["interval"]
    if signed:
        # Neither a gain nor a loss looks larger.
        high = max(-low, high)
        low = -high
    count = round((high - low) / step)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    ticks = []
    for number in range(count + 1):
        value = low + number * step
        text = (
            f"{value:+,.{digits}f}"
            if signed and abs(value) > 1e-9
            else f"{abs(value) if abs(value) < 1e-9 else value:,.{digits}f}"
        )
        ticks.append((round(100 * number / count, 3), minus(text)))
    return Axis(low, high, title, ticks)


def steps_axis(last: float, title: str) -> Axis:
    """From 0 to the last step, which is written too."""
    whole = axis([0.0, last], title)
    # A round step right beside the last one would be written over it.
    ticks = [(at * (whole.high - whole.low) / last, text) for at, text in whole.ticks]
    kept = [(round(at, 3), text) for at, text in ticks if at <= 88]
    return Axis(0.0, last, title, [*kept, (100.0, f"{last:,.0f}")])


def path(x: np.ndarray, y: np.ndarray, across: Axis, up: Axis) -> str:
    """The line through (n,) places; what is not a number breaks it."""
    parts, pen = [], "M"
    for a, b in zip(x.tolist(), y.tolist(), strict=True):
        if not (math.isfinite(a) and math.isfinite(b)):
            pen = "M"
            continue
        parts.append(f"{pen}{across.at(a) * SIZE / 100:.1f} {SIZE - up.at(b) * SIZE / 100:.1f}")
        pen = "L"
    return "".join(parts)


def minus(text: str) -> str:
    """A true minus.

    >>> minus("-1.5")
    '−1.5'
    """
    return text.replace("-", "−")


def signed(value: float, digits: int = 1) -> str:
    """With its sign; what rounds to zero has none.

    >>> signed(-0.04), signed(1.26)
    ('0.0', '+1.3')
    """
    rounded = round(value, digits)
    return minus(f"{rounded:+.{digits}f}") if rounded else f"{0:.{digits}f}"


def between(low: float | None, high: float | None, digits: int = 1, *, sign: bool = True) -> str:
    """An interval in words, empty without one.

    >>> between(-1.0, 2.0), between(None, None)
    ('−1.0 to +2.0', '')
    """
    if low is None or high is None:
        return ""
    if sign:
        return f"{signed(low, digits)} to {signed(high, digits)}"
    return minus(f"{low:.{digits}f} to {high:.{digits}f}")
