"""Long work of one click: results, faults and progress come through, and only the page's own thread draws."""

from __future__ import annotations

import logging
import threading
import time

import pytest
from streamlit.testing.v1 import AppTest

from core import FailureError
from core.progress import Progress
from dashboard import watched


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


class Gone(BaseException):
    """As Streamlit ends the script of a page that has gone: when it next draws."""


def faults(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.mirage["error"] for one in caplog.records if one.getMessage() == "fault"]  # type: ignore[attr-defined]


def test_a_fault_that_nobody_waits_for_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    release, began = threading.Event(), []

    def work(progress: Progress) -> None:
        began.append(1)
        release.wait(20)
        raise FailureError("the download broke off")

    def gone(*told: float) -> tuple[float, str]:
        raise Gone

    monkeypatch.setattr(watched, "_WAIT", 0.01)
    with caplog.at_level(logging.WARNING):
        with monkeypatch.context() as page:
            page.setattr(watched, "said", gone)
            for _ in range(2):
                with pytest.raises(Gone):
                    watched.done(work, "Looking at it", key="one")
        job = watched._RUNNING["one"]
        assert faults(caplog) == []
        release.set()
        assert job.ended.wait(20)
        # Under the lock: with the end comes the log.
        with watched._LOCK:
            assert faults(caplog) == ["FailureError"]
    assert began == [1]
    assert "one" not in watched._RUNNING


def test_a_second_press_waits_for_the_first(caplog: pytest.LogCaptureFixture) -> None:
    release, began, results = threading.Event(), [], []

    def work(progress: Progress) -> str:
        began.append(1)
        release.wait(20)
        return "done once"

    with caplog.at_level(logging.WARNING):
        pages = [
            threading.Thread(target=lambda: results.append(watched.done(work, "Looking at it", key="two")))
            for _ in range(3)
        ]
        for page in pages:
            page.start()
        while len(watched._RUNNING["two"]._waiting if "two" in watched._RUNNING else ()) < 3:
            time.sleep(0.01)
        release.set()
        for page in pages:
            page.join(20)
    assert results == ["done once"] * 3
    assert began == [1]
    # The next press is another one.
    assert watched.done(work, "Looking at it", key="two") == "done once"
    assert began == [1, 1]
