"""The talk: every step in every state of a workspace, and its keys, notes and full screen in a real browser."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

from core import Workspace, load_run
from core.corpora import change_permissions
from core.demo import install_demo
from core.files import read_json, write_json
from core.runs.withheld import withhold
from core.shipped import install_results
from dashboard.present.draw import _STEPS
from tests.pages.test_pages import texts

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.pages.conftest import Server

Open = Callable[..., AppTest]
STEPS = tuple(_STEPS)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The demo with its measured benchmarks; not to be changed."""
    workspace = Workspace(tmp_path_factory.mktemp("demo") / "workspace")
    install_demo(workspace)
    install_results(workspace)
    return workspace


def check(app: AppTest) -> str:
    assert not app.exception
    said = texts(app)
    assert "Not possible" not in said
    return said


@pytest.mark.parametrize("step", STEPS)
def test_steps_of_the_demo_say_that_it_is_synthetic(step: str, open_app: Open, demo: Workspace) -> None:
    app = open_app(demo, "present", run="demo", step=step)
    said = check(app)
    # A badge on each step that has figures of it: on all of them.
    assert said.count("Synthetic demo data") == len(STEPS)
    assert len(app.header) == len(STEPS)


@pytest.mark.parametrize("step", STEPS)
def test_a_run_without_text_and_without_a_benchmark(step: str, open_app: Open, trained: Workspace) -> None:
    said = check(open_app(trained, "present", run="tones-run", step=step))
    assert "mirage benchmark tones" in said
    assert "Synthetic demo data" not in said


def test_only_the_figures_of_the_neighbours_are_drawn(open_app: Open, demo: Workspace) -> None:
    def drawn(step: str) -> list[str]:
        app = open_app(demo, "present", run="demo", step=step)
        return [chart.proto.id.rpartition("_")[2] for chart in app.get("echarts_chart")]

    assert drawn("gain") == ["information", "gain", "rivals"]
    assert drawn("start") == ["data"]
    assert drawn("again") == []


@pytest.mark.parametrize(("status", "what"), [("queued", "mirage runs"), ("stopped", "resume"), ("failed", "resume")])
def test_a_run_that_has_not_ended_says_what_to_do(
    status: str, what: str, open_app: Open, trained: Workspace, tmp_path: Path
) -> None:
    shutil.copytree(trained.root, tmp_path / "copy")
    workspace = Workspace(tmp_path / "copy")
    file = workspace.run_folder("tones-run") / "state.json"
    write_json(file, read_json(file) | {"status": status, "updated": time.time()})
    app = open_app(workspace, "present", run="tones-run")
    assert what in check(app)
    assert not app.header


def test_what_must_not_be_shown_is_said(open_app: Open, trained: Workspace, tmp_path: Path) -> None:
    shutil.copytree(trained.root, tmp_path / "copy")
    workspace = Workspace(tmp_path / "copy")
    change_permissions("tones", audio=False, transcripts=False, workspace=workspace)
    for step in ("data", "space", "limits"):
        said = check(open_app(workspace, "present", run="tones-run", step=step))
        assert "licence keeps clips and transcripts from being shown" in said


def test_a_damaged_benchmark_is_named_in_the_notes(open_app: Open, demo: Workspace, tmp_path: Path) -> None:
    shutil.copytree(demo.root, tmp_path / "copy")
    workspace = Workspace(tmp_path / "copy")
    for file in workspace.benchmarks.glob("demo*/results.json"):
        file.write_text("{", encoding="utf-8")
    said = check(open_app(workspace, "present", run="demo", step="gain"))
    assert "has not been measured yet" in said


def test_a_run_published_without_features_has_a_talk_without_map_and_lab(
    open_app: Open, demo: Workspace, tmp_path: Path
) -> None:
    shutil.copytree(demo.root, tmp_path / "copy")
    workspace = Workspace(tmp_path / "copy")
    withhold(workspace.run_folder("demo"), load_run("demo", demo))
    left = [step for step in STEPS if step not in ("space", "lab")]
    for step in (*left, "lab"):
        app = open_app(workspace, "present", run="demo", step=step)
        assert "published without" in check(app)
        assert len(app.header) == len(left)


def test_unknown_steps_of_a_link_begin_at_the_first(open_app: Open, trained: Workspace) -> None:
    check(open_app(trained, "present", run="tones-run", step="<b>"))


