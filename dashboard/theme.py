"""How figures and pages look: drawing with ECharts and Plotly, and the small blocks that pages share.

Figures are drawn with Streamlit's own themes for both, so text, grid and hover colours follow the person's light or
dark setting in the browser, at once and without a rerun; backgrounds are transparent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

from core.printable import one_line

if TYPE_CHECKING:
    import plotly.graph_objects as go

ASSETS = Path(__file__).resolve().parent.parent / "assets"
THEME_FILE = Path(__file__).resolve().parent / "theme.toml"
LOGO = ASSETS / "logo.svg"
ICON = ASSETS / "icon.svg"

CHART_CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
    "toImageButtonOptions": {"format": "svg"},
}

TRANSPARENT = "rgba(0, 0, 0, 0)"
JOINER = "\u2060"
"""What ``plain`` puts into names; whoever copies one from a page copies it too."""
_LOOKED_FOR = re.compile(r":(?=[\w+/-])|@(?=\w)|www(?=\.)", re.IGNORECASE)

GRID = "rgba(128, 140, 152, 0.22)"


def is_dark() -> bool:
    """Whether the page is shown dark (Streamlit may know it only from the second run of a session on)."""
    try:
        return st.context.theme.type == "dark"
    except (AttributeError, KeyError):
        return False


def style(
    figure: go.Figure,
    *,
    x: str | None = None,
    y: str | None = None,
    height: int = 320,
    legend: Literal["top", "right", "none"] = "top",
) -> go.Figure:
    """Gives a figure the common look. ``x`` and ``y`` are axis titles and carry the unit, as in ``"time (s)"``."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 34 if legend == "top" else 12, "b": 8},
        paper_bgcolor=TRANSPARENT,
        plot_bgcolor=TRANSPARENT,
        showlegend=legend != "none",
        hoverlabel={"namelength": -1},
        # The same revision keeps a person's zoom when new values arrive.
        uirevision="kept",
        font={"size": 13},
    )
    if legend == "top":
        figure.update_layout(
            legend={
                "orientation": "h",
                "x": 0,
                "y": 1.02,
                "xanchor": "left",
                "yanchor": "bottom",
                "title": {"text": ""},
            }
        )
    for update, title in ((figure.update_xaxes, x), (figure.update_yaxes, y)):
        update(automargin=True, gridcolor=GRID, zeroline=False, ticks="", title_standoff=8)
        if title is not None:
            update(title_text=title)
    return figure


def show(
    figure: go.Figure,
    *,
    key: str,
    alt: str,
    on_select: Any = "ignore",
    selection_mode: Any = ("points", "box", "lasso"),
    config: dict[str, Any] | None = None,
) -> Any:
    """Draws a figure over the width of its container; ``alt`` says in one sentence what it shows."""
    return st.plotly_chart(
        figure,
        width="stretch",
        theme="streamlit",
        key=key,
        alt=alt,
        on_select=on_select,
        selection_mode=selection_mode,
        config=CHART_CONFIG if config is None else config,
    )


def draw(option: dict[str, Any], *, key: str, height: int, alt: str, on_select: Any = "ignore") -> Any:
    """Draws an ECharts option over the width of its container; ``alt`` says in one sentence what it shows."""
    return st.echarts_chart(option, width="stretch", height=height, key=key, alt=alt, on_select=on_select)


def page_title(title: str, says: str) -> None:
    """The heading of a page and one line that says what it is for."""
    st.title(title, anchor=False)
    st.caption(says)


def empty(title: str, says: str, commands: Iterable[str] = (), icon: str = ":material/explore:") -> None:
    """An empty state: what is missing, what to do next, and the commands that do it."""
    with st.container(border=True):
        st.subheader(title, anchor=False, icon=icon)
        st.markdown(says)
        lines = "\n".join(commands)
        if lines:
            st.code(lines, language="bash", wrap_lines=True)


def synthetic_badge() -> None:
    """Marks demo data that no person spoke."""
    st.badge(
        "Synthetic demo data",
        icon=":material/smart_toy:",
        color="orange",
        help="Made by a text-to-speech engine with prosody rules. Not human speech: figures on it show how the tool "
        "works and say nothing about recognition in the field.",
    )


def plain(text: object) -> str:
    """Text from data on one line, for places where Streamlit reads Markdown (labels, badges, toasts).

    A backslash is not enough for addresses, icons (``:material/home:``) and emoji (``:smile:``): those are looked for
    after backslashes are gone. An invisible character (word joiner) keeps them apart.

    >>> plain("a*b"), plain("a: b"), plain(":x:") == "\\\\:\\u2060x\\\\:"
    ('a\\\\*b', 'a\\\\: b', True)
    """
    apart = _LOOKED_FOR.sub(lambda found: found[0] + JOINER, visible(text))
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]()#+-.!|<>:$~&@" else sign for sign in apart)


def in_badge(text: object, most: int = 80) -> str:
    """As ``plain``, for the label of ``st.badge``, which escapes square brackets itself.

    >>> in_badge("a [b] *")
    'a [b] \\\\*'
    """
    return plain(short(text, most)).replace("\\[", "[").replace("\\]", "]")


def short(text: object, most: int = 120) -> str:
    """Text from data, cut where it would push everything else off the page.

    >>> short("abcdef", 4), short("abc", 4)
    ('abc…', 'abc')
    """
    whole = str(text)
    return whole if len(whole) <= most else whole[: most - 1] + "…"


def visible(text: object) -> str:
    """Text from data on one line, with control characters and marks that turn its direction written out.

    >>> visible("a\\u202eb\\n")
    'a\\\\u202eb\\\\n'
    """
    return one_line(str(text))
