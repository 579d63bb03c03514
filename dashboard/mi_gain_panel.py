"""Does more mutual information go with more gain? A scatter over the configurations of a study."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from dashboard import chart_style, curve_series, mi_gain, palette, state, theme
from dashboard.mi_gain import Configuration, Study

HEIGHT = 360
COMMAND = "python -m benchmarks.mi_gain CORPUS"


def show() -> None:
    """The studies of the workspace, one at a time."""
    st.subheader("Information against gain", anchor=False)
    folders = {folder.name: folder for folder in mi_gain.folders(state.workspace().benchmarks)}
    if not folders:
        st.caption(
            "No study yet. One trains several configurations and keeps, for each, the held-out information of its "
            "generated features and the gain in UA that they bring over no augmentation. Run one from a checkout:"
        )
        st.code(COMMAND, language="bash", wrap_lines=True)
        return
    names, study = list(folders), None
    if st.session_state.get("study") not in names:
        st.session_state.pop("study", None)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        several = len(names) > 1
        name = st.selectbox("Study", names, key="study", bind="query-params", width=380) if several else names[0]
        with state.faults():
            study = mi_gain.read(folders[name])
            mi, gain = (
                _chosen("Information", study.mis, "study_mi"),
                _chosen("Generated rows", study.gains, "study_gain"),
            )
            study = mi_gain.read(folders[name], mi, gain)
    if study is not None:
        _show(study)


def _chosen(label: str, titles: dict[str, str], key: str) -> str:
    """The key of one of the titles; nothing is asked where there is one only."""
    if len(titles) < 2:
        return ""
    if st.session_state.get(key) not in titles:
        st.session_state[key] = next(iter(titles))
    return str(
        st.segmented_control(
            label,
            list(titles),
            format_func=lambda one: theme.plain(titles[one]),
            required=True,
            key=key,
            persist_state="session",
        )
    )


def _near(study: Study) -> Study:
    """The study to be drawn: a few far below zero push the others into one point."""
    near = tuple(row for row in study.measured if row.mi is not None and row.mi >= 0)
    if not 0 < len(near) < len(study.measured):
        return study
    apart = st.toggle(
        "Draw only information of at least zero",
        key="study_near",
        persist_state="session",
        help=f"{len(study.measured) - len(near)} of {len(study.measured)} configurations lie below zero. The "
        "correlation and the table are of all in either case.",
    )
    return replace(study, rows=near) if apart else study


def _show(study: Study) -> None:
    regime = f", generated rows {study.gains[study.gain]}" if study.gains else ""
    of = f"{study.corpus}, {study.condition}" if study.condition else study.corpus
    words = [
        f"{study.quantity} held out, against the gain in UA over {study.over}{regime}; recognition from "
        f"{mi_gain.FEATURES.get(study.features, study.features)}; corpus {of}."
    ]
    if study.told:
        words.append(f"The information is {study.told}.")
    text = " ".join(words)
    st.caption(theme.plain(text[0].upper() + text[1:]))
    st.text(" ".join(text for text in (mi_gain.role(study), mi_gain.verdict(study), mi_gain.gains(study)) if text))
    if study.failed:
        st.text("Left out, no figures: " + "; ".join(study.failed))
    if study.measured:
        drawn = _near(study)
        theme.draw(
            scatter(drawn),
            key=f"mi_gain_{study.name}_{study.mi}_{study.gain}_{len(drawn.rows)}",
            height=HEIGHT,
            alt=f"Gain in UA in points over held-out {study.quantity} in nats, one point for each configuration",
        )
        st.caption("One point for each configuration, bars: 95 % intervals. Dotted: the ceiling of the information.")
    st.dataframe(
        mi_gain.table(study),
        hide_index=True,
        column_config={
            **{key: st.column_config.NumberColumn(f"{key} (nats)", format="%.3f") for key in _NATS},
            **{key: st.column_config.NumberColumn(f"{key} (points)", format="%+.1f") for key in _POINTS},
            "p": st.column_config.NumberColumn("p", format="%.3f", help="Corrected resampled t-test of the gain."),
        },
        alt="Held-out information and gain of each configuration, and what it sets",
    )
    if study.protocol or study.command:
        with st.expander("How it was measured", icon=":material/rule:"):
            if study.protocol:
                st.text(f"Same for all: {study.protocol}.")
            if study.command:
                st.code(study.command, language="bash", wrap_lines=True)


_NATS = ("MI", "MI low", "MI high")
_POINTS = ("gain", "gain low", "gain high")


def scatter(study: Study) -> dict[str, Any]:
    """Gain (points of UA) over held-out information (nats), with intervals, ceilings and the line of no gain."""
    rows = study.measured
    bars = [bar for row in rows for bar in _bars(row)]
    points = {
        "type": "scatter",
        "name": "configurations",
        "symbolSize": 11,
        "itemStyle": {"color": palette.ACCENT},
        "z": 5,
        "data": [{"name": _says(row), "value": [row.mi, 100 * row.gain]} for row in rows],
    }
    tops = sorted({round(row.ceiling, 4) for row in rows if row.ceiling is not None})
    places = [float(point[0]) for bar in bars for point in bar["data"]]
    places += [row.mi for row in rows if row.mi is not None]
    heights = [float(point[1]) for bar in bars for point in bar["data"]]
    heights += [100 * row.gain for row in rows]
    x = curve_series.reach([], [*places, *tops], zero=False)
    y = curve_series.reach([], heights, zero=True)
    option = chart_style.base()
    option["tooltip"] |= {"formatter": "{b}", "extraCssText": "white-space: pre-line"}
    option["xAxis"] = chart_style.values(f"held-out {study.quantity} (nats)", gap=26) | x
    option["yAxis"] = chart_style.values(f"gain in UA over {study.over} (points)", gap=36) | y
    dotted = [{"xAxis": top, "label": {"formatter": f"ceiling {top:.2f}", "color": palette.MUTED}} for top in tops]
    none = {"yAxis": 0, "lineStyle": {"type": "solid", "width": 1}, "label": {"show": False}}
    points["markLine"] = {
        "symbol": "none",
        "silent": True,
        # Two digits by default, which puts a line elsewhere or out of sight on an axis that is short.
        "precision": 6,
        "lineStyle": {"type": "dotted", "width": 1.5, "color": palette.MUTED},
        "data": [*dotted, none],
    }
    option["series"] = [*bars, points]
    return option


def _bars(row: Configuration) -> list[dict[str, Any]]:
    ends: list[tuple[list[list[float | None]], list[int]]] = []
    if row.mi_low is not None and row.mi_high is not None:
        ends.append(([[row.mi_low, 100 * row.gain], [row.mi_high, 100 * row.gain]], [2, 9]))
    if row.gain_low is not None and row.gain_high is not None:
        ends.append(([[row.mi, 100 * row.gain_low], [row.mi, 100 * row.gain_high]], [9, 2]))
    return [
        {
            "type": "line",
            "silent": True,
            "symbol": "rect",
            "symbolSize": size,
            "itemStyle": {"color": palette.rgba(palette.ACCENT, 0.55)},
            "lineStyle": {"color": palette.rgba(palette.ACCENT, 0.55), "width": 1.4},
            "data": data,
        }
        for data, size in ends
    ]


def _says(row: Configuration) -> str:
    lines = [row.name, f"information {row.mi:.3f} nats", f"gain {100 * row.gain:+.1f} points"]
    return "\n".join([*lines, *[f"{key} = {value}" for key, value in row.setting.items()]])
