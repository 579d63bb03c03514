"""Widgets that share a state: none is set while it lives, each gets a new key after a change from elsewhere."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def twins() -> None:
    import streamlit as st

    from dashboard.space.widgets import SAME, key_for, taken

    st.session_state.setdefault("truth", 0.0)
    st.session_state.setdefault("calls", [])

    def moved(name: str) -> None:
        value = taken(name)
        st.session_state["calls"] = [*st.session_state["calls"], value is not SAME]
        if value is not SAME:
            st.session_state["truth"] = value

    st.slider("drag", -3.0, 3.0, key=key_for("drag", st.session_state["truth"]), on_change=moved, args=("drag",))
    st.number_input(
        "exact", -3.0, 3.0, key=key_for("exact", st.session_state["truth"]), on_change=moved, args=("exact",)
    )


def test_twins_follow_each_other() -> None:
    app = AppTest.from_function(twins).run()
    app.slider[0].set_value(1.5).run()
    assert app.slider[0].key == "drag"
    assert (app.number_input[0].key, app.number_input[0].value) == ("exact-2", 1.5)
    app.number_input[0].set_value(-2.0).run()
    assert app.number_input[0].key == "exact-2"
    assert (app.slider[0].key, app.slider[0].value) == ("drag-2", -2.0)
    assert app.session_state["truth"] == -2.0
    assert not app.exception
