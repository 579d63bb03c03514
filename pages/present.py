"""Present: the story of a run as a talk, step by step and in full screen, with speaker notes."""

import streamlit as st

from dashboard import navigation, state, theme
from dashboard.present import panel
from dashboard.report import panel as report_panel

with st.container(key="present_head"):
    theme.page_title("Present", "The story of a run for an audience: arrow keys or a clicker, F full screen, N notes.")

run_id = state.selected_run()
if run_id is None:
    theme.empty(
        "No run yet",
        "A talk tells of a trained run. Start one on the Train page or from a terminal; the demo brings one.",
        ["mirage demo", "mirage train CORPUS"],
    )
    st.stop()

with st.container(key="present_head_actions", horizontal=True, vertical_alignment="center"):
    navigation.link("information", "Its curves")
    navigation.link("benchmark", "Its benchmarks")
    # Full screen hides this row.
    report_panel.show(run_id, key="present")

with state.faults():
    panel.show(run_id)
