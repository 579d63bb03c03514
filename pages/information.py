"""Information: how much the generated features carry, live and across runs."""

import streamlit as st

from dashboard import information_panel, state, theme

theme.page_title(
    "Information", "How much the generated features tell of emotion, codes and text, and how sure that is."
)

selected = state.selected_run()
if selected is None:
    theme.empty(
        "No run yet",
        "Open the demo, or train a run on the page Train:",
        ["mirage demo", "mirage train NAME"],
    )
    st.stop()

st.markdown(information_panel.NATS)
with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    with st.container(width=380):
        run_ids = information_panel.choose_runs(selected)
    axis = information_panel.axis_control()
    weight = st.slider(
        "Smoothing", 0.0, 0.98, 0.6, 0.02, key="mi_smoothing", width=220,
        help="Exponential moving average over logged values. The raw line stays visible; nothing is left out.",
    )  # fmt: skip

information_panel.show_curves(run_ids, weight, axis)
runs = information_panel.load_all(run_ids)
information_panel.show_table(runs)
information_panel.show_diff(runs)
information_panel.show_download(runs)
