"""Entry point of the dashboard: page set-up, navigation, the sidebar's run selector.

Started by ``mirage dashboard`` (dashboard/launch.py passes theme and server options).
"""

from __future__ import annotations

import streamlit as st

from dashboard import gate, housekeeping, navigation, state, theme, tour, warmup

gate.admit()
st.set_page_config(page_title="MIRAGE", page_icon=str(theme.ICON), layout="wide")
st.logo(str(theme.LOGO), size="large", icon_image=str(theme.ICON))

page = st.navigation(navigation.menu(), expanded=True)
tour.arrive(page.url_path)
with st.sidebar, state.faults():
    state.run_picker()
    state.show_run_status()
    tour.show()
    gate.show_person()

state.show_note()
page.run()
state.remember(page.url_path or "overview")
warmup.start()
housekeeping.start()
