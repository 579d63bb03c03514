"""The live map of a talk beside what else the session remembers of the map."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def _click() -> None:
    import numpy as np
    import streamlit as st

    from dashboard.present import live
    from dashboard.space import store
    from dashboard.space.selection import Selection

    st.session_state[store.KEY] = store.SpaceState("demo", Selection((1, 2), None))
    st.session_state[live.MAP] = {"chosen": {"run": "demo", "seq": 1, "picked": 5, "selected": ""}}
    live._clicked(np.ones(9, dtype=bool))
    st.text(st.session_state[store.KEY].selection)


def test_a_click_leaves_the_selection_of_the_aligned_space() -> None:
    app = AppTest.from_function(_click).run()
    assert not app.exception
    assert app.text[0].value == "Selection(rows=(1, 2), picked=5)"
