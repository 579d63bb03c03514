"""A run of the hub, loaded on the Overview: the page, the real client, and a stand-in of the hub."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import Workspace, load_run
from core.demo import install_demo
from core.hub import push_run
from tests.hub.fixtures import point_at
from tests.hub.stand_in import Fault, StandIn

NAME = "owner/pushed-run"
Opens = Callable[..., AppTest]


@pytest.fixture
def empty(hub: StandIn, tmp_path: Path) -> Workspace:
    """A workspace without runs; the hub has one."""
    source = Workspace(tmp_path / "source")
    install_demo(source)
    push_run("demo", NAME, workspace=source)
    return Workspace(tmp_path / "empty")


def load(app: AppTest, name: str) -> AppTest:
    app.text_input(key="bring_in").set_value(name).run()
    app.button(key="bring_in_go").click().run()
    assert not app.exception
    return app


def test_a_run_is_loaded_by_its_hub_id(empty: Workspace, open_app: Opens) -> None:
    app = load(open_app(empty), f" {NAME} ")
    assert empty.run_ids() == ["pushed-run"]
    assert app.selectbox(key="run").value == "pushed-run"
    assert load_run("pushed-run", empty).generate("angry", 3).audio.shape == (3, 64)
    for page in ("aligned_space", "latent_lab", "information"):
        app = open_app(empty, page, run="pushed-run")
        assert not app.exception, page
        assert not [one for one in app.text if "Not possible" in one.value]


def test_faults_are_one_line(
    hub: StandIn, empty: Workspace, open_app: Opens, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(name: str) -> str:
        lines = [one.value for one in load(open_app(empty), name).text if name.partition("@")[0] in one.value]
        assert len(lines) == 1, lines
        assert "\n" not in lines[0]
        return lines[0]

    assert "no such run on the hub" in told("owner/nothing")
    assert "the hub has no revision 'v2' of it" in told(f"{NAME}@v2")
    hub.faults = [Fault("GET", "/get/", 404)]
    assert "the download broke off" in told(NAME)
    hub.faults.clear()
    point_at(hub, tmp_path / "nobody", monkeypatch, None)
    assert "a private one that this account may not read" in told(NAME)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:1")
    assert "cannot be fetched from the Hugging Face hub" in told(NAME)
    assert not empty.runs.exists() or not any(empty.runs.iterdir())


def test_a_run_without_its_utterances_says_so(hub: StandIn, empty: Workspace, open_app: Opens, tmp_path: Path) -> None:
    push_run("demo", "owner/generator", workspace=Workspace(tmp_path / "source"), features=False)
    load(open_app(empty), "owner/generator")
    for page in ("aligned_space", "latent_lab", "information", "benchmark", "train", "overview"):
        app = open_app(empty, page, run="generator")
        assert not app.exception, page
        told = [one.value for one in app.text if "was published without the features of its utterances" in one.value]
        assert len(told) == (page in ("aligned_space", "latent_lab")), page
