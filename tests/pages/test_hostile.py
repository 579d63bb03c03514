"""Texts of data that try to be more than text: on no page, in no hover, table, selector or figure do they become it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from streamlit.testing.v1 import AppTest

from core import Workspace, load_run
from dashboard.navigation import PAGES
from dashboard.report import write_report
from tests.pages.conftest import Server
from tests.pages.hostile import JAVASCRIPT, MARK, hostile, make_hostile

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LONG = pytest.mark.skipif(os.environ.get("MIRAGE_LONG") != "1", reason="long: set MIRAGE_LONG=1")
PICKED = quote(hostile("v1_happy_001"))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    made = Workspace(tmp_path_factory.mktemp("hostile") / "workspace")
    make_hostile(made)
    return made


@pytest.fixture(scope="module")
def server(workspace: Workspace) -> Iterator[Server]:
    running = Server(workspace, workspace.root / "server.txt")
    yield running
    running.stop()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[tuple[Page, list[str]]]:
    """A page, and what happened on it that must not."""
    context = browser.new_context(viewport={"width": 1360, "height": 1400})
    context.set_default_timeout(60_000)
    page = context.new_page()
    faults: list[str] = []

    def asked(url: str) -> None:
        if "://evil" in url or "://www.evil" in url or url.endswith("/x"):
            faults.append(f"asked for {url}")

    page.on("dialog", lambda dialog: (faults.append("dialog"), dialog.dismiss()))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: asked(request.url))
    yield page, faults
    context.close()


def check(visitor: tuple[Page, list[str]]) -> None:
    """Waits until the page stands still, then looks at all of it."""
    page, faults = visitor
    page.wait_for_timeout(400)
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    page.wait_for_selector("h1")
    assert page.evaluate(JAVASCRIPT) == []
    assert faults == []
    assert page.locator('[data-testid="stException"]').count() == 0


def hover_charts(page: Page) -> None:
    """Opens the tooltips of the first figures."""
    for canvas in page.locator('[data-testid="stEChartsChart"] canvas').all()[:5]:
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        assert box is not None
        for share in (0.3, 0.5, 0.7):
            page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] * 0.55)
            page.wait_for_timeout(80)
            assert page.evaluate(JAVASCRIPT) == []


@pytest.mark.parametrize("name", [page.name for page in PAGES])
def test_page_runs_and_markdown_of_data_is_escaped(
    name: str, open_app: Callable[..., AppTest], workspace: Workspace
) -> None:
    app = open_app(workspace, name, run="demo")
    assert not app.exception
    for item in (*app.markdown, *app.caption, *app.title, *app.subheader, *app.warning):
        assert "**pwnbold**" not in str(item.value)
        assert ":material/bug" not in str(item.value)


def test_the_look_finds_what_it_looks_for(browser: Browser) -> None:
    """The check itself: of a page on which everything went wrong it finds each kind."""
    page = browser.new_page()
    page.set_content(
        "<img src=x><a href='https://evil.example'>a</a><b>pwnbold</b><span>bug_report</span><i class=katex></i>😄"
        "<div id=h></div><script>window.__pwned = 1;"
        "h.attachShadow({mode: 'open'}).innerHTML = '<b>pwntag</b>'</script>"
    )
    found = " ".join(page.evaluate(JAVASCRIPT))
    for word in ("img", "a https://evil", "pwnbold", "icon", "formula", "emoji", "pwntag", "script", "ran: 1"):
        assert word in found
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize(
    ("name", "views"),
    [
        ("overview", ()),
        ("corpora", ("Utterances", "Left out", "Add a corpus", "Counts")),
        ("train", ("New training", "Jobs")),
        ("information", ()),
        ("benchmark", ("Report card", "New benchmark", "Results")),
    ],
)
def test_texts_stay_texts(name: str, views: tuple[str, ...], visitor: tuple[Page, list[str]], server: Server) -> None:
    page, _ = visitor
    page.goto(f"{server.address}/{name}?run=demo&corpus=demo")
    check(visitor)
    for view in views:
        page.get_by_test_id("stMain").get_by_text(view, exact=True).first.click()
        check(visitor)
    hover_charts(page)
    check(visitor)


@pytest.mark.browser
def test_texts_of_the_talk_stay_texts(visitor: tuple[Page, list[str]], server: Server) -> None:
    page, _ = visitor
    page.goto(f"{server.address}/present?run=demo")
    page.wait_for_selector(".deck[data-ready]")
    page.keyboard.press("n")
    for _ in range(11):
        check(visitor)
        page.keyboard.press("PageDown")
    assert "step=again" in page.url


@pytest.mark.browser
@pytest.mark.parametrize("colour", ["Emotion", pytest.param("Speaker", marks=LONG)])
def test_map_tooltips_filters_and_own_sentences(colour: str, visitor: tuple[Page, list[str]], server: Server) -> None:
    page, _ = visitor
    shown = "show=audio&show=text&show=generated"
    page.goto(f"{server.address}/aligned_space?run=demo&colour={colour}&{shown}&id={PICKED}")
    page.locator(".space[data-ready]").wait_for()
    check(visitor)
    box = page.locator(".space canvas").first.bounding_box()
    assert box is not None
    tips: set[Any] = set()
    for step in range(40):
        place = (
            box["x"] + box["width"] * (0.1 + 0.1 * (step % 8)),
            box["y"] + box["height"] * (0.2 + 0.12 * (step // 8)),
        )
        page.mouse.move(*place)
        page.wait_for_timeout(40)
        tips.add(
            page.evaluate(
                "() => [...document.querySelectorAll('*')].map((e) => e.shadowRoot).filter(Boolean)"
                ".map((root) => root.querySelector('[class*=tip]')?.innerText).filter(Boolean).join()"
            )
        )
    assert any("<img src=x" in tip for tip in tips), "no tooltip was opened"
    check(visitor)
    page.get_by_role("button", name="Filter").click()
    page.locator(".st-key-only_speaker input").click()
    page.get_by_role("option").first.wait_for()
    check(visitor)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.get_by_text("Put your own on the map").click()
    page.get_by_label("or write a sentence").fill(MARK[:290])
    page.keyboard.press("Enter")
    page.locator("[class*=st-key-own_remove]").first.wait_for()
    check(visitor)


@pytest.mark.browser
def test_lab_its_tray_and_selectors(visitor: tuple[Page, list[str]], server: Server) -> None:
    page, _ = visitor
    page.goto(f"{server.address}/latent_lab?run=demo")
    page.locator(".lab[data-ready]").wait_for()
    check(visitor)
    page.locator(".st-key-lab_name input").fill(MARK[:58])
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Keep sample 1").click()
    page.get_by_text("1 kept").wait_for()
    check(visitor)
    page.get_by_text("From one utterance to another").click()
    page.get_by_label("Utterance A (its id)").fill(f"x{MARK}")
    page.keyboard.press("Enter")
    page.get_by_text("there is no utterance").first.wait_for()
    check(visitor)
    for place, end in enumerate("AB"):
        page.locator(f".st-key-lab_near_{place}_{end} button").first.click()
        check(visitor)
    page.locator("[class*=st-key-lab_text] input").first.click()
    page.get_by_role("option").first.wait_for()
    check(visitor)
    page.keyboard.press("Escape")
    page.get_by_text("Copy this state").click()
    check(visitor)


@pytest.mark.browser
def test_nothing_to_take_away_runs_in_a_spreadsheet(
    visitor: tuple[Page, list[str]], server: Server, tmp_path: Path
) -> None:
    page, _ = visitor
    page.goto(f"{server.address}/corpora?corpus=demo&run=demo")
    page.get_by_test_id("stMain").get_by_text("Left out", exact=True).click()
    page.locator(".st-key-problems_demo_download button").wait_for()
    # No table may offer a CSV that the browser makes, in which a formula would run.
    page.get_by_test_id("stDataFrame").hover()
    assert page.get_by_role("button", name="Download as CSV:").count() == 0
    with page.expect_download() as waiting:
        page.locator(".st-key-problems_demo_download button").click()
    assert waiting.value.suggested_filename == "demo-problems.csv"
    waiting.value.save_as(tmp_path / "p.csv")
    assert ",'=reason" in (tmp_path / "p.csv").read_text(encoding="utf-8").replace(",\"'", ",'")


@pytest.mark.browser
def test_texts_stay_texts_in_a_report(workspace: Workspace, visitor: tuple[Page, list[str]], tmp_path: Path) -> None:
    written = write_report(load_run("demo", workspace), workspace, tmp_path / "report.html")
    page, faults = visitor
    page.goto(written.path.as_uri())
    page.wait_for_function("document.querySelector('#lab').shadowRoot?.querySelector('.lab[data-ready]')")
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    page.locator("#clips .clips button").first.click()
    assert MARK.split(" ")[0] in page.locator("#clips .now").inner_text()
    box = page.evaluate(
        "() => { const map = document.querySelector('#map').shadowRoot.querySelector('.map'); map.scrollIntoView();"
        " const {left, top, width, height} = map.getBoundingClientRect(); return [left, top, width, height]; }"
    )
    for step in range(200):
        page.mouse.move(box[0] + box[2] * (step % 20) / 20, box[1] + box[3] * (0.1 + 0.8 * (step // 20) / 10))
    tip = page.evaluate("document.querySelector('#map').shadowRoot.querySelector('.tip').textContent")
    assert "onerror" in tip
    # The data that the script reads are a script element that is never run.
    assert [found for found in page.evaluate(JAVASCRIPT) if found != "script"] == []
    assert faults == []
