"""Benchmark: what augmentation gains on held-out speakers; start one and watch it; the report card of a run."""

import streamlit as st

from dashboard import state, theme
from dashboard.benchmark import card_panel, form_panel, results_panel

VIEWS = ("Results", "New benchmark", "Report card")

theme.page_title("Benchmark", "What augmentation gains in recognising held-out speakers, and how sure that is.")

wanted = st.session_state.pop("benchmark_view_next", None)
if wanted in VIEWS:
    st.session_state["benchmark_view"] = wanted
view = st.segmented_control(
    "View",
    VIEWS,
    default=VIEWS[0],
    required=True,
    key="benchmark_view",
    label_visibility="collapsed",
    persist_state="session",
)

with state.faults():
    if view == "New benchmark":
        form_panel.show()
    elif view == "Report card":
        card_panel.show()
    else:
        results_panel.show()
