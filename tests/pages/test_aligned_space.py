"""The Aligned space page: what its controls do, and in a browser that map, table and clip are linked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from core import Workspace, load_run
from dashboard.space import selected_panel
from dashboard.space.colouring import COLOUR_BY
from dashboard.space.component import packed
from dashboard.space.points import map_points
from tests.pages.conftest import SENTENCES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.pages.conftest import Server

Open = Callable[..., AppTest]
PAGE = "aligned_space"
SIZE = 64


def words(app: AppTest) -> str:
    """Everything that is written on the page."""
    return "\n".join(str(item.value) for kind in (app.markdown, app.caption, app.text) for item in kind)


def shown(app: AppTest) -> dict[str, Any]:
    """What the map in the browser is told."""
    found = [item for item in app.get("bidi_component") if item.proto.component_name == "mirage_space"]
    return json.loads(found[0].proto.json)


def test_map_says_how_far_it_can_be_trusted(open_app: Open, trained: Workspace) -> None:
    app = open_app(trained, PAGE, run="tones-run")
    assert not app.exception
    assert shown(app)["rows"] == SIZE
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


def test_address_restores_the_selection_and_the_view(open_app: Open, trained: Workspace) -> None:
    app = open_app(trained, PAGE, run="tones-run", selected=packed((1, 5), SIZE), view="1.5,-2,3")
    assert "**2 selected** of 64" in words(app)
    assert shown(app)["view"] == [1.5, -2.0, 3.0]
    assert len(app.dataframe[0].value) == 2


def test_many_selected_are_not_cut_off_unseen(
    open_app: Open, trained: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selected_panel, "TABLE_MOST", 10)
    app = open_app(trained, PAGE, run="tones-run")
    assert "The table shows the first 10 of 64" in words(app)
    assert len(app.dataframe[0].value) == 10


# --- in a browser ------------------------------------------------------------------------------------------------


@pytest.fixture
def drawn(page: Page, server: Server) -> Page:
    """The map of the trained run, drawn."""
    return opened(page, f"{server.address}/{PAGE}?run=tones-run")


def opened(page: Page, address: str) -> Page:
    page.goto(address)
    page.locator(".space[data-ready]").wait_for()
    settle(page)
    return page


def settle(page: Page) -> None:
    """Waits until the script has run."""
    page.wait_for_timeout(300)
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    page.wait_for_timeout(300)


def around(page: Page, *, left: float = 0.01, right: float = 0.99, tool: str = "lasso") -> None:
    """Draws around the map between two shares of its width."""
    page.locator(f'button[data-tool="{tool}"]').click()
    box = page.locator(".map").bounding_box()
    assert box is not None
    xs = [box["x"] + share * box["width"] for share in (left, right)]
    ys = [box["y"] + share * box["height"] for share in (0.01, 0.99)]
    page.mouse.move(xs[0], ys[0])
    page.mouse.down()
    corners = [(xs[1], ys[0]), (xs[1], ys[1]), (xs[0], ys[1])] if tool == "lasso" else [(xs[1], ys[1])]
    for x, y in corners:
        page.mouse.move(x, y, steps=4)
    page.mouse.up()


@pytest.mark.browser
def test_lasso_and_table_and_map_are_linked(drawn: Page) -> None:
    page = drawn
    around(page)
    page.get_by_text(re.compile(rf"{SIZE} selected of {SIZE}")).wait_for()
    assert page.locator(".entry .count").first.inner_text() == "16 / 16"
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
    assert page.get_by_text(re.compile(rf"{SIZE} selected of {SIZE}")).count() == 1

    # The address opens the same utterance and the same selection for somebody else.
    opened(page, page.url)
    page.get_by_text("Nearest in 8 dimensions").wait_for()
    page.get_by_text(re.compile(rf"{SIZE} selected of {SIZE}")).wait_for()
    assert page.locator('[data-testid="stException"]').count() == 0


@pytest.mark.browser
def test_box_adds_and_takes_away_and_escape_forgets(drawn: Page) -> None:
    around(drawn, right=0.5, tool="box")
    drawn.get_by_text(re.compile(rf"selected of {SIZE}")).wait_for()
    settle(drawn)
    drawn.locator('button[data-tool="add"]').click()
    around(drawn, left=0.5, tool="box")
    drawn.get_by_text(re.compile(rf"{SIZE} selected of {SIZE}")).wait_for()
    settle(drawn)
    drawn.locator('button[data-tool="remove"]').click()
    around(drawn, tool="box")
    drawn.get_by_text(f"{SIZE} utterances", exact=True).wait_for()
    drawn.locator('button[data-tool="new"]').click()
    around(drawn, tool="box")
    drawn.get_by_text(re.compile(rf"{SIZE} selected of {SIZE}")).wait_for()
    drawn.locator(".map").focus()
    drawn.keyboard.press("Escape")
    drawn.get_by_text(f"{SIZE} utterances", exact=True).wait_for()


@pytest.mark.browser
def test_isolated_category_alone_is_selected(drawn: Page) -> None:
    drawn.locator(".entry", has_text="sad").click()
    around(drawn)
    drawn.get_by_text(re.compile(rf"16 selected of {SIZE}")).wait_for()


@pytest.mark.browser
def test_hover_reads_and_click_picks(drawn: Page, trained: Workspace) -> None:
    run = load_run("tones-run", trained)
    row = 5
    map_ = drawn.locator(".map")
    map_.scroll_into_view_if_needed()
    box = map_.bounding_box()
    assert box is not None
    points = map_points(run)
    low_x, high_x, low_y, high_y = points.bounds
    scale = min(box["width"] / (high_x - low_x), box["height"] / (high_y - low_y))
    x = box["x"] + box["width"] / 2 + (points.audio[row, 0] - (low_x + high_x) / 2) * scale
    y = box["y"] + box["height"] / 2 - (points.audio[row, 1] - (low_y + high_y) / 2) * scale
    drawn.mouse.move(float(x), float(y))
    tip = drawn.locator(".tip")
    tip.wait_for()
    # What was said is text, never markup.
    assert any(sentence in tip.inner_text() for sentence in SENTENCES.values())
    drawn.mouse.click(float(x), float(y))
    drawn.wait_for_url(re.compile(r"[?&]id="))
    drawn.get_by_text("Nearest in 8 dimensions").wait_for()


def shown_zoom(page: Page) -> float:
    return float(parse_qs(urlsplit(page.url).query)["view"][0].split(",")[2])


@pytest.mark.browser
def test_view_lives_in_the_address(drawn: Page) -> None:
    drawn.locator(".map").focus()
    drawn.keyboard.press("+")
    drawn.keyboard.press("ArrowLeft")
    drawn.wait_for_url(re.compile(r"[?&]view="))
    settle(drawn)
    opened(drawn, drawn.url)
    assert shown_zoom(drawn) == pytest.approx(1.3, abs=1e-3)
    drawn.locator(".map").focus()
    drawn.keyboard.press("+")
    drawn.wait_for_function("() => decodeURIComponent(location.href).includes('1.69')")
    assert shown_zoom(drawn) == pytest.approx(1.69, abs=1e-3)


@pytest.mark.browser
def test_moving_the_map_adds_nothing_to_go_back_to(drawn: Page) -> None:
    drawn.locator(".map").focus()
    before = drawn.evaluate("history.length")
    for _ in range(3):
        drawn.keyboard.press("ArrowLeft")
        drawn.wait_for_timeout(900)
        settle(drawn)
    assert drawn.evaluate("history.length") == before
    assert "view=" in drawn.url


@pytest.mark.browser
def test_what_is_selected_by_hand_is_no_longer_what_was_searched_for(page: Page, server: Server) -> None:
    opened(page, f"{server.address}/{PAGE}?run=tones-run&find=bus")
    page.get_by_text(re.compile(rf"16 selected of {SIZE}")).wait_for()
    around(page)
    page.get_by_text(re.compile(rf"{SIZE} selected of {SIZE}")).wait_for()
    settle(page)
    assert "find=" not in page.url
    opened(page, page.url)
    page.get_by_text(re.compile(rf"{SIZE} selected of {SIZE}")).wait_for()


@pytest.mark.browser
def test_what_goes_wrong_in_the_browser_is_said_on_the_page(browser: Browser, server: Server) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null;")
    page.goto(f"{server.address}/{PAGE}?run=tones-run")
    page.get_by_role("alert").get_by_text("draws neither with WebGL nor on a canvas").wait_for()
    context.close()


@pytest.mark.browser
def test_map_is_drawn_without_webgl(browser: Browser, server: Server) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.add_init_script(
        "const get = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {"
        "  return kind === 'webgl2' ? null : get.call(this, kind, ...rest); };"
    )
    opened(page, f"{server.address}/{PAGE}?run=tones-run")
    colours = page.evaluate(
        """() => {
            const root = document.querySelector('.st-key-space_map [data-testid="stBidiComponentIsolated"]').shadowRoot;
            const canvas = root.querySelector('canvas.base');
            const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            const found = new Set();
            for (let i = 0; i < data.length; i += 4) {
                if (data[i + 3] > 200) found.add(data[i] + ',' + data[i + 1] + ',' + data[i + 2]);
            }
            return found.size;
        }"""
    )
    assert colours >= 4
    context.close()