# --- in a browser ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def talk(demo: Workspace, tmp_path_factory: pytest.TempPathFactory) -> object:
    from tests.pages.conftest import Server

    running = Server(demo, tmp_path_factory.mktemp("talk") / "log.txt")
    yield running
    running.stop()


def open_talk(page: Page, server: Server, query: str = "") -> None:
    page.goto(f"{server.address}/present?run=demo{query}")
    page.wait_for_selector(".deck[data-ready]")


def seen(page: Page) -> list[str]:
    """The steps that can be seen."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('[class*="st-key-present_step_"]')]
            .filter(e => getComputedStyle(e).visibility === 'visible' && e.getClientRects().length)
            .map(e => [...e.classList].find(c => c.startsWith('st-key-present_step_')).slice(20))"""
    )
    return found


def at_step(page: Page, name: str) -> None:
    page.wait_for_url(re.compile(rf"[?&]step={name}(&|$)"))
    assert seen(page) == [name]


@pytest.mark.browser
def test_keys_step_and_the_address_follows(page: Page, talk: Server) -> None:
    open_talk(page, talk)
    at_step(page, "start")
    for key, name in (
        ("ArrowRight", "data"),
        ("PageDown", "space"),
        ("Space", "training"),
        ("Shift+Space", "space"),
        ("ArrowLeft", "data"),
        ("PageUp", "start"),
        ("ArrowLeft", "start"),
        ("End", "again"),
        ("ArrowRight", "again"),
        ("Home", "start"),
    ):
        page.keyboard.press(key)
        at_step(page, name)
    page.locator('[data-act="next"]').click()
    at_step(page, "data")
    page.locator('.dots [data-step="gain"]').click()
    at_step(page, "gain")
    page.wait_for_selector(".st-key-present_figure_gain canvas")
    assert page.locator(".count").inner_text() == "7 / 11"
    assert page.locator('.dots [aria-current="step"]').get_attribute("data-step") == "gain"
    # What holds a key down goes through all steps, and Python ends where the eye does.
    page.keyboard.press("Home")
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    at_step(page, "limits")
    page.wait_for_timeout(1500)
    at_step(page, "limits")
    assert page.locator('[data-testid="stException"]').count() == 0


@pytest.mark.browser
def test_a_link_restores_the_step_and_the_talk_goes_on_after_another_page(page: Page, talk: Server) -> None:
    open_talk(page, talk, "&step=emotions")
    at_step(page, "emotions")
    page.wait_for_selector(".st-key-present_figure_emotions canvas")
    page.keyboard.press("ArrowRight")
    at_step(page, "limits")
    # Another page and back by the menu: the talk goes on where it was.
    links = page.locator('[data-testid="stSidebarNav"] a')
    links.filter(has_text="Jobs").click()
    page.wait_for_function("document.querySelector('h1')?.innerText === 'Jobs'")
    assert page.evaluate("document.documentElement.className") == ""
    links.filter(has_text="Present").click()
    page.wait_for_selector(".deck[data-ready]")
    at_step(page, "limits")


@pytest.mark.browser
def test_the_next_figure_is_there_before_the_key(page: Page, talk: Server) -> None:
    open_talk(page, talk, "&step=information")
    page.wait_for_selector(".st-key-present_figure_gain canvas", state="attached")
    before = page.evaluate("performance.now()")
    page.keyboard.press("ArrowRight")
    shown = page.evaluate(
        """() => new Promise(done => requestAnimationFrame(() => done([performance.now(),
            getComputedStyle(document.querySelector('.st-key-present_figure_gain canvas')).visibility])))"""
    )
    assert shown[1] == "visible"
    # 20 ms where nothing else works; test machines are shared.
    assert shown[0] - before < 1000


