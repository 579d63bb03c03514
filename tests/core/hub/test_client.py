"""The client's noise is off while somebody speaks to the hub, and as before when the last has done."""

from __future__ import annotations

import threading
import warnings

from huggingface_hub.utils import are_progress_bars_disabled, logging

from core.hub.client import quiet


def state() -> tuple[int, bool, list[object]]:
    return logging.get_verbosity(), are_progress_bars_disabled(), list(warnings.filters)


def test_two_at_a_time_leave_it_as_it_was() -> None:
    before = state()
    first_in, second_in, first_out = threading.Event(), threading.Event(), threading.Event()
    heard: list[tuple[int, bool, int]] = []

    def first() -> None:
        with quiet():
            first_in.set()
            assert second_in.wait(10)
        first_out.set()

    def second() -> None:
        assert first_in.wait(10)
        with quiet():
            second_in.set()
            assert first_out.wait(10)
            # The other is out, and it is quiet still.
            with warnings.catch_warnings(record=True) as caught:
                warnings.warn("noise", stacklevel=1)
            heard.append((logging.get_verbosity(), are_progress_bars_disabled(), len(caught)))

    threads = [threading.Thread(target=work) for work in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert heard == [(logging.ERROR, True, 0)]
    assert state() == before


def test_what_others_do_with_warnings_meanwhile_stays() -> None:
    with warnings.catch_warnings():
        before = state()
        inside = quiet()
        inside.__enter__()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            inside.__exit__(None, None, None)
            assert warnings.filters[0][0] == "error"
        assert state() == before
        with quiet():
            warnings.filterwarnings("ignore", message="theirs")
        assert len(warnings.filters) == len(before[2]) + 1
