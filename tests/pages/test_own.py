"""A sentence and a recording of one's own on the map, and the search by meaning: the demo's run, real encoders."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from streamlit.testing.v1 import AppTest

from core import BadInputError, LoadedRun, Workspace, load_run
from core.demo import install_demo
from dashboard import theme
from dashboard.space import own, search

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.pages.conftest import Server

Open = Callable[..., AppTest]
PAGE = "aligned_space"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace(tmp_path / "workspace")
    install_demo(made)
    return made


@pytest.fixture
def demo(workspace: Workspace) -> LoadedRun:
    return load_run("demo", workspace)


def shown(app: AppTest) -> dict[str, Any]:
    found = [item for item in app.get("bidi_component") if item.proto.component_name == "mirage_space"]
    return json.loads(found[0].proto.json)


def sound(seconds: float = 0.5) -> bytes:
    """A tone as a WAV file."""
    buffer = io.BytesIO()
    time = np.arange(int(seconds * 22_050)) / 22_050
    soundfile.write(buffer, 0.3 * np.sin(2 * np.pi * 220 * time), 22_050, format="WAV")
    return buffer.getvalue()


def test_sentence_of_ones_own_is_on_the_map_and_can_be_removed(open_app: Open, workspace: Workspace) -> None:
    app = open_app(workspace, PAGE, run="demo")
    words = "I am so happy, <b>we won</b>!"
    app.text_input(key="own_words").set_value(words).run()
    assert not app.exception
    (mark,) = shown(app)["own"]
    assert (mark["text"], mark["name"]) == (True, words)
    assert any(theme.plain(words) in item.value for item in app.markdown)
    app.button(key="own_remove_0").click().run()
    assert shown(app)["own"] == []


def test_search_by_meaning_finds_what_means_alike(open_app: Open, workspace: Workspace, demo: LoadedRun) -> None:
    said = demo.utterances["text"][3]
    app = open_app(workspace, PAGE, run="demo", find=said, meaning="true")
    assert not app.exception
    table = app.dataframe[0].value
    assert len(table) == search.MEANING_MOST
    assert said in set(table["text"])
    app.toggle(key="meaning").set_value(False).run()
    assert set(app.dataframe[0].value["text"]) == {said}


def test_encoder_that_is_not_here_is_said(open_app: Open, workspace: Workspace) -> None:
    file = workspace.run_folder("demo") / "environment.json"
    content = json.loads(file.read_text())
    content["embeddings"][1]["encoder"] = "/nowhere/encoder"
    file.write_text(json.dumps(content))
    app = open_app(workspace, PAGE, run="demo", find="happy", meaning="true")
    assert not app.exception
    assert "/nowhere/encoder" in app.warning[0].value
    app.text_input(key="own_words").set_value("Hello.").run()
    assert len(app.warning) == 2
    assert shown(app)["own"] == []


@pytest.mark.speech
def test_recording_is_a_point_with_a_posterior(demo: LoadedRun, shared: Path) -> None:
    file = demo.path / "environment.json"
    content = json.loads(file.read_text())
    encoder = str(shared / "models" / "whisper-tiny-encoder")
    content["embeddings"][0]["encoder"] = encoder
    file.write_text(json.dumps(content))
    # A folder is opened only where this workspace embedded the corpus with it.
    for meta in demo.workspace.embeddings_folder("demo").glob("*/meta.json"):
        known = json.loads(meta.read_text())
        if known["modality"] == "audio":
            meta.write_text(json.dumps({**known, "encoder": encoder}))
    made = own.from_recording(demo, sound(), "my voice")
    assert (made.name, made.modality) == ("my voice", "audio")
    assert made.place.shape == (2,)
    assert made.posterior.sum() == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize(
    ("content", "fault"), [(b"no sound", "the recording: "), (b"", "the recording: "), (sound(0.01), "the recording: ")]
)
def test_what_is_no_recording_is_said_in_one_line(demo: LoadedRun, content: bytes, fault: str) -> None:
    with pytest.raises(BadInputError) as caught:
        own.from_recording(demo, content, "x")
    assert str(caught.value).startswith(fault)
    assert "\n" not in str(caught.value)
    assert "/tmp" not in str(caught.value)


@pytest.mark.browser
def test_sound_file_without_its_encoder_is_one_line_on_the_page(
    page: Page, start_server: Callable[[Workspace], Server], workspace: Workspace
) -> None:
    server = start_server(workspace)
    page.goto(f"{server.address}/{PAGE}?run=demo")
    page.locator(".space[data-ready]").wait_for()
    page.get_by_text("Put your own on the map").click()
    page.locator('.st-key-own_file input[type="file"]').set_input_files(
        {"name": "a.wav", "mimeType": "audio/wav", "buffer": sound()}
    )
    page.get_by_text("whisper-tiny.en").first.wait_for()
    assert page.locator('[data-testid="stException"]').count() == 0
