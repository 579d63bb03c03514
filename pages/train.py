"""Train: fill the form, start, watch live, stop, go on."""

import streamlit as st

from dashboard import jobs, state, theme, train_panel

VIEWS = ("New training", "Jobs")

theme.page_title("Train", "Align, then train the generator. A job goes on when this page or the server is closed.")

wanted = st.session_state.pop("train_next_view", None)
if wanted in VIEWS:
    st.session_state["train_view"] = wanted
elif "train_view" not in st.session_state:
    st.session_state["train_view"] = VIEWS[1] if jobs.active_ids() else VIEWS[0]
view = st.segmented_control(
    "View", VIEWS, required=True, key="train_view", label_visibility="collapsed", persist_state="session"
)

with state.faults():
    if view == "Jobs":
        train_panel.show_jobs()
    else:
        train_panel.show_new()
