"""Long work of one click: results, faults and progress come through, and only the page's own thread draws."""

from __future__ import annotations

import time

from streamlit.testing.v1 import AppTest


def page() -> None:
    import threading
    import time

    import streamlit as st

    from core import FailureError
    from dashboard import state, watched

    drawn: list[tuple[float, str, bool]] = []
    place = st.empty

    def work(progress):  # type: ignore[no-untyped-def]
        for done in range(1, 5):
            progress(done * 1_000_000, 4_000_000)
            time.sleep(0.5)
        return threading.current_thread() is threading.main_thread(), threading.current_thread().name

    before = watched.said

    def noted(*told):  # type: ignore[no-untyped-def]
        share, text = before(*told)
        drawn.append((share, text, threading.current_thread().name == "long-work"))
        return share, text

    watched.said = noted
    try:
        with place():
            st.text(str(watched.done(work, "Looking at it")))
    finally:
        watched.said = before
    st.text(repr(drawn))
    with state.faults():
        raise_it = FailureError("the download broke off")
        watched.done(lambda progress: (_ for _ in ()).throw(raise_it), "Looking at it")


def test_progress_result_and_fault() -> None:
    start = time.monotonic()
    app = AppTest.from_function(page, default_timeout=30).run()
    assert not app.exception
    assert time.monotonic() - start < 20
    result, drawn, *rest = [one.value for one in app.text]
    assert result == "(False, 'long-work')"
    seen = eval(drawn)
    assert len(seen) >= 2
    assert [share for share, _, _ in seen] == sorted(share for share, _, _ in seen)
    assert any("of 4.0 MB, about" in text for _, text, _ in seen)
    assert not any(worker for _, _, worker in seen)
    assert rest == ["the download broke off"]
