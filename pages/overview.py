"""Overview: what is in the workspace, what is running, where to start or go on."""

import streamlit as st

from dashboard import jobs, overview_panel, overview_view, state, theme

theme.page_title("Overview", "Align speech and text, generate emotion-aware features, see and touch them.")

place = state.workspace()
corpora = overview_view.corpora(place)
runs = overview_view.runs(place)

overview_panel.show_start()
overview_panel.show_figures(corpora, runs)
jobs.show_running()
overview_panel.show_runs(runs)
overview_panel.show_bring_in()
overview_panel.show_corpora(corpora)

st.caption(f"Workspace: {theme.plain(place.root)}")
