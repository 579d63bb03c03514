"""Latent lab: move emotion and latent codes, and see where what is generated lands among real speech."""

import streamlit as st

from dashboard import state, theme
from dashboard.lab.panel import show_lab

theme.page_title("Latent lab", "Move a code and see what the generator makes of it, among the features of real speech.")

run_id = state.selected_run()
if run_id is None:
    theme.empty(
        "No run yet",
        "The lab needs a trained generator. Start one on the Train page or from a terminal; the demo brings one.",
        ["mirage demo", "mirage train CORPUS"],
    )
    st.stop()

with state.faults():
    show_lab(state.run(run_id))
