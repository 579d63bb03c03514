"""Switched off means: no word of a transcript and no sound of a clip goes to a browser, by any way it is asked for.

Everything that a browser receives is looked at: the messages of its web socket, the bodies of all answers, what it
downloads; and what the server prints.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest

from core import Workspace, load_run
from core.corpora import change_permissions
from core.demo import install_demo
from dashboard.space import selected_panel
from tests.pages.conftest import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Response, WebSocket

WORD = "zanzibarquux"
"""In every transcript of the corpus and of the run."""
FIRST = "v1_angry_001"
Open = Callable[..., AppTest]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace(tmp_path / "workspace")
    install_demo(made)
    for file in (made.corpus_file("demo"), made.run_folder("demo") / "features" / "utterances.parquet"):
        with pq.ParquetFile(file) as opened:
            table = opened.read()
        kept = table.schema.metadata
        words = pa.array([f"{WORD} {text}" for text in table["text"].to_pylist()], pa.string())
        table = table.set_column(table.column_names.index("text"), "text", words)
        pq.write_table(table.replace_schema_metadata(kept), file)
    return made


@dataclass
class Heard:
    """What a browser received, and the sounds it was offered."""

    content: list[bytes] = field(default_factory=list)
    sounds: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        page.on("websocket", self._socket)
        page.on("response", self._answer)

    def _socket(self, socket: WebSocket) -> None:
        socket.on(
            "framereceived", lambda frame: self.content.append(frame if isinstance(frame, bytes) else frame.encode())
        )

    def _answer(self, answer: Response) -> None:
        kind = answer.headers.get("content-type", "")
        if kind.startswith("audio/"):
            self.sounds.append(answer.url)

    def words(self) -> int:
        return sum(part.count(WORD.encode()) for part in self.content)

    def media(self) -> list[str]:
        """Addresses of sounds in what was sent, asked for or not."""
        return [*self.sounds, *("/media/" for part in self.content if b"/media/" in part and b".wav" in part)]


@pytest.fixture
def heard(browser: Browser) -> Iterator[tuple[Page, Heard]]:
    context = browser.new_context(viewport={"width": 1360, "height": 1400})
    context.set_default_timeout(60_000)
    page, record = context.new_page(), Heard()
    record.follow(page)
    yield page, record
    context.close()


def settle(page: Page) -> None:
    page.wait_for_timeout(500)
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    page.wait_for_selector("h1")
    assert page.locator('[data-testid="stException"]').count() == 0


def visit(page: Page, address: str) -> None:
    """Goes wherever words or sounds of the demo are shown, and asks for them."""
    page.goto(f"{address}/overview?run=demo")
    settle(page)
    page.goto(f"{address}/corpora?corpus=demo&run=demo")
    settle(page)
    page.get_by_test_id("stMain").get_by_text("Utterances", exact=True).first.click()
    page.get_by_text("576 of 576 utterances").wait_for()
    settle(page)
    page.get_by_label("Words in the").fill(WORD)
    settle(page)
    for query in (f"id={FIRST}", f"find={WORD}", f"find={WORD}&meaning=true", f"id={FIRST}&show=text&colour=Speaker"):
        page.goto(f"{address}/aligned_space?run=demo&{query}")
        page.locator(".space[data-ready]").wait_for()
        settle(page)
    page.goto(f"{address}/latent_lab?run=demo&lab=e=sad;u=0,0,0,0;t=0")
    page.locator(".lab[data-ready]").wait_for()
    settle(page)
    page.get_by_text("From one utterance to another").click()
    page.get_by_label("Utterance A (its id)").fill(FIRST)
    page.keyboard.press("Enter")
    settle(page)
    page.locator("[class*=st-key-lab_text] input").first.click()
    settle(page)
    page.keyboard.press("Escape")
    page.goto(f"{address}/present?run=demo&step=space&id={FIRST}")
    page.locator(".st-key-present_step_space .space[data-ready]").wait_for()
    settle(page)
    for name in ("train", "information", "benchmark"):
        page.goto(f"{address}/{name}?run=demo")
        settle(page)


@pytest.mark.browser
@pytest.mark.skipif(os.environ.get("MIRAGE_LONG") != "1", reason="long: set MIRAGE_LONG=1")
def test_switched_on_there_are_words_and_sounds(
    heard: tuple[Page, Heard], start_server: Callable[[Workspace], Server], workspace: Workspace
) -> None:
    """So that the next test can fail: the same way through the pages."""
    page, record = heard
    visit(page, start_server(workspace).address)
    assert record.words() > 500
    assert record.media()


@pytest.mark.browser
def test_switched_off_there_are_none(
    heard: tuple[Page, Heard], start_server: Callable[[Workspace], Server], workspace: Workspace
) -> None:
    page, record = heard
    change_permissions("demo", workspace, audio=False, transcripts=False)
    server = start_server(workspace)
    visit(page, server.address)
    # What was typed is sent back as the value of its field, and an address is part of a page.
    shown = [part for part in record.content if WORD.encode() in part]
    assert all(b"The landlord" not in part and part.count(WORD.encode()) <= 3 for part in shown)
    assert sum(b"The landlord" in part for part in record.content) == 0
    assert record.media() == []
    assert WORD not in server.log.read_text(encoding="utf-8")


@pytest.mark.browser
def test_a_switch_holds_for_a_page_that_is_open(
    heard: tuple[Page, Heard], start_server: Callable[[Workspace], Server], workspace: Workspace, tmp_path: Path
) -> None:
    page, record = heard
    page.goto(f"{start_server(workspace).address}/aligned_space?run=demo&id={FIRST}")
    page.locator(".space[data-ready]").wait_for()
    settle(page)
    assert record.words() > 0
    change_permissions("demo", workspace, audio=False, transcripts=False)
    record.content.clear()
    record.sounds.clear()
    for name in ("CSV", "Parquet"):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=name, exact=True).click()
        waiting.value.save_as(tmp_path / name)
    table = pd.read_parquet(tmp_path / "Parquet")
    assert len(table) == 576
    assert WORD not in table.to_csv()
    assert WORD not in (tmp_path / "CSV").read_text(encoding="utf-8-sig")
    page.get_by_label("Find in transcripts").fill("landlord")
    page.keyboard.press("Enter")
    page.get_by_text("does not allow its transcripts").first.wait_for()
    settle(page)
    assert record.words() == 0
    assert record.media() == []


def texts(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.text, app.subheader, app.warning)
    return "\n".join(str(item.value) for kind in kinds for item in kind)


def test_pages_say_why(open_app: Open, workspace: Workspace) -> None:
    change_permissions("demo", workspace, audio=False, transcripts=False)
    app = open_app(workspace, "corpora")
    assert "No audio" in texts(app)
    assert "No transcripts" in texts(app)
    app.get_by_key("corpus_view").set_value("Utterances").run()
    assert not app.exception
    assert "cannot be searched" in texts(app)
    assert "text" not in app.dataframe[0].value.columns
    app = open_app(workspace, "aligned_space", run="demo", id=FIRST)
    assert not app.exception
    assert app.text_input(key="find").disabled
    assert "text" not in app.dataframe[0].value.columns
    assert "must not be played" in texts(app)
    assert "(transcript not shown: licence)" in texts(app)


@pytest.mark.parametrize("meaning", ["true", "false"])
def test_a_search_in_the_address_finds_nothing(meaning: str, open_app: Open, workspace: Workspace) -> None:
    change_permissions("demo", workspace, transcripts=False)
    app = open_app(workspace, "aligned_space", run="demo", find=WORD, meaning=meaning)
    assert not app.exception
    assert "**576 utterances**" in texts(app)


def test_no_sentence_can_be_laid_beside_the_transcripts(open_app: Open, workspace: Workspace) -> None:
    change_permissions("demo", workspace, transcripts=False)
    app = open_app(workspace, "aligned_space", run="demo")
    assert "own_words" not in [item.key for item in app.text_input]


def test_an_export_asked_for_before_the_switch_has_no_words(workspace: Workspace) -> None:
    from dashboard.space import tables

    run = load_run("demo", workspace)
    marks = np.packbits(np.arange(len(run.utterances)) < 2)
    assert WORD.encode() in selected_panel._export(tables.csv_bytes, run, marks)
    change_permissions("demo", workspace, transcripts=False)
    assert WORD.encode() not in selected_panel._export(tables.csv_bytes, run, marks)
    parquet = selected_panel._export(tables.parquet_bytes, run, marks)
    assert WORD not in pd.read_parquet(BytesIO(parquet)).to_csv()
    features = selected_panel._features(run, marks)
    assert len(features) == 2
    assert "text" not in features.table.columns
    assert WORD not in features.table.to_csv()


def test_the_lab_names_utterances_in_place_of_their_words(open_app: Open, workspace: Workspace) -> None:
    change_permissions("demo", workspace, transcripts=False)
    app = open_app(workspace, "latent_lab", run="demo")
    assert not app.exception
    (box,) = [item for item in app.selectbox if item.label == "Text"]
    assert len(box.options) == 577
    assert box.options[1].startswith("text of v")
    assert WORD not in json.dumps(list(box.options))


def test_the_page_cannot_read_the_corpus_anew(open_app: Open, workspace: Workspace) -> None:
    change_permissions("demo", workspace, transcripts=False)
    app = open_app(workspace, "corpora")
    app.get_by_key("corpus_view").set_value("Add a corpus").run()
    from core import load_corpus

    root = load_corpus("demo", workspace).root
    app.text_input(key="add_path").set_value(str(root)).run()
    app.text_input(key="add_name").set_value("again").run()
    app.text_input(key="add_mapping").set_value("speaker=text").run()
    app.text_input(key="add_table").set_value(str(root / "utterances.csv")).run()
    next(button for button in app.button if button.label == "Read the corpus").click().run()
    assert not app.exception
    assert "belongs to demo" in texts(app)
    assert workspace.corpus_names() == ["demo"]


def test_no_widget_changes_a_switch(open_app: Open, workspace: Workspace) -> None:
    """Whatever can be pressed or set on the Corpora page, the switches stay."""
    change_permissions("demo", workspace, audio=False, transcripts=False)
    before = workspace.corpus_file("demo").read_bytes()
    app = open_app(workspace, "corpora")
    for view in ("Counts", "Utterances", "Left out", "Add a corpus"):
        app.get_by_key("corpus_view").set_value(view).run()
        labels = [item.label for item in (*app.toggle, *app.checkbox, *app.button)]
        assert not [label for label in labels if "audio" in label.lower() or "transcript" in label.lower()]
    # Reading the demo again, with the switch to replace it, is refused or keeps the switches.
    app.selectbox(key="add_kind").select("demo").run()
    app.toggle(key="add_replace").set_value(True).run()
    next(button for button in app.button if button.label == "Read the corpus").click().run()
    assert not app.exception
    after: Any = pq.read_schema(workspace.corpus_file("demo")).metadata[b"mirage"]
    assert json.loads(after)["audio_allowed"] is json.loads(after)["transcript_allowed"] is False
    assert workspace.corpus_file("demo").read_bytes() == before or json.loads(after)["name"] == "demo"
