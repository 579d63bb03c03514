"""Logs are one event a line, of the fields there are, and say nothing private."""

from __future__ import annotations

import io
import json
import logging
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import logs
from core.errors import BadInputError, FailureError
from core.files import clear_disk_errors, read_json
from core.logs.said import message_of, place_of

SECRET = "Grandmother whispered her password"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is logged as JSON while the test runs; afterwards everything is as it was."""
    import sys

    logger, root = logging.getLogger("mirage"), logging.getLogger()
    before = (logger.handlers, logger.propagate, root.handlers)
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    monkeypatch.setattr(logs, "_handler", None)
    monkeypatch.delenv("MIRAGE_DEBUG", raising=False)
    stream = io.StringIO()
    logs.start("json", stream)
    yield stream
    logger.handlers, logger.propagate, root.handlers = before


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def raised(make: Any) -> BaseException:
    try:
        make()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def test_an_event_is_one_line_of_json_with_its_time_in_utc(written: io.StringIO) -> None:
    logs.event("checkpoint", run="emodb-s0", stage="alignment", step=400, seconds=1.23456)
    (line,) = lines(written)
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "event": "checkpoint",
        "run": "emodb-s0",
        "stage": "alignment",
        "step": 400,
        "seconds": 1.235,
    }


@given(st.text(), st.text())
def test_a_field_holds_its_kind_and_nothing_else(run: str, place: str) -> None:
    stream = io.StringIO()
    record: list[logging.LogRecord] = []
    logger = logging.getLogger("mirage")
    handler = logging.Handler()
    handler.emit = record.append  # type: ignore[method-assign]
    logger.addHandler(handler)
    try:
        logs.event("x", run=run, place=place)
    finally:
        logger.removeHandler(handler)
    stream.write(logs.JsonLines().format(record[0]))
    (line,) = lines(stream)
    assert line["run"] == "?" or line["run"].replace("@", "a").replace("+", "a").isascii()
    assert not set(line["run"]) & set(" /\\\n'\"<>")
    assert "\n" not in line["place"]


def test_there_is_no_field_for_anything_else(written: io.StringIO) -> None:
    with pytest.raises(TypeError):
        logs.event("search", text=SECRET)  # type: ignore[call-arg]
    assert not written.getvalue()


def test_a_home_is_written_as_a_tilde(written: io.StringIO) -> None:
    logs.event("server", workspace=Path.home() / "speech" / "workspace")
    assert lines(written)[0]["workspace"] == "~/speech/workspace"


def test_of_a_fault_the_words_of_the_source_are_said_and_not_what_it_quotes(written: io.StringIO) -> None:
    def wrong() -> None:
        raise BadInputError(f"row 7: the emotion {SECRET!r} is not known; say --labels {SECRET}=EMOTION")

    logs.fault(raised(wrong))
    (line,) = lines(written)
    assert line["error"] == "BadInputError"
    assert line["message"] == "row 7: the emotion <SECRET> is not known; say --labels <SECRET>=EMOTION"
    assert SECRET not in written.getvalue()


def test_of_a_foreign_fault_its_kind_and_place_are_said(written: io.StringIO) -> None:
    logs.fault(raised(lambda: {}[SECRET]))
    (line,) = lines(written)
    assert (line["error"], "message" in line) == ("KeyError", False)
    assert line["place"].startswith("test_logs.py:")
    assert SECRET not in written.getvalue()


def test_the_place_is_the_last_line_of_mirage(tmp_path: Path) -> None:
    error = raised(lambda: read_json(tmp_path / "none.json"))
    assert place_of(error).startswith("core/reading.py:")
    assert message_of(error) == "<path>: the file is missing"


def test_files_and_names_of_the_workspace_and_reasons_of_the_system_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIRAGE_HOME", str(tmp_path))
    (tmp_path / "runs" / "mine").mkdir(parents=True)

    def denied(target: Path) -> None:
        with clear_disk_errors(target):
            raise PermissionError(13, "Permission denied")

    inside = raised(lambda: denied(tmp_path / "runs" / "mine" / "state.json"))
    said = message_of(inside)
    assert said == (
        "workspace/runs/mine/state.json: cannot be written (Permission denied); set MIRAGE_HOME to a folder of your own"
    )
    assert "elsewhere" not in (message_of(raised(lambda: denied(tmp_path / "elsewhere" / "a"))) or "")
    assert "clip" not in (message_of(raised(lambda: denied(tmp_path / "runs" / "clip.wav"))) or "")

    def named(name: str) -> None:
        raise FailureError(f"run {name!r} is lost")

    assert message_of(raised(lambda: named("mine"))) == "run 'mine' is lost"
    assert message_of(raised(lambda: named("elses"))) == "run <name> is lost"


def test_of_a_message_made_elsewhere_the_words_at_the_raise_are_said() -> None:
    from core.corpora.audio import read_audio

    error = raised(lambda: read_audio(Path("/nowhere/grandmother.wav")))
    assert message_of(error) in (None, "the audio file is missing")
    assert "grandmother" not in str(message_of(error))


def test_what_libraries_log_is_said_without_its_values(written: io.StringIO) -> None:
    other = logging.getLogger("some.library")
    other.warning("could not read %s", SECRET)
    other.warning(f"could not read {SECRET}")
    other.info("quiet")
    first, second = lines(written)
    assert (first["event"], first["logger"], first["message"]) == ("log", "some.library", "could not read %s")
    assert second["message"] == "could not read <SECRET>"
    assert SECRET not in written.getvalue()


def test_a_librarys_exception_is_a_fault_without_its_message(written: io.StringIO) -> None:
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("some.library").exception("Uncaught app execution")
    (line,) = lines(written)
    assert (line["event"], line["error"], line["message"]) == ("fault", "ValueError", "Uncaught app execution")
    assert SECRET not in written.getvalue()
    assert "Traceback" not in written.getvalue()


def test_the_traceback_is_there_where_it_is_asked_for(written: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRAGE_DEBUG", "1")
    logs.fault(raised(lambda: {}[SECRET]))
    (line,) = lines(written)
    assert "Traceback" in line["traceback"]


def test_warnings_and_faults_of_threads_are_events(written: io.StringIO) -> None:
    warnings.warn(SECRET, UserWarning, stacklevel=1)

    def broken() -> None:
        raise OSError(SECRET)

    thread = threading.Thread(target=broken)
    thread.start()
    thread.join()
    warning, fault = lines(written)
    assert (warning["event"], warning["error"]) == ("warning", "UserWarning")
    assert (fault["event"], fault["error"]) == ("fault", "OSError")
    assert SECRET not in written.getvalue()


@pytest.mark.parametrize(
    "line", ["", "plain", "{", '{"time": 3}', '{"time": "x"', '{"time": [], "level": 1, "event": 2}']
)
def test_what_is_no_event_is_shown_as_it_is(line: str) -> None:
    assert logs.readable(line) == line


def test_the_variable_says_the_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRAGE_LOG", "text")
    assert logs.mode("json") == "text"
    monkeypatch.setenv("MIRAGE_LOG", "xml")
    with pytest.raises(BadInputError, match="choose json or text"):
        logs.mode()
    monkeypatch.delenv("MIRAGE_LOG")
    assert logs.mode() is None