@pytest.mark.browser
def test_who_types_or_drags_keeps_the_keys(page: Page, talk: Server) -> None:
    open_talk(page, talk, "&step=lab")
    page.wait_for_selector(".lab.plain[data-ready]")
    slider = page.locator('.lab input[type="range"][data-name="u1"]')
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Home")
    at_step(page, "lab")
    assert slider.input_value() == "-3"
    number = page.get_by_label("u1 (σ), exactly")
    number.click()
    number.fill("1.5")
    for key in ("ArrowRight", "f", "n", "PageDown", "Space"):
        page.keyboard.press(key)
    at_step(page, "lab")
    assert page.locator("html.mirage-presenting").count() == 0
    number.press("Tab")
    # The map of the lab is moved by arrows while it has the focus.
    page.locator(".lab .map").focus()
    page.keyboard.press("ArrowRight")
    at_step(page, "lab")
    # The run selector of the sidebar is a field too.
    page.get_by_role("combobox", name=re.compile("Run")).focus()
    page.keyboard.press("ArrowLeft")
    at_step(page, "lab")
    # A clicker is heard after a slider was let go.
    slider.focus()
    page.keyboard.press("PageDown")
    at_step(page, "information")


@pytest.mark.browser
def test_the_lab_of_the_talk_is_heard(page: Page, talk: Server) -> None:
    open_talk(page, talk, "&step=lab")
    page.wait_for_selector(".lab.plain[data-ready]")
    page.locator('.lab [data-choice="sad"]').click()
    bar = page.locator(".lab .row").filter(has_text="sad").locator(".value")
    page.wait_for_function("e => Number(e.textContent) > 0.5", arg=bar.element_handle())
    assert not page.locator(".lab .traversal").is_visible()
    # It is the lab's own state: the page of the lab goes on from here.
    page.wait_for_timeout(500)
    page.locator('[data-testid="stSidebarNav"] a').filter(has_text="Latent lab").click()
    page.wait_for_url(re.compile("lab=e%3Dsad|lab=e=sad"))


@pytest.mark.browser
def test_a_point_of_the_map_is_heard(page: Page, talk: Server) -> None:
    open_talk(page, talk, "&step=space")
    page.wait_for_selector(".space[data-ready]")
    place = page.locator(".space .map")
    box = place.bounding_box()
    assert box is not None
    audio = page.locator('.st-key-present_small_clip [data-testid="stAudio"]')
    for share in (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7):
        for down in (0.3, 0.5, 0.7, 0.85):
            page.mouse.click(box["x"] + share * box["width"], box["y"] + down * box["height"])
        if audio.count():
            break
    audio.wait_for()
    # Whoever has clicked the map goes on with the clicker.
    page.keyboard.press("PageDown")
    at_step(page, "training")


@pytest.mark.browser
def test_full_screen_hides_the_chrome_and_escape_brings_it_back(page: Page, talk: Server) -> None:
    open_talk(page, talk)
    sidebar, header = page.locator('[data-testid="stSidebar"]'), page.locator('[data-testid="stHeader"]')
    assert sidebar.is_visible()
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement === document.documentElement")
    assert not sidebar.is_visible()
    assert not header.is_visible()
    assert not page.locator("h1").first.is_visible()
    stage = page.locator(".st-key-present_talk").bounding_box()
    assert stage is not None
    assert (stage["x"], stage["y"]) == (0, 0)
    assert stage["width"] == page.evaluate("innerWidth")
    page.keyboard.press("ArrowDown")
    at_step(page, "data")
    # Escape is the browser's: what it does is to end full screen.
    page.evaluate("document.exitFullscreen()")
    sidebar.wait_for()
    assert header.is_visible()
    page.get_by_role("button", name="Full screen (F)").click()
    page.wait_for_function("document.fullscreenElement !== null")
    # The button has let the keys go: the space bar steps on.
    page.keyboard.press("Space")
    at_step(page, "space")
    # Leaving the page leaves full screen.
    page.evaluate("document.querySelector('[data-testid=\"stSidebarNav\"] a').click()")
    page.wait_for_function("document.fullscreenElement === null && !document.documentElement.className")


@pytest.mark.browser
def test_without_full_screen_the_page_is_filled(page: Page, talk: Server) -> None:
    page.add_init_script("Element.prototype.requestFullscreen = () => Promise.reject(new Error('refused'))")
    open_talk(page, talk)
    page.keyboard.press("f")
    page.wait_for_selector("html.mirage-presenting", state="attached")
    assert not page.locator('[data-testid="stSidebar"]').is_visible()
    page.keyboard.press("Escape")
    page.wait_for_selector("html:not(.mirage-presenting)", state="attached")
    assert page.locator('[data-testid="stSidebar"]').is_visible()


