"""Corpora: what is in one, hear and read it, add another."""

import streamlit as st

from dashboard import corpus_form, corpus_panel, state, theme

VIEWS = ("Counts", "Utterances", "Left out", "Add a corpus")

theme.page_title("Corpora", "What a corpus holds, how it sounds, and what is wrong with it.")

names = state.workspace().corpus_names()
if not names:
    theme.empty(
        "No corpus yet",
        "Add one below, or from a terminal. The demo brings a synthetic one, already trained.",
        ["mirage demo", "mirage ingest --list", "mirage ingest folder PATH --table FILE.csv"],
    )
    corpus_form.show_add()
    st.stop()

with st.container(horizontal=True, vertical_alignment="bottom"):
    if st.session_state.get("corpus") not in names:
        st.session_state.pop("corpus", None)
    name = st.selectbox("Corpus", names, key="corpus", bind="query-params", width=320)
    view = st.segmented_control(
        "View",
        VIEWS,
        default=VIEWS[0],
        required=True,
        key="corpus_view",
        label_visibility="collapsed",
        persist_state="session",
    )

if view == "Add a corpus":
    corpus_form.show_add()
    st.stop()

with state.faults():
    corpus = state.corpus(name)
    corpus_panel.show_head(corpus)
    if view == "Counts":
        corpus_panel.show_counts(corpus)
    elif view == "Utterances":
        corpus_panel.show_utterances(corpus)
    else:
        corpus_panel.show_problems(corpus)
