"""When a report that was made is another one, and what is handed out then."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import FailureError, LoadedRun, Workspace
from core.corpora import change_permissions
from core.shipped import ASSETS
from dashboard.report import panel

ALL = "demo-4e77e8790a4c"


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


@pytest.fixture
def here(own: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """``own`` as the workspace of the dashboard, with a benchmark."""
    monkeypatch.setenv("MIRAGE_HOME", str(own.root))
    shutil.copytree(ASSETS / ALL, own.benchmarks / ALL)
    return own


@pytest.mark.parametrize(
    "change",
    [
        lambda place: append(place.benchmarks / ALL / "results.json", " "),
        lambda place: append(place.run_folder("demo") / "events.jsonl", "\n"),
        lambda place: append(place.run_folder("demo") / "environment.json", " "),
        lambda place: append(place.run_folder("demo") / "quality.json", " "),
        lambda place: change_permissions("demo", place, audio=False),
        lambda place: change_permissions("demo", place, transcripts=False),
        lambda place: place.corpus_file("demo").unlink(),
    ],
)
def test_what_makes_it_another_one(here: Workspace, change: Callable[[Workspace], None]) -> None:
    before = panel._made_of("demo")
    assert panel._made_of("demo") == before
    change(here)
    assert panel._made_of("demo") != before


def page() -> None:
    from dashboard.report import panel

    panel.show("demo", key="here")


@pytest.fixture
def made(here: Workspace, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The runs whose reports were made, in order."""
    found: list[str] = []
    real = panel.report_html

    def counted(run: LoadedRun, workspace: Workspace) -> str:
        found.append(run.id)
        return real(run, workspace)

    monkeypatch.setattr(panel, "report_html", counted)
    panel._report.clear()
    return found


def downloads(app: AppTest) -> list[str]:
    assert not app.exception
    return [one.proto.label for one in app.get("download_button")]


def test_one_for_all_sessions_and_none_kept_in_them(made: list[str]) -> None:
    for _ in range(2):
        app = AppTest.from_function(page, default_timeout=60).run()
        assert downloads(app) == []
        app.button(key="here_report").click().run()
        assert len(downloads(app)) == 1
        held = app.session_state[panel._KEY]
        assert len(repr(held)) < 10_000
        assert panel._content("demo", held.of).startswith(b"<!DOCTYPE html>\n<html")
        assert held.size == len(panel._content("demo", held.of))
    assert made == ["demo"]


def test_a_rerun_that_comes_meanwhile_goes_on_with_it(made: list[str]) -> None:
    app = AppTest.from_function(page, default_timeout=60)
    # As the script that was broken off leaves it: asked for, and made for all.
    app.session_state[panel._KEY] = panel._Asked(of := panel._made_of("demo"))
    panel._report(str(Workspace().root), of)
    assert len(downloads(app.run())) == 1
    assert made == ["demo"]


def test_a_switch_holds_for_a_button_that_was_drawn_before(here: Workspace, made: list[str]) -> None:
    of = panel._made_of("demo")
    assert len(panel._content("demo", of)) > 1_000_000
    change_permissions("demo", here, audio=False)
    said = panel._content("demo", of)
    assert b"has changed since this report was made. Make it again." in said
    assert len(said) < 1_000
    shutil.rmtree(here.run_folder("demo"))
    assert b"there is no run" in panel._content("demo", of)


def test_a_switch_while_it_is_made(here: Workspace, made: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    real = panel.report_html

    def switched(run: LoadedRun, workspace: Workspace) -> str:
        change_permissions("demo", here, audio=False)
        return real(run, workspace)

    of = panel._made_of("demo")
    monkeypatch.setattr(panel, "report_html", switched)
    with pytest.raises(FailureError, match="changed while its report was made"):
        panel._report(str(here.root), of)
    # What failed is not kept: back at the old switch, it is made anew.
    change_permissions("demo", here, audio=True)
    monkeypatch.setattr(panel, "report_html", real)
    panel._report(str(here.root), panel._made_of("demo"))
    assert made == ["demo", "demo"]
