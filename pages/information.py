"""Information: how much the generated features carry, live and across runs."""

import streamlit as st

from dashboard import information_controls, information_panel, mi_gain_panel, state, theme

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
run_ids, baseline = information_controls.choose_runs(selected)
look = information_controls.choose_look(run_ids)
shown = information_panel.Shown(tuple(run_ids), baseline)
information_panel.show_curves(shown, look)
runs = shown.load()
information_panel.show_table(runs, baseline)
information_panel.show_diff(runs)
mi_gain_panel.show()
information_panel.show_download(runs)
