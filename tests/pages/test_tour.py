"""The guided tour in a real browser: once by itself, never again, and whenever its button asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core import Workspace
from dashboard import tour
from tests.pages.conftest import Server
from tests.pages.test_browser import settle

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
POPOVER = ".driver-popover.mirage-tour"
TITLE = ".mirage-tour .driver-popover-title"


@pytest.fixture(scope="module")
def touring(trained: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(tour.VARIABLE, "on")
        running = Server(trained, tmp_path_factory.mktemp("tour") / "log.txt")
    yield running
    running.stop()


def first_visit(page: Page, server: Server) -> None:
    page.goto(server.address)
    page.wait_for_selector(POPOVER)


def absent(page: Page) -> None:
    """Nothing comes, also a while after the page is there."""
    settle(page)
    page.wait_for_timeout(1500)
    assert page.locator(POPOVER).count() == 0


def test_once_by_itself_then_never_then_by_its_button(page: Page, touring: Server) -> None:
    first_visit(page, touring)
    titles = []
    for number, stop in enumerate(tour.stops(has_runs=True)):
        page.wait_for_function(f"title => document.querySelector({TITLE!r})?.innerText === title", arg=stop["title"])
        titles.append(stop["title"])
        # The keyboard alone goes through it: Next has the focus.
        page.wait_for_function("document.activeElement.classList.contains('driver-popover-next-btn')")
        assert page.locator(POPOVER).get_attribute("role") == "dialog"
        if number:
            beside = page.locator(".driver-active-element")
            assert beside.count() == 1
        page.keyboard.press("Enter")
    page.wait_for_selector(POPOVER, state="detached")
    page.goto(touring.address)
    absent(page)
    page.get_by_role("button", name="Guided tour").click()
    page.wait_for_selector(POPOVER)
    assert page.locator(TITLE).inner_text() == titles[0]
    # Escape ends it, the button begins it again, and it goes back as well as on.
    page.keyboard.press("Escape")
    page.wait_for_selector(POPOVER, state="detached")
    page.get_by_role("button", name="Guided tour").click()
    page.wait_for_selector(POPOVER)
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"title => document.querySelector({TITLE!r})?.innerText === title", arg=titles[1])
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(f"title => document.querySelector({TITLE!r})?.innerText === title", arg=titles[0])
    page.get_by_text("Don't show again").click()
    page.wait_for_selector(POPOVER, state="detached")
    assert not page.evaluate("document.body.classList.contains('driver-active')")


def test_who_leaves_in_the_middle_is_not_met_again(page: Page, touring: Server) -> None:
    first_visit(page, touring)
    page.reload()
    absent(page)


def test_not_in_the_way_of_a_link(page: Page, touring: Server) -> None:
    for place in (
        "/jobs",
        "/overview",
        "/?run=tones-run",
        "/aligned_space?run=tones-run&colour=speaker",
        "/?embed=true",
    ):
        page.goto(f"{touring.address}{place}")
        absent(page)
    # Whoever came by a link is met at the first visit to the bare address.
    first_visit(page, touring)


def test_it_can_be_switched_off(page: Page, server: Server) -> None:
    page.goto(server.address)
    absent(page)
    page.get_by_role("button", name="Guided tour").click()
    page.wait_for_selector(POPOVER)


def test_it_survives_another_page_and_a_rerun(page: Page, touring: Server) -> None:
    first_visit(page, touring)
    for _ in range(2):
        page.wait_for_function("document.activeElement.classList.contains('driver-popover-next-btn')")
        page.keyboard.press("Enter")
    page.wait_for_function(f"document.querySelector({TITLE!r})?.innerText === 'Train'")
    # What is shown may be clicked: the page changes, and the tour stays with its entry.
    page.locator('[data-testid="stSidebarNav"] a').filter(has_text="Train").click()
    page.wait_for_function("document.querySelector('h1')?.innerText === 'Train'")
    settle(page)
    page.wait_for_function(
        """() => { const e = document.querySelector('.driver-active-element');
            return e && e.isConnected && e.href.endsWith('/train') }"""
    )
    assert page.locator(TITLE).inner_text() == "Train"
    page.wait_for_function("document.activeElement.classList.contains('driver-popover-next-btn')")
    page.keyboard.press("Enter")
    page.wait_for_function(f"document.querySelector({TITLE!r})?.innerText === 'Jobs'")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_it_stands_in_the_middle(scheme: str, browser: Browser, touring: Server) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    first_visit(page, touring)
    assert "arrows at the top left" in page.locator(POPOVER).inner_text()
    for _ in range(2):
        box = page.locator(POPOVER).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        assert abs(box["x"] + box["width"] / 2 - 195) < 40
        page.keyboard.press("Enter")
        page.wait_for_timeout(500)
    background = page.eval_on_selector(POPOVER, "e => getComputedStyle(e).backgroundColor")
    assert background == {"light": "rgb(246, 248, 250)", "dark": "rgb(12, 17, 22)"}[scheme]
    context.close()


def test_its_script_is_sent_only_to_who_may_want_it(page: Page, server: Server, tmp_path: Path) -> None:
    page.goto(f"{server.address}/jobs?run=tones-run")
    settle(page)
    assert page.locator('[data-testid="stSidebar"] [data-testid^="stBidiComponent"]').count() == 0