@pytest.mark.browser
@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
def test_no_step_is_cut_off(size: tuple[int, int], browser: Browser, talk: Server) -> None:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    page = context.new_page()
    open_talk(page, talk)
    page.keyboard.press("f")
    for name in STEPS:
        at_step(page, name)
        page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
        over = page.evaluate(
            """name => { const e = document.querySelector('.st-key-present_step_' + name);
                return [e.scrollHeight - e.clientHeight, e.scrollWidth - e.clientWidth] }""",
            name,
        )
        assert max(over) <= 2, (name, over)
        page.keyboard.press("PageDown")
    context.close()


@pytest.mark.browser
def test_a_narrow_screen_has_no_sideways_scrolling(browser: Browser, talk: Server) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    open_talk(page, talk)
    for name in STEPS:
        at_step(page, name)
        assert page.locator('[data-testid="stMain"]').evaluate("e => e.scrollWidth - e.clientWidth") <= 1, name
        if name != STEPS[-1]:
            swipe(page)
    context.close()


def swipe(page: Page) -> None:
    """A finger that goes from right to left over the words of the step."""
    page.evaluate(
        """() => {
            const seen = e => getComputedStyle(e).visibility === 'visible';
            const target = [...document.querySelectorAll('.st-key-present_stage h2')].find(seen);
            const touch = x => new Touch({identifier: 1, target, clientX: x, clientY: 200});
            const send = (name, touches, changed) => target.dispatchEvent(new TouchEvent(name,
                {bubbles: true, composed: true, touches, changedTouches: changed}));
            send('touchstart', [touch(300)], [touch(300)]);
            send('touchend', [], [touch(120)]);
        }"""
    )


@pytest.mark.browser
def test_notes_below_and_in_a_second_window(browser: Browser, talk: Server) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    open_talk(page, talk, "&step=gain")
    notes = page.locator(".notes")
    assert not notes.is_visible()
    page.keyboard.press("n")
    notes.wait_for()
    assert "How sure" not in notes.inner_text()
    assert "Next: Beside other ways" in notes.inner_text()
    assert "confidence" in notes.inner_text()
    speaker = second_window(page, context)
    assert speaker.locator('[data-testid="stSidebar"]').is_visible() is False
    words = speaker.locator(".notes")
    assert "confidence" in words.inner_text()
    # It follows, with the next step and the time ...
    page.keyboard.press("ArrowRight")
    speaker.wait_for_function("document.title && location.search.includes('step=rivals')")
    speaker.get_by_text("Next: Emotion by emotion").wait_for()
    speaker.wait_for_function(
        """() => [...document.querySelectorAll('[data-deck]')].some(
            e => /^0:0[1-9]$/.test(e.shadowRoot?.querySelector('.time')?.textContent))"""
    )
    # ... and leads.
    speaker.keyboard.press("PageDown")
    at_step(page, "emotions")
    page.keyboard.press("n")
    assert not notes.is_visible()
    context.close()


@pytest.mark.browser
def test_two_talks_at_once_and_a_reload(browser: Browser, talk: Server) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, other = context.new_page(), context.new_page()
    open_talk(page, talk, "&step=gain")
    open_talk(other, talk, "&step=data")
    speaker = second_window(page, context)
    page.keyboard.press("ArrowRight")
    speaker.wait_for_url(re.compile("step=rivals"))
    other.keyboard.press("ArrowRight")
    at_step(other, "space")
    page.wait_for_timeout(500)
    at_step(page, "rivals")
    assert "step=rivals" in speaker.url
    # The time counts on after a reload, whoever began it.
    page.keyboard.press("n")
    page.reload()
    page.wait_for_selector(".deck[data-ready]")
    page.wait_for_timeout(1200)
    assert page.locator(".time").evaluate("e => e.textContent") != "0:00"
    speaker.keyboard.press("PageDown")
    at_step(page, "emotions")
    # Notes opened by hand take a talk that they hear from, and keep it.
    speaker.close()
    other.close()
    found = context.new_page()
    open_talk(found, talk, "&notes=1")
    found.wait_for_url(re.compile("step=emotions.*talk=|talk=.*step=emotions"))
    context.close()


def second_window(page: Page, context: BrowserContext) -> Page:
    with context.expect_page() as opened:
        page.locator('[data-act="window"]').click()
    speaker = opened.value
    speaker.wait_for_selector(".deck[data-ready]")
    assert "notes=1" in speaker.url
    return speaker
