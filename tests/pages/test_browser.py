"""The dashboard in a real browser: every page drawn in time, light and dark, and a job from start to finish."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core import Workspace
from core.runs import read_state
from dashboard.navigation import PAGES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.pages.conftest import Server

pytestmark = pytest.mark.browser
FAULT = '[data-testid="stException"]'


def settle(page: Page) -> None:
    """Waits until the script has run and what it draws is there."""
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    page.wait_for_selector("h1")


@pytest.mark.parametrize("name", [item.name for item in PAGES])
def test_page_is_drawn_without_fault(name: str, page: Page, server: Server) -> None:
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{server.address}/{name}?run=tones-run")
    settle(page)
    assert page.locator(FAULT).count() == 0
    assert faults == []
    title = next(item.title for item in PAGES if item.name == name)
    assert page.locator("h1").first.inner_text() == title


def test_pages_of_a_loaded_run_are_drawn_in_time(page: Page, server: Server) -> None:
    page.goto(f"{server.address}/?run=tones-run")
    settle(page)
    links = page.locator('[data-testid="stSidebarNav"] a')
    for item in PAGES:  # once, so that modules and the run are loaded
        links.filter(has_text=item.title).click()
        page.wait_for_function("title => document.querySelector('h1')?.innerText === title", arg=item.title)
        settle(page)
    for item in PAGES:
        started = time.perf_counter()
        links.filter(has_text=item.title).click()
        page.wait_for_function("title => document.querySelector('h1')?.innerText === title", arg=item.title)
        settle(page)
        took = time.perf_counter() - started
        # 2 s is the bound for people; a test machine runs other tests at the same time.
        assert took < 6, f"{item.title} took {took:.1f} s"


def test_run_stays_in_the_address(page: Page, server: Server) -> None:
    page.goto(f"{server.address}/")
    settle(page)
    page.wait_for_url(re.compile(r"run=tones-run"))
    page.locator('[data-testid="stSidebarNav"] a').filter(has_text="Information").click()
    page.wait_for_url(re.compile(r"/information.*run=tones-run"))


@pytest.mark.parametrize(("scheme", "background"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(17, 23, 29)")])
def test_light_and_dark(scheme: str, background: str, browser: Browser, server: Server) -> None:
    context = browser.new_context(color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(server.address)
    settle(page)
    assert page.eval_on_selector('[data-testid="stApp"]', "e => getComputedStyle(e).backgroundColor") == background
    context.close()


def test_nothing_is_fetched_from_elsewhere(page: Page, server: Server) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{server.address}/information?run=tones-run")
    settle(page)
    page.wait_for_selector('[data-testid="stEChartsChart"] canvas')
    foreign = [url for url in asked if not url.startswith((server.address, "data:", "blob:", "ws://127.0.0.1"))]
    assert foreign == []


def test_narrow_screen_has_no_sideways_scrolling(browser: Browser, server: Server) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    for name in ("overview", "corpora", "train", "information"):
        page.goto(f"{server.address}/{name}?run=tones-run")
        settle(page)
        main = page.locator('[data-testid="stMain"]')
        assert main.evaluate("e => e.scrollWidth - e.clientWidth") <= 1, name
    context.close()


def test_job_outlives_page_and_server(
    page: Page, trained: Workspace, start_server: Callable[[Workspace], Server], tmp_path: Path
) -> None:
    """Start from the form, watch live, stop; end the server; start it again, resume, see it finished."""
    shutil.copytree(trained.root, tmp_path / "jobs")
    workspace = Workspace(tmp_path / "jobs")
    server = start_server(workspace)
    page.goto(f"{server.address}/train")
    settle(page)
    page.get_by_text("New training", exact=True).click()
    pick(page, "Start from", "tones-run")
    for role, label, value in (("spinbutton", "Generation steps", "40000"), ("textbox", "Name of the run", "long-run")):
        field = page.get_by_role(role, name=label, exact=True)  # type: ignore[arg-type]
        field.fill(value)
        field.press("Tab")
        settle(page)
    page.get_by_role("button", name="Start", exact=True).click()

    page.get_by_text(re.compile(r"steps/s")).first.wait_for()
    page.wait_for_selector('[data-testid="stEChartsChart"] canvas')
    first = steps_done(page)
    page.wait_for_function(
        "first => Number(document.body.innerText.match(/([\\d,]+) of [\\d,]+ steps/)?.[1].replace(',', '')) > first",
        arg=first,
    )
    folder = workspace.run_folder("long-run")
    server.stop()
    before = read_state(folder)
    assert before.status == "running"
    deadline = time.monotonic() + 30
    while read_state(folder).step <= before.step and time.monotonic() < deadline:
        time.sleep(0.2)
    assert read_state(folder).step > before.step, "the job must go on without the server"

    server.restart()
    page.goto(f"{server.address}/train")
    settle(page)
    # Streamlit's own header has a button "Stop" too, while a script runs.
    main = page.get_by_test_id("stMain")
    stop = main.get_by_role("button", name="Stop", exact=True)
    resume = main.get_by_role("button", name="Resume", exact=True)
    stop.click()
    resume.wait_for()
    assert read_state(folder).status == "stopped"
    resume.click()
    stop.click()
    resume.wait_for()
    assert page.locator(FAULT).count() == 0


def pick(page: Page, label: str, option: str) -> None:
    """Chooses an option of a select box."""
    page.get_by_role("combobox", name=re.compile(label)).click()
    page.get_by_role("option", name=option, exact=True).click()
    settle(page)


def steps_done(page: Page) -> int:
    """The step that the live panel shows."""
    found = re.search(r"([\d,]+) of [\d,]+ steps", page.inner_text("body"))
    assert found is not None
    return int(found.group(1).replace(",", ""))
