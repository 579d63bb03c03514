"""One utterance in full: read, hear, see, and what lies near it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard import charts, corpus_view, licence, theme
from dashboard.space import store, tables
from dashboard.space.clip import RATE, clip_of
from dashboard.space.figures import bars_height, posterior_bars
from dashboard.space.points import MapPoints

if TYPE_CHECKING:
    from core import LoadedRun


def show_utterance(run: LoadedRun, points: MapPoints, row: int, *, k: int) -> None:
    """The picked utterance beside the map."""
    record = points.table.iloc[row]
    with st.container(border=True):
        st.markdown(f"**{theme.plain(theme.short(record['utterance_id']))}**")
        st.text(licence.said(record, run.permissions))
        st.caption(theme.plain(_facts(record)))
        clip = clip_of(run, row)
        if clip.samples is None:
            st.caption(theme.plain(clip.reason))
        else:
            st.audio(clip.samples, sample_rate=RATE, alt="The clip of the picked utterance")
        st.caption(verdict(record, points))
        st.echarts_chart(
            posterior_bars(run.classes, run.posterior(run.h[row : row + 1])),
            key="space_posterior",
            height=bars_height(run.classes),
            alt="Probability of each emotion for the picked utterance",
        )
    near = tables.neighbour_table(run, points, row, k)
    both = tables.agreement(points, row, near["row"], k)
    st.markdown(f"**Nearest in {run.dim} dimensions**")
    key = f"space_near_{row}"
    st.dataframe(
        near.drop(columns="row"),
        key=key,
        hide_index=True,
        on_select=lambda: _on_neighbour(near["row"].to_list(), key),
        selection_mode="single-row",
        column_config=near_columns(),
        alt="The utterances nearest to the picked one in the full dimension",
    )
    st.caption(
        f"{both} of these {len(near)} (ringed grey) are also among its {len(near)} nearest on the map. "
        "Select one to go there."
    )
    if clip.samples is not None:
        mel, times, centres = corpus_view.log_mel(clip.samples)
        theme.show(
            charts.clip(clip.samples, mel, times, centres, RATE),
            key="space_clip",
            alt="Waveform over time in seconds, and log-mel spectrogram in hertz",
        )


def near_columns() -> dict[str, Any]:
    """How the columns of ``tables.near_table`` are shown."""
    return {
        "distance": st.column_config.NumberColumn("Distance", format="%.2f", width="small"),
        "utterance_id": st.column_config.TextColumn("Utterance"),
        "emotion": st.column_config.TextColumn("Emotion"),
        "speaker": st.column_config.TextColumn("Speaker"),
        "text": st.column_config.TextColumn("Transcript"),
    }


def _on_neighbour(rows: list[int], key: str) -> None:
    event = st.session_state.get(key) or {}
    marked = [i for i in event.get("selection", {}).get("rows", []) if 0 <= i < len(rows)]
    if marked:
        store.pick(rows[marked[0]])


def _facts(record: pd.Series) -> str:
    named = [("", "emotion"), ("speaker ", "speaker"), ("session ", "session"), ("", "gender"), ("", "part")]
    return " · ".join(prefix + theme.short(record[name], 40) for prefix, name in named if isinstance(record[name], str))


def verdict(record: pd.Series, points: MapPoints) -> str:
    """What the classifier made of an utterance, beside its label if it has one; Markdown."""
    predicted = record["predicted"]
    if not isinstance(predicted, str):
        return "The classifier has not judged this utterance."
    if record["part"] == "unlabelled":
        return theme.plain(f"Recognised as {predicted}; nobody has labelled it, it was trained on with a guess.")
    held_out = {"train": " (it was trained on this one)"}.get(str(record["part"]), "")
    if record["label"] not in points.classes:
        return theme.plain(f"Recognised as {predicted}; it has no label of this run to compare with.")
    word = "right" if predicted == record["label"] else f"wrong: the label is {record['label']}"
    return theme.plain(f"Recognised as {predicted}, {word}{held_out}.")
