"""The Aligned space page: what its controls do, and in a browser that map, table and clip are linked."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

from core import Workspace
from dashboard.space.colouring import COLOUR_BY

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.pages.conftest import Server

Open = Callable[..., AppTest]
PAGE = "aligned_space"
SIZE = 64


def words(app: AppTest) -> str:
    """Everything that is written on the page."""
    return "\n".join(str(item.value) for kind in (app.markdown, app.caption, app.text) for item in kind)


def test_map_says_how_far_it_can_be_trusted(open_app: Open, trained: Workspace) -> None:
    app = open_app(trained, PAGE, run="tones-run")
    assert not app.exception
    assert len(app.get("echarts_chart")) == 1
    assert "Trustworthiness" in words(app)
    assert f"**{SIZE} utterances**" in words(app)


@pytest.mark.parametrize("by", ["predicted", "error", "mi", "speaker", "part"])
def test_every_colouring_is_drawn(by: str, open_app: Open, trained: Workspace) -> None:
    app = open_app(trained, PAGE, run="tones-run", colour=COLOUR_BY[by], show=["audio", "generated"])
    assert not app.exception
    assert app.selectbox(key="colour").value == by


def test_search_selects_and_clear_forgets(open_app: Open, trained: Workspace) -> None:
    app = open_app(trained, PAGE, run="tones-run")
    app.text_input(key="find").set_value("*BACK*, <b>").run()
    assert "**16 selected** of 64" in words(app)
    assert len(app.dataframe[0].value) == 16
    next(button for button in app.button if button.label == "Clear").click().run()
    assert not app.exception
    assert f"**{SIZE} utterances**" in words(app)
    assert app.text_input(key="find").value == ""


def test_address_restores_the_search(open_app: Open, trained: Workspace) -> None:
    app = open_app(trained, PAGE, run="tones-run", find="the BUS")
    assert "**16 selected** of 64" in words(app)
    assert app.text_input(key="find").value == "the BUS"


def test_filters_hide_and_say_so(open_app: Open, trained: Workspace) -> None:
    app = open_app(trained, PAGE, run="tones-run")
    app.multiselect(key="only_emotion").set_value(["angry"]).run()
    assert "**16 utterances** · 48 hidden by filters" in words(app)
    assert set(app.dataframe[0].value["emotion"]) == {"angry"}


def test_address_restores_the_picked_utterance_and_the_filters(open_app: Open, trained: Workspace) -> None:
    app = open_app(trained, PAGE, run="tones-run", id="s1-angry-0", only_speaker="s1", colour="Speaker")
    assert not app.exception
    # What was said is shown as it stands: neither markdown nor HTML.
    assert "Give it *back*, <b>now</b>!" in [item.value for item in app.text]
    assert app.get("audio")
    assert "Recognised as" in words(app)
    assert "Nearest in 8 dimensions" in words(app)
    assert "**8 utterances**" in words(app)
    assert app.query_params["id"] in ("s1-angry-0", ["s1-angry-0"])


def test_unknown_things_in_the_address_do_no_harm(open_app: Open, trained: Workspace) -> None:
    app = open_app(trained, PAGE, run="tones-run", id="gone", only_speaker="nobody", colour="taste", generated="9999")
    assert not app.exception
    assert f"**{SIZE} utterances**" in words(app)


# --- in a browser ------------------------------------------------------------------------------------------------


def settle(page: Page) -> None:
    """Waits until the script has run and the map is drawn."""
    page.wait_for_timeout(300)
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    page.wait_for_selector('[data-testid="stEChartsChart"][aria-busy="false"]')
    page.wait_for_timeout(300)


def lasso(page: Page, canvas: Locator, *, icon: int = 130) -> None:
    """Draws around the whole map; the lasso's icon stands ``icon`` pixels from the right edge."""
    box = canvas.bounding_box()
    assert box is not None
    left, right = box["x"] + 30, box["x"] + box["width"] - 8
    top, bottom = box["y"] + 60, box["y"] + box["height"] - 30
    page.mouse.click(box["x"] + box["width"] - icon, box["y"] + 16)
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top + 5)):
        page.mouse.move(x, y, steps=6)
    page.mouse.up()


@pytest.mark.browser
def test_lasso_and_table_and_map_are_linked(page: Page, server: Server) -> None:
    page.goto(f"{server.address}/{PAGE}?run=tones-run")
    settle(page)
    page.get_by_text(f"{SIZE} utterances", exact=True).wait_for()
    canvas = page.locator('[class*="st-key-space_map"] canvas').first
    canvas.scroll_into_view_if_needed()
    lasso(page, canvas)
    page.get_by_text(re.compile(rf"selected of {SIZE}")).wait_for()
    settle(page)

    # A row of the table: found on the map, in the address, heard.
    table = page.locator('[class*="st-key-space_rows"] canvas').first
    table.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    box = table.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 18, box["y"] + 35 * 1.5)
    page.wait_for_url(re.compile(r"[?&]id="))
    page.locator("audio").first.wait_for(state="attached")
    page.get_by_text("Nearest in 8 dimensions").wait_for()
    # The selection survived the rerun.
    assert page.get_by_text(re.compile(rf"selected of {SIZE}")).count() == 1

    # The address opens the same utterance for somebody else.
    page.goto(page.url)
    settle(page)
    page.get_by_text("Nearest in 8 dimensions").wait_for()
    assert page.locator('[data-testid="stException"]').count() == 0
