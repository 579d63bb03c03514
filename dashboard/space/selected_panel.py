"""The table of the selected utterances, what can be done with it, and its export."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st

from core.export import Features
from dashboard.downloads import show_feature_downloads
from dashboard.space import selection, store, tables
from dashboard.space.points import MapPoints
from dashboard.space.widgets import SAME, key_for, taken

if TYPE_CHECKING:
    from core import LoadedRun

TABLE_MOST = 1000
"""Rows that the table shows: a browser takes long for tens of thousands."""


def show_selected(run: LoadedRun, points: MapPoints, visible: np.ndarray, chosen: selection.Selection) -> None:
    """The selected utterances, or all visible ones; the marked row is the picked one."""
    rows = np.asarray(chosen.rows, dtype=np.intp) if chosen.rows else np.flatnonzero(visible)
    marks = np.zeros(len(points), dtype=bool)
    marks[rows] = True
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        total = f"{int(visible.sum()):,}"
        hidden = len(points) - int(visible.sum())
        says = f"**{len(chosen.rows):,} selected** of {total}" if chosen.rows else f"**{total} utterances**"
        st.markdown(says + (f" · {hidden:,} hidden by filters" if hidden else ""), width="content")
        with st.container(horizontal=True, width="content", gap="xsmall"):
            st.button(
                "Clear",
                icon=":material/close:",
                disabled=not chosen.rows and chosen.picked is None,
                on_click=_clear,
                help="Forget the selection and the picked utterance.",
            )
            for label, suffix, mime, make in (
                ("CSV", "csv", "text/csv", tables.csv_bytes),
                ("Parquet", "parquet", "application/vnd.apache.parquet", tables.parquet_bytes),
            ):
                st.download_button(
                    label,
                    partial(_export, make, run, np.packbits(marks)),
                    file_name=f"aligned-space-{len(rows)}.{suffix}",
                    mime=mime,
                    icon=":material/download:",
                    on_click="ignore",
                    help="The rows of this table with all their columns and their places on the map.",
                )
            show_feature_downloads(
                partial(_features, run, np.packbits(marks)),
                f"aligned-space-{len(rows)}",
                "The rows of this table with their aligned features.",
            )
    first = tuple(rows[:TABLE_MOST].tolist())
    if len(rows) > len(first):
        st.caption(f"The table shows the first {len(first):,} of {len(rows):,}; the files hold all of them.")
    name = f"space_rows_{hash(first) & 0xFFFFFFFF:x}"
    key = key_for(name, _marked_rows([] if chosen.picked not in first else [first.index(chosen.picked)]))
    st.dataframe(
        tables.shown_table(points, first),
        key=key,
        hide_index=True,
        height=330,
        on_select=partial(_on_table, first, name),
        selection_mode="single-row",
        column_config=_columns(),
        alt="The selected utterances; selecting one shows it in full",
    )


def _export(make: Callable[[pd.DataFrame], bytes], run: LoadedRun, marks: np.ndarray) -> bytes:
    points, rows = _asked_for(run, marks)
    return make(tables.exported_table(points, rows, paths=run.permissions.audio))


def _features(run: LoadedRun, marks: np.ndarray) -> Features:
    points, rows = _asked_for(run, marks)
    return tables.exported_features(run, points, rows)


def _asked_for(run: LoadedRun, marks: np.ndarray) -> tuple[MapPoints, list[int]]:
    # Asked for now: what may be shown can have changed since the button was drawn.
    points = store.points_of(run)
    # Bits: a session keeps them as long as the page is open, and 100,000 row numbers are 4 MB.
    return points, np.flatnonzero(np.unpackbits(marks, count=len(points))).tolist()


def _columns() -> dict[str, Any]:
    return {
        "utterance_id": st.column_config.TextColumn("Utterance"),
        "emotion": st.column_config.TextColumn("Emotion"),
        "predicted": st.column_config.TextColumn("Predicted"),
        "p_true": st.column_config.NumberColumn(
            "p(own)", format="%.2f", help="Probability that the classifier gives to the utterance's own emotion."
        ),
        "mi": st.column_config.NumberColumn(
            "MI (nats)",
            format="%.2f",
            help="Pointwise mutual information of the audio feature and its emotion: how much it says about it.",
        ),
        "speaker": st.column_config.TextColumn("Speaker"),
        "part": st.column_config.TextColumn("Part"),
        "text": st.column_config.TextColumn("Transcript", width="large"),
    }


def _marked_rows(rows: list[int]) -> dict[str, Any]:
    return {"selection": {"rows": rows, "columns": [], "cells": []}}


# --- callbacks ---------------------------------------------------------------------------------------------------


def _on_table(rows: tuple[int, ...], name: str) -> None:
    event = taken(name)
    if event is SAME:
        return
    marked = [i for i in event.get("selection", {}).get("rows", []) if 0 <= i < len(rows)]
    store.pick(rows[marked[0]] if marked else None)


def _clear() -> None:
    st.session_state[store.FIND_PARAMETER] = ""
    store.select(())
