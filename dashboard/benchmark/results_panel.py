"""The results of the chosen benchmark: table, gains, recall, confusion, other conditions, downloads."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from core.files import finite
from dashboard import state, theme
from dashboard.benchmark import family, figures, store, view, watch

QUICK = "mirage benchmark demo --methods none,noise,mixup,smote --seeds 2 --set alignment.steps=100"
FULL = "mirage benchmark NAME --methods all --seeds 5"


def show() -> None:
    """The chosen benchmark; what moves refreshes by itself while it works."""
    found = store.names()
    if not found:
        theme.empty(
            "No benchmark yet",
            "It compares ways of augmenting by recognition of held-out speakers, with paired gains and intervals. "
            "Start one under **New benchmark**, or from a terminal (the first takes a few minutes, on synthetic "
            "speech):",
            [QUICK, FULL],
            icon=":material/leaderboard:",
        )
        return
    name = store.choose(found)
    current = store.state_of(name)
    active = current is not None and current.active
    st.fragment(_shown, run_every=watch.EVERY if active else None)(name, None if current is None else current.status)


def _shown(name: str, drawn_as: str | None) -> None:
    current = store.state_of(name)
    status = None if current is None else current.status
    if status != drawn_as:
        # Refreshing depends on the status.
        st.rerun()
    if current is None:
        theme.empty("Not readable", "The state of this benchmark is damaged. Run the same command again.", [FULL])
    elif status != "finished":
        watch.show(name, current)
    with state.faults():
        results, unfinished = store.results(name, current)
        if results is None:
            st.caption(
                "No figure yet: they come with the first cell (a method in one fold with one seed), after the "
                "regressions and the tuning."
            )
            return
        _head(results, unfinished)
        kind = _kind(results)
        _table(results, kind)
        _gains(results, kind)
        _recall(results, kind)
        _confusion(results, kind)
        if not unfinished:
            _conditions(name, results, kind)
        _about(name, results, kind, unfinished)


def _head(results: view.Results, unfinished: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if _is_synthetic(results):
            theme.synthetic_badge()
        if results.get("permuted"):
            st.badge("Emotions dealt out at random", icon=":material/shuffle:", color="orange")
        if unfinished:
            done = sum(results["cells"].values())
            total = results["cells_in_all"] * len(results["asked"]["methods"])
            st.badge(f"{done} of {total} cells: these figures will change", icon=":material/hourglass:", color="orange")
    st.text(" · ".join(view.says(results)))


def _is_synthetic(results: view.Results) -> bool:
    return any(
        name in state.workspace().corpus_names() and state.is_synthetic(state.corpus(name).metadata)
        for name in (results["corpus"], results.get("test_on"))
        if name
    )


def _kind(results: view.Results) -> str:
    kinds = view.kinds(results)
    if len(kinds) < 2:
        st.caption("Recognised from audio alone.")
        return kinds[0]
    if st.session_state.get("benchmark_kind") not in kinds:
        st.session_state["benchmark_kind"] = kinds[0]
    return str(
        st.segmented_control(
            "Recognised from",
            kinds,
            format_func=lambda kind: view.FEATURES[kind],
            required=True,
            key="benchmark_kind",
            persist_state="session",
        )
    )


def _table(results: view.Results, kind: str) -> None:
    table = view.method_table(results, kind)
    columns: dict[str, Any] = {
        "method": st.column_config.TextColumn("recognition", pinned=True),
        "UA": st.column_config.NumberColumn(
            "UA (%)", format="%.1f", help="Unweighted average recall: mean over folds and seeds."
        ),
        "UA interval": st.column_config.TextColumn("95 %", help="Bootstrap over folds."),
        "WA": st.column_config.NumberColumn("WA (%)", format="%.1f", help="Accuracy."),
        "macro-F1": st.column_config.NumberColumn("macro-F1 (%)", format="%.1f"),
        "cells": st.column_config.TextColumn("done", help="Cells (fold and seed) that count so far."),
    }
    for over in view.OVER.values():
        columns[over] = st.column_config.NumberColumn(
            f"over {over}", format="%+.1f", help="Paired gain in points of UA, fold by fold and seed by seed."
        )
        columns[f"{over} interval"] = st.column_config.TextColumn("95 %", help="Bootstrap over folds.")
        columns[f"{over} p"] = st.column_config.NumberColumn(
            "p", format="%.3f", help="Corrected resampled t-test, two-sided."
        )
        columns[f"{over} says"] = st.column_config.TextColumn(
            "says", help="Better or worse: the interval leaves zero out and p is below 0.05. Both are needed."
        )
    st.dataframe(
        table,
        hide_index=True,
        placeholder="",
        column_config=columns,
        alt="UA, WA, macro-F1 and paired gains of each method",
    )


def _gains(results: view.Results, kind: str) -> None:
    st.subheader("Gains", anchor=False)
    found = view.gains(results, kind)
    if not found:
        folds = len(results["folds"])
        st.caption(
            "A single fold: no paired comparison."
            if folds < 2
            else "Gains come as soon as a method has the same seeds in two folds."
        )
        return
    for line in view.in_words(found):
        st.text(line)
    st.echarts_chart(
        figures.forest_option(found),
        key=f"benchmark_gains_{kind}",
        height=figures.forest_height(found),
        alt="Gain of each method in points of UA with its 95 % interval, over nothing added and over the regression",
    )
    st.caption(
        f"Paired over {found[0].folds} folds; bar: 95 % interval (bootstrap over folds). Filled: told apart from zero "
        "by interval and test; hollow: not told apart."
    )


def _recall(results: view.Results, kind: str) -> None:
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
        height=figures.heat_height(rows),
        alt=f"Recall of each emotion by each method in {unit}",
    )
    st.caption(
        "Recall minus that of nothing added, in points."
        if signed
        else f"Share of each emotion's utterances that was recognised, in %, all folds pooled. Chance: "
        f"{100 / len(results['classes']):.0f} %."
    )


def _confusion(results: view.Results, kind: str) -> None:
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
        height=figures.heat_height(classes, named=True),
        alt="Confusion of the emotions, each row in per cent",
    )
    st.caption(
        "Difference of the two methods' shares, in points."
        if other
        else "Each row adds up to 100 %: all folds pooled, mean over seeds. Hover for counts."
    )


def _pick(label: str, names: list[str], titles: dict[str, str], key: str, *, default: str) -> str:
    if st.session_state.get(key) not in names:
        st.session_state[key] = default
    return str(
        st.selectbox(label, names, format_func=lambda name: titles[name], key=key, width=260, persist_state="session")
    )


def _conditions(name: str, results: view.Results, kind: str) -> None:
    """Gain against condition, where there is more than one of the same corpus."""
    others = store.others(name)
    if not any(
        family.belongs(results, other) and other.get("condition") != results.get("condition") for other in others
    ):
        return
    st.subheader("With less to train on", anchor=False)
    over = st.segmented_control(
        "Gain over",
        list(view.OVER.values()),
        default=next(iter(view.OVER.values())),
        required=True,
        key="benchmark_family_over",
        persist_state="session",
    )
    listed = family.members(results, others, kind, str(over))
    if not listed:
        st.caption("No gains to draw: a single fold, or nothing added was not compared.")
        return
    st.echarts_chart(
        figures.family_option(listed),
        key=f"benchmark_family_{kind}_{over}",
        height=360,
        alt=f"Gain over {over} in points of UA against the share of training utterances",
    )
    st.caption(
        "Benchmarks of the same corpus, classes, folds and configuration. Bar: 95 % interval; filled: told apart from "
        "zero. A click on a name in the legend hides it."
    )


def _about(name: str, results: view.Results, kind: str, unfinished: bool) -> None:
    with st.expander("How it was measured", icon=":material/rule:"):
        st.text(
            "Trained on the other speakers of each fold; test speakers touch nothing that is fitted. "
            f"{str(results.get('tuning', '')).capitalize()}."
        )
        st.text(f"Embeddings: {', '.join(results.get('embeddings', []))}")
        st.text(f"Folder: {store.folder(name)}")
        chosen = view.settings_table(results, kind)
        if len(chosen):
            st.dataframe(chosen, hide_index=True, alt="Settings that the validation speakers chose, and how often")
    with st.container(horizontal=True):
        st.download_button(
            "Table as CSV",
            lambda: view.as_csv(results),
            file_name=f"{name}.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="benchmark_csv",
        )
        st.download_button(
            "All figures as JSON" if not unfinished else "Figures so far as JSON",
            lambda: json.dumps(finite(results), indent=2, ensure_ascii=False),
            file_name=f"{name}-results.json",
            mime="application/json",
            icon=":material/download:",
            on_click="ignore",
            key="benchmark_json",
        )
