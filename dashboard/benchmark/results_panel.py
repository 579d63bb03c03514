"""The results of the chosen benchmark: table, gains, recall, confusion, other conditions, downloads."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from core.files import finite
from core.spreadsheets import file_name
from dashboard import state, theme
from dashboard.benchmark import family, figures, matrices_panel, store, view, watch

QUICK = "mirage benchmark demo --methods none,noise,mixup,smote --seeds 2 --set alignment.steps=100"
FULL = "mirage benchmark NAME --methods all --seeds 5"
WIDTHS = {"method": 158, "mean": 58, "interval": 98, "points": 60, "p": 56, "says": 100, "WA": 56, "macro-F1": 76}
"""Pixels of the table's columns: all of them fit a screen of 1360."""


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
        matrices_panel.show_recall(results, kind)
        matrices_panel.show_confusion(results, kind)
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
    helps = {
        "mean": "Unweighted average recall: mean over folds and seeds.",
        "interval": "Bootstrap over folds.",
        "points": "Paired gain in points of UA, fold by fold and seed by seed.",
        "p": "Corrected resampled t-test, two-sided.",
        "says": "Better or worse: the interval leaves zero out and p is below 0.05. Both are needed.",
        "WA": "Accuracy.",
        "done": "Cells (fold and seed) that count so far.",
    }
    columns: dict[Any, Any] = {}
    # By position, the index being the first: a column under a heading has no name that a configuration could use.
    for place, name in enumerate(table.columns.get_level_values(1), start=1):
        common: dict[str, Any] = {"help": helps.get(name), "width": WIDTHS.get(name)}
        if name in ("mean", "points", "WA", "macro-F1"):
            form = "%+.1f" if name == "points" else "%.1f"
            columns[place] = st.column_config.NumberColumn(name, format=form, **common)
        else:
            columns[place] = st.column_config.TextColumn(
                "95 %" if name == "interval" else name, pinned=name == "method", **common
            )
    st.dataframe(
        table,
        hide_index=True,
        placeholder="",
        column_config=columns,
        height="content",
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
    for line in (*view.in_words(found), *view.over_rivals(results, kind)):
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
    tuning = str(results.get("tuning", ""))
    with st.expander("How it was measured", icon=":material/rule:"):
        st.text(
            "Trained on the other speakers of each fold; test speakers touch nothing that is fitted. "
            f"{tuning[:1].upper()}{tuning[1:]}."
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
            file_name=file_name(name, "csv"),
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="benchmark_csv",
        )
        st.download_button(
            "All figures as JSON" if not unfinished else "Figures so far as JSON",
            lambda: json.dumps(finite(results), indent=2, ensure_ascii=False),
            file_name=file_name(f"{name}-results", "json"),
            mime="application/json",
            icon=":material/download:",
            on_click="ignore",
            key="benchmark_json",
        )
