"""Aligned space: one map of audio, text and generated features, linked with a table and with the clips."""

import streamlit as st

from dashboard import state, theme
from dashboard.space.panel import show_space

theme.page_title("Aligned space", "Where utterances lie by what is heard and by what is said. Near means alike.")

run_id = state.selected_run()
if run_id is None:
    theme.empty(
        "No run yet",
        "The map needs a trained run. Start one on the Train page or from a terminal; the demo brings one.",
        ["mirage demo", "mirage train CORPUS"],
    )
    st.stop()

with state.faults():
    show_space(state.run(run_id))
