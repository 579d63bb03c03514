"""Recall by emotion and confusion of the chosen benchmark."""

from __future__ import annotations

import streamlit as st

from dashboard.benchmark import figures, view


def show_recall(results: view.Results, kind: str) -> None:
    """Recall of each emotion by each method, or how it differs from that of nothing added."""
    st.subheader("Recall by emotion", anchor=False)
    table = view.recall_table(results, kind)
    against = st.segmented_control(
        "Show",
        ("recall", "difference to nothing added"),
        default="recall",
        required=True,
        key="benchmark_recall",
        label_visibility="collapsed",
        persist_state="session",
    )
    titles = view.titles(results, kind)
    signed = against != "recall" and "none" in titles
    if signed:
        table = (table - table.loc[titles["none"]]).drop(index=titles["none"])
    elif against != "recall":
        st.caption("Nothing added (none) was not compared here: this is the recall itself.")
    unit = "points" if signed else "%"
    hover = [
        [f"{row}, {column}: {value:{'+.1f' if signed else '.1f'}} {unit}" for column, value in line.items()]
        for row, line in table.iterrows()
    ]
    rows = [str(row) for row in table.index]
    st.echarts_chart(
        figures.heat_option(rows, results["classes"], table.to_numpy(), hover=hover, signed=signed),
        key=f"benchmark_recall_{kind}_{signed}",
        height=figures.heat_height(rows, results["classes"]),
        alt=f"Recall of each emotion by each method in {unit}",
    )
    st.caption(
        "Recall minus that of nothing added, in points."
        if signed
        else f"Share of each emotion's utterances that was recognised, in %, all folds pooled. Chance: "
        f"{100 / len(results['classes']):.0f} %."
    )


def show_confusion(results: view.Results, kind: str) -> None:
    """What is taken for what by one method, or how that differs from another's."""
    st.subheader("Confusion", anchor=False)
    titles = view.titles(results, kind)
    names = list(titles)
    with st.container(horizontal=True, gap="small"):
        shown = _pick("Method", names, titles, "benchmark_confusion", default=names[-1])
        rest = [name for name in names if name != shown]
        other = _pick("Minus", ["", *rest], {"": "(nothing)", **titles}, "benchmark_minus", default="")
    counts, classes = view.confusion(results, kind, shown), results["classes"]
    values = view.shares(counts)
    if other:
        before = view.shares(view.confusion(results, kind, other))
        values = values - before
        hover = [
            [f"{true} recognised as {said}: {values[i][j]:+.1f} points" for j, said in enumerate(classes)]
            for i, true in enumerate(classes)
        ]
    else:
        hover = [
            [
                f"{true} recognised as {said}: {values[i][j]:.1f} %, {counts[i][j]:g} of {counts[i].sum():g} utterances"
                for j, said in enumerate(classes)
            ]
            for i, true in enumerate(classes)
        ]
    st.echarts_chart(
        figures.heat_option(
            classes,
            classes,
            values,
            hover=hover,
            row_name="true emotion",
            column_name="recognised as",
            signed=bool(other),
        ),
        key=f"benchmark_confusion_{kind}_{shown}_{other}",
        height=figures.heat_height(classes, classes, named=True),
        alt="Confusion of the emotions, each row in per cent",
    )
    st.caption(
        "Difference of the two methods' shares, in points."
        if other
        else "Each row adds up to 100 %: all folds pooled, mean over seeds. Hover or touch for counts."
    )


def _pick(label: str, names: list[str], titles: dict[str, str], key: str, *, default: str) -> str:
    if st.session_state.get(key) not in names:
        st.session_state[key] = default
    return str(
        st.selectbox(label, names, format_func=lambda name: titles[name], key=key, width=260, persist_state="session")
    )
