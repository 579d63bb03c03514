"""The button that makes a report, on the Overview and beside the report card."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import Workspace
from core.corpora import change_permissions
from core.demo import install_demo


@pytest.fixture
def demo(tmp_path: Path) -> Workspace:
    made = Workspace(tmp_path / "workspace")
    install_demo(made)
    return made


def downloads(app: AppTest) -> list[str]:
    return [one.proto.label for one in app.get("download_button")]


def test_button_on_the_overview(demo: Workspace, open_app: Callable[..., AppTest]) -> None:
    app = open_app(demo)
    app.button(key="demo_report").click().run()
    assert not app.exception
    assert [name for name in downloads(app) if re.fullmatch(r"Download the report \(\d\.\d MB\)", name)]
    # A switch holds at once: what was made before it is not handed out any more.
    change_permissions("demo", demo, audio=False)
    app.run()
    assert [name for name in downloads(app) if "report" in name] == []
    assert app.button(key="demo_report")


def test_button_beside_the_report_card(demo: Workspace, open_app: Callable[..., AppTest]) -> None:
    app = open_app(demo, "benchmark", run="demo")
    app.session_state["benchmark_view"] = "Report card"
    app.run()
    app.button(key="card_report").click().run()
    assert not app.exception
    assert [name for name in downloads(app) if name.startswith("Download the report")]
