"""What goes wrong when a download is made is logged: the browser hears nothing of it."""

from __future__ import annotations

import logging

import pytest

from core import BadInputError
from core.export import Features
from dashboard import downloads


def test_a_fault_is_logged_and_raised(caplog: pytest.LogCaptureFixture) -> None:
    def gone() -> Features:
        raise BadInputError("there is no run 'gone' any more")

    with caplog.at_level(logging.WARNING), pytest.raises(BadInputError, match="no run 'gone'"):
        downloads._content(gone, "npz")
    faults = [record for record in caplog.records if record.getMessage() == "fault"]
    assert [(one.levelname, one.mirage["error"]) for one in faults] == [("WARNING", "BadInputError")]  # type: ignore[attr-defined]
