"""The Latent lab page: controls, address, undo and tray; in a browser, a moved code moves the points at once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import Workspace, load_run
from dashboard.lab.controls import Controls
from dashboard.lab.readout import read

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

    from tests.pages.conftest import Server

Open = Callable[..., AppTest]
PAGE = "latent_lab"


@pytest.fixture
def lab(open_app: Open, trained: Workspace) -> AppTest:
    app = open_app(trained, PAGE, run="tones-run")
    assert not app.exception
    return app


def key(app: AppTest, name: str) -> str:
    """The key that a control has now: it gets a new one when something else changes what it shows."""
    version = app.session_state["widgets_shown"].get(name, (1, None))[0]
    return name if version == 1 else f"{name}-{version}"


def shown(app: AppTest) -> dict[str, Any]:
    """What the component in the browser is told."""
    found = [item for item in app.get("bidi_component") if item.proto.component_name == "mirage_lab"]
    return json.loads(found[0].proto.json)


def test_everything_is_drawn(lab: AppTest) -> None:
    assert shown(lab)["classes"] == ["angry", "happy", "sad", "neutral"]
    assert shown(lab)["controls"]["codes"] == [0.0, 0.0]
    assert len(lab.get("audio")) == 5


def test_resample_takes_the_next_seed(lab: AppTest) -> None:
    before = shown(lab)["inputs"]
    lab.button(key="lab_resample").click().run()
    assert lab.number_input(key=key(lab, "lab_seed")).value == 1
    assert shown(lab)["inputs"] != before


def test_fewer_points_leave_a_sample_to_look_at(open_app: Open, trained: Workspace) -> None:
    app = open_app(trained, PAGE, run="tones-run", lab="n=9;i=8")
    app.number_input(key=key(app, "lab_count")).set_value(4).run()
    assert (shown(app)["count"], shown(app)["controls"]["sample"]) == (4, 3)


def test_address_restores_the_lab(open_app: Open, trained: Workspace) -> None:
    app = open_app(trained, PAGE, run="tones-run", lab="e=sad;u=1.5,-2;r=0.7;s=4;n=9;i=8;k=1")
    assert not app.exception
    assert shown(app)["controls"] == {
        "emotion": 2,
        "mixture": None,
        "codes": [1.5, -2.0],
        "truncation": 0.7,
        "sample": 8,
        "strip": 1,
    }


def test_damaged_address_opens_a_fresh_lab(open_app: Open, trained: Workspace) -> None:
    app = open_app(trained, PAGE, run="tones-run", lab=";;e=<b>;u=x;n=-1")
    assert not app.exception
    assert shown(app)["controls"]["codes"] == [0.0, 0.0]


def test_tray_keeps_compares_and_gives_out(open_app: Open, trained: Workspace) -> None:
    app = open_app(trained, PAGE, run="tones-run", lab="u=2,0")
    app.text_input(key="lab_name").set_value("first").run()
    app.button(key="lab_keep").click().run()
    app.button(key="lab_resample").click().run()
    app.button(key="lab_keep").click().run()
    assert not app.exception
    table = next(item.value for item in app.dataframe if "recognised" in item.value)
    assert table["name"].tolist() == ["first", "angry 2"]
    assert table["u1"].tolist() == [2.0, 2.0]
    assert [one["name"] for one in shown(app)["kept"]] == ["first", "angry 2"]
    assert {"CSV", "Parquet", "npz", "audformat", "Python"} <= {item.label for item in app.get("download_button")}


# --- in a browser ------------------------------------------------------------------------------------------------

ROOT = """document.querySelector('.st-key-lab_component [data-testid="stBidiComponentIsolated"]').shadowRoot"""
PICTURE = f"""() => {{
    const canvas = {ROOT}.querySelector('canvas.above');
    const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    let sum = 0;
    for (let i = 0; i < data.length; i += 3) sum = (sum * 31 + data[i]) | 0;
    return sum;
}}"""


@pytest.fixture
def drawn(page: Page, server: Server) -> Page:
    """The lab of the trained run, drawn."""
    return opened(page, server, "")


def opened(page: Page, server: Server, state: str) -> Page:
    page.goto(f"{server.address}/{PAGE}?run=tones-run&lab={state}")
    page.locator(".lab[data-ready]").wait_for()
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    return page


def address_says(page: Page, words: str) -> None:
    page.wait_for_function("words => decodeURIComponent(location.href).includes(words)", arg=words)


def u1(page: Page) -> Locator:
    return page.locator('input[type="range"][data-name="u1"]')


@pytest.mark.browser
def test_points_move_with_the_pointer_and_python_hears_on_release(page: Page, server: Server) -> None:
    sent: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    opened(page, server, "")
    box = u1(page).bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.wait_for_timeout(200)
    before, heard = page.evaluate(PICTURE), len(sent)
    page.evaluate("performance.clearMeasures('mirage:frame')")
    for step in range(1, 21):
        page.mouse.move(box["x"] + box["width"] * (0.5 + 0.02 * step), middle)
        page.wait_for_timeout(16)
    assert page.evaluate(PICTURE) != before
    assert page.evaluate("performance.getEntriesByName('mirage:frame').length") >= 5
    assert len(sent) == heard
    page.mouse.up()
    page.wait_for_function("() => !decodeURIComponent(location.href).includes('u=0,0')")
    assert len(sent) > heard
    assert page.locator('[data-testid="stException"]').count() == 0


@pytest.mark.browser
def test_browser_shows_what_python_computes(page: Page, server: Server, trained: Workspace) -> None:
    opened(page, server, "e=sad;u=1.5,-2;r=0.8;n=5;i=3")
    run = load_run("tones-run", trained)
    controls = Controls("sad", (1.5, -2.0), truncation=0.8, count=5, sample=3)
    made = read(run, controls)
    bars = [float(text) for text in page.locator(".bars .value").all_inner_texts()]
    np.testing.assert_allclose(bars, made.posterior.mean(axis=0), atol=0.0051)
    codes = [float(text.replace("−", "-")) for text in page.locator(".codes .value").all_inner_texts()]
    np.testing.assert_allclose(codes, made.recovered_codes[3], atol=0.0051)
    figures = [float(text.replace("−", "-")) for text in page.locator(".measure strong").all_inner_texts()]
    np.testing.assert_allclose(figures, [made.mi[3], made.novelty[3]], atol=0.0051)


def slider_says(page: Page, value: str) -> None:
    """The address is often there first, and the slider follows with the next frame."""
    page.wait_for_function(f"value => {ROOT}.querySelector('.slider[data-slider=u1] input').value === value", arg=value)


@pytest.mark.browser
def test_keys_number_reset_and_undo(drawn: Page) -> None:
    u1(drawn).focus()
    for _ in range(3):
        drawn.keyboard.press("ArrowRight")
    address_says(drawn, "u=0.03,0")
    number = drawn.locator('.slider[data-slider="u1"] input[type="number"]')
    number.fill("-2.5")
    number.press("Enter")
    address_says(drawn, "u=-2.5,0")
    slider_says(drawn, "-2.5")
    drawn.locator('.slider[data-slider="u1"] button').click()
    address_says(drawn, "u=0,0")
    drawn.get_by_role("button", name="Undo").click()
    address_says(drawn, "u=-2.5,0")
    slider_says(drawn, "-2.5")
    drawn.get_by_role("button", name="Reset all").click()
    address_says(drawn, "u=0,0")
    slider_says(drawn, "0")


@pytest.mark.browser
def test_fast_undos_are_all_heard(page: Page, server: Server) -> None:
    opened(page, server, "")
    number = page.locator('.slider[data-slider="u1"] input[type="number"]')
    for value in (1, 2, 3):
        number.fill(str(value))
        number.press("Enter")
        address_says(page, f"u={value},0")
    page.get_by_role("button", name="Undo").evaluate("(button) => { button.click(); button.click(); button.click(); }")
    address_says(page, "u=0,0")
    page.wait_for_function(f"() => {ROOT}.querySelector('input[data-name=u1]').value === '0'")


@pytest.mark.browser
def test_another_code_on_the_pad_leaves_the_points_where_they_are(drawn: Page) -> None:
    drawn.wait_for_timeout(500)
    before = drawn.evaluate(PICTURE)
    drawn.locator(".pads select").first.select_option("1")
    drawn.locator(".map").focus()
    drawn.keyboard.press("ArrowLeft")
    drawn.keyboard.press("ArrowRight")
    drawn.wait_for_timeout(500)
    assert drawn.evaluate(PICTURE) == before


@pytest.mark.browser
def test_strip_moves_only_while_it_is_pressed(drawn: Page) -> None:
    box = drawn.locator("canvas.strip").bounding_box()
    assert box is not None
    drawn.mouse.move(box["x"] + 50, box["y"] - 20)
    drawn.mouse.down()
    drawn.mouse.move(box["x"] + 50, box["y"] + 20, steps=3)
    drawn.mouse.up()
    drawn.wait_for_timeout(400)
    assert u1(drawn).input_value() == "0"


@pytest.mark.browser
def test_fast_moves_are_not_thrown_back(drawn: Page) -> None:
    u1(drawn).focus()
    for pause in (0, 0, 0, 0, 150, 150, 150, 150):
        drawn.keyboard.press("ArrowRight")
        drawn.wait_for_timeout(pause)
    address_says(drawn, "u=0.08,0")
    assert u1(drawn).input_value() == "0.08"


@pytest.mark.browser
def test_emotion_and_mixture(drawn: Page) -> None:
    drawn.get_by_role("radio", name="sad").click()
    address_says(drawn, "e=sad")
    drawn.get_by_role("radio", name="Mixture").click()
    address_says(drawn, "m=0,0,1,0")
    pad = drawn.get_by_role("application", name="Shares of the emotions")
    pad.focus()
    drawn.keyboard.press("Home")
    address_says(drawn, "m=0.25,0.25,0.25,0.25")
    drawn.get_by_role("radio", name="One emotion").click()
    address_says(drawn, "e=angry;u=")


@pytest.mark.browser
def test_pad_moves_two_codes_at_once(drawn: Page) -> None:
    box = drawn.get_by_role("application", name="Two codes").bounding_box()
    assert box is not None
    drawn.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    drawn.mouse.down()
    drawn.mouse.move(box["x"] + box["width"], box["y"], steps=5)
    drawn.mouse.up()
    address_says(drawn, "u=3,3")


@pytest.mark.browser
def test_way_from_one_utterance_to_another(drawn: Page, trained: Workspace) -> None:
    way = drawn.locator('.slider[data-slider="between"]')
    assert not way.is_visible()
    drawn.get_by_text("From one utterance to another").click()
    for end, name in (("A", "s1-angry-0"), ("B", "gone"), ("B", "s2-sad-1")):
        drawn.locator(f".st-key-lab_end_{end} input").fill(name)
        drawn.locator(f".st-key-lab_end_{end} input").press("Enter")
        drawn.get_by_text("there is no utterance 'gone'" if name == "gone" else f"{end}: {name}").wait_for()
    way.wait_for()
    number = way.locator('input[type="number"]')
    number.fill("1")
    number.press("Enter")
    run = load_run("tones-run", trained)
    row = int(np.flatnonzero(run.utterances["utterance_id"] == "s2-sad-1")[0])
    _, codes = run.recovered(run.h[[row]])
    wanted = np.clip(codes[0], -3, 3).round(2)
    for name, value in zip(run.code_names, wanted, strict=True):
        shown_ = drawn.locator(f'.slider[data-slider="{name}"] input[type="number"]').input_value()
        assert float(shown_) == pytest.approx(value, abs=0.011)
    address_says(drawn, ";m=")


@pytest.mark.browser
def test_named_direction_moves_all_codes(page: Page, server: Server) -> None:
    opened(page, server, "u=1.5,-2")
    page.get_by_label("Name of the direction").fill("<i>warm</i>")
    page.get_by_role("button", name="Keep", exact=True).click()
    slider = page.locator('.slider[data-slider="direction-0"]')
    # Its name is text, never markup; it shows how far the codes lie along it.
    slider.get_by_text("<i>warm</i>").wait_for()
    number = slider.locator('input[type="number"]')
    assert number.input_value() == "2.50"
    number.fill("1.25")
    number.press("Enter")
    address_says(page, "u=0.75,-1")
    page.get_by_role("button", name="Forget <i>warm</i>").click()
    slider.wait_for(state="detached")


@pytest.mark.browser
def test_codes_snap_and_numbers_do_not(drawn: Page) -> None:
    drawn.get_by_label("Snap to").check()
    u1(drawn).focus()
    u1(drawn).evaluate("(range) => { range.value = 1.31; range.dispatchEvent(new Event('input', {bubbles: true})); }")
    u1(drawn).evaluate("(range) => range.dispatchEvent(new Event('change', {bubbles: true}))")
    address_says(drawn, "u=1.5,0")
    number = drawn.locator('.slider[data-slider="u2"] input[type="number"]')
    number.fill("0.37")
    number.press("Enter")
    address_says(drawn, "u=1.5,0.37")


@pytest.mark.browser
def test_touch_moves_a_code(browser: Browser, server: Server) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = opened(context.new_page(), server, "")
    strip = page.locator("canvas.strip")
    strip.scroll_into_view_if_needed()
    box = strip.bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + box["width"] - 2, box["y"] + 20)
    address_says(page, "u=3,0")
    # Nothing is wider than the phone.
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


@pytest.mark.browser
def test_names_are_text_never_markup(drawn: Page) -> None:
    drawn.locator(".st-key-lab_name input").fill("<img src=x onerror=window.hurt=1>")
    drawn.locator(".st-key-lab_name input").press("Enter")
    drawn.get_by_role("button", name=re.compile("Keep sample")).click()
    drawn.get_by_text("1 kept").wait_for()
    assert drawn.evaluate("window.hurt") is None


@pytest.mark.browser
def test_state_can_be_copied_and_opened(page: Page, server: Server) -> None:
    opened(page, server, "e=happy;u=1,0;n=4")
    page.get_by_role("button", name=re.compile("Copy this state")).click()
    page.get_by_text("run.generate(").first.wait_for()
    assert "emotion='happy'" in page.locator('[data-testid="stCode"]').first.inner_text()
