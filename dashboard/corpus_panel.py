"""The parts of the Corpora page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st

from core import MirageError, spreadsheets
from dashboard import charts, corpus_view, licence, palette, state, theme
from dashboard.clip_panel import show_clip

if TYPE_CHECKING:
    from core import Corpus
    from core.corpora import Permissions

PROBLEM_COLUMNS = ["file", "row", "reason", "remedy"]


def show_head(corpus: Corpus) -> None:
    """Licence, origin and the main figures."""
    allowed = permissions(corpus)
    with st.container(horizontal=True, gap="small"):
        if state.is_synthetic(corpus.metadata):
            theme.synthetic_badge()
        terms = corpus.metadata.get("licence") or "licence unknown"
        st.badge(theme.in_badge(f"Licence: {terms}"), icon=":material/license:", color="gray")
        licence.show_badges(allowed)
    about = corpus.metadata.get("title")
    if about:
        st.text(str(about))
    figures = corpus_view.summary(corpus)
    with st.grid(6, min_column_width=130):
        st.metric("Utterances", f"{figures.utterances:,}", border=True)
        st.metric("Emotions", figures.emotions, border=True)
        st.metric("Speakers", figures.speakers or "unknown", border=True)
        st.metric("Sessions", figures.sessions or "none", border=True)
        st.metric("With transcript", f"{figures.transcripts:,}" if allowed.transcripts else "not shown", border=True)
        st.metric("Length", corpus_view.hours(figures.seconds), border=True)
    if not corpus.root.is_dir():
        state.show_fault(
            MirageError(f"The folder of the clips, {corpus.root}, is not there: nothing can be played. Add it again.")
        )


def show_counts(corpus: Corpus) -> None:
    """Utterances by emotion, speaker and session; lengths."""
    table, order = corpus.table, corpus.classes()
    colours = palette.colour_map([*order, charts.NO_LABEL], emotions=True)
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True, height="stretch"):
        st.markdown("**By emotion**")
        by_emotion = corpus_view.emotion_counts(table, order)
        theme.draw(
            charts.count_bars(by_emotion, colours),
            key="counts_emotion",
            height=charts.count_bars_height(by_emotion),
            alt="Number of utterances for each emotion",
        )
    with right, st.container(border=True, height="stretch"):
        st.markdown("**Length of the clips**")
        lengths = clip_lengths(corpus)
        if len(lengths):
            theme.draw(
                charts.histogram(lengths, x="duration (s)"),
                key="counts_length",
                height=260,
                alt="Histogram of clip lengths in seconds",
            )
            middle = float(np.median(lengths))
            part = f" (of {len(lengths):,} clips)" if len(lengths) < len(table) else ""
            st.caption(f"Median {middle:.2f} s, longest {lengths.max():.2f} s{part}.")
        else:
            st.caption("No clip could be read.")
    for column in ("speaker", "session"):
        if table[column].notna().any():
            counts = corpus_view.counts_by(table, column, order)
            numbers_table = counts.copy()
            numbers_table.insert(0, "all", counts.sum(axis=1))
            with st.container(border=True):
                st.markdown(f"**By {column} and emotion**")
                chart, numbers = st.columns([3, 2], gap="medium")
                with chart:
                    theme.draw(
                        charts.stacked_bars(counts, colours, x=column),
                        key=f"counts_{column}",
                        height=330,
                        alt=f"Utterances of each {column}, stacked by emotion",
                    )
                numbers.dataframe(numbers_table, alt=f"Utterances by {column} and emotion", height=330)


def show_utterances(corpus: Corpus) -> None:
    """The filtered table; a click on a row plays and shows the utterance."""
    table, readable = corpus.table, permissions(corpus).transcripts
    with st.container(horizontal=True, vertical_alignment="bottom"):
        emotions = st.multiselect("Emotion", _values(corpus, "emotion"), key=f"filter_emotion_{corpus.name}")
        speakers = st.multiselect("Speaker", _values(corpus, "speaker"), key=f"filter_speaker_{corpus.name}")
        where = "transcript or id" if readable else "id"
        words = st.text_input(f"Words in the {where}", key=f"filter_words_{corpus.name}", live="300ms")
    rows = corpus_view.filtered(table, emotions=emotions, speakers=speakers, words=words)
    st.caption(f"{len(rows):,} of {len(table):,} utterances. Click a row to hear, read and see it.")
    if not readable:
        st.caption(licence.NO_SEARCH)
    chosen, shown = st.columns([3, 2], gap="medium")
    with chosen:
        event = st.dataframe(
            rows[corpus_view.shown_columns(table)],
            hide_index=True,
            height=560,
            key=f"utterances_{corpus.name}",
            on_select="rerun",
            selection_mode="single-row",
            selection_default={"selection": {"rows": [0], "columns": [], "cells": []}} if len(rows) else None,
            column_config={"utterance_id": st.column_config.TextColumn("utterance", pinned=True)},
            alt="Utterances of the corpus",
        )
    with shown:
        marked = [row for row in event.selection.rows if row < len(rows)]
        if marked:
            show_clip(corpus, int(rows.index[marked[0]]), key="corpus_clip")
        else:
            st.caption("No utterance is chosen." if len(rows) else "No utterance matches: clear a filter.")


def show_problems(corpus: Corpus) -> None:
    """What was left out when the corpus was read, row by row."""
    problems = corpus.metadata.get("problems") or []
    total = corpus.metadata.get("problems_total", len(problems))
    if not problems:
        st.caption("Nothing was left out: every file and row of this corpus could be used.")
        return
    st.caption(f"{total:,} files or rows were left out" + (f"; the first {len(problems):,}:" if total > 1000 else ":"))
    problem_table(
        problems, key=f"problems_{corpus.name}", file_name=spreadsheets.file_name(f"{corpus.name}-problems", "csv")
    )


def problem_table(problems: Iterable[dict[str, Any]], *, key: str, file_name: str) -> None:
    """Problems as a table, and as CSV to take away."""
    frame = pd.DataFrame(list(problems), columns=PROBLEM_COLUMNS)
    frame["row"] = frame["row"].astype("Int64")
    st.dataframe(frame, hide_index=True, key=key, alt="What is wrong, file by file and row by row")
    st.download_button(
        "Download as CSV",
        spreadsheets.frame_csv(frame),
        file_name=file_name,
        mime="text/csv",
        icon=":material/download:",
        key=f"{key}_download",
    )


def clip_lengths(corpus: Corpus) -> np.ndarray:
    """``corpus_view.durations``, cached."""
    return _lengths(corpus.name, corpus.fingerprint(), corpus)


@st.cache_resource(max_entries=8, show_spinner="Reading the lengths of the clips")
def _lengths(name: str, fingerprint: str, _corpus: Corpus) -> np.ndarray:
    return corpus_view.durations(_corpus)


def permissions(corpus: Corpus) -> Permissions:
    """What people may hear and read of a corpus."""
    from core.corpora import Permissions

    return Permissions.of(corpus.metadata)


def _values(corpus: Corpus, column: str) -> list[str]:
    values = corpus.classes() if column == "emotion" else sorted(set(corpus.table[column].dropna()))
    return [*values, charts.NO_LABEL] if corpus.table[column].isna().any() else values
