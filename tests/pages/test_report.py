"""The report as a browser opens it from a disk: it reaches no network, and everything in it works."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from safetensors.numpy import load

from core import Workspace, load_run
from core.demo import install_demo
from core.shipped import install_results
from dashboard.report import lab_part, write_report
from tests.pages.firefox import Firefox, program
from tests.pages.readable import FAINT, NAMELESS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LAB, MAP = "document.querySelector('#lab').shadowRoot", "document.querySelector('#map').shadowRoot"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    workspace = Workspace(folder / "workspace")
    install_demo(workspace)
    install_results(workspace)
    return write_report(load_run("demo", workspace), workspace, folder / "demo.html").path


@pytest.fixture
def opened(browser: Browser, report: Path) -> Iterator[Callable[..., Page]]:
    """Opens the report as a file; whatever it asked for, or complained of, fails the test at its end."""
    contexts, asked, said = [], [], []

    def start(**options: object) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})  # type: ignore[arg-type]
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
        page.goto(report.as_uri())
        page.wait_for_function(
            f"{LAB}?.querySelector('.lab[data-ready]') && {MAP}?.querySelector('.space[data-ready]')"
        )
        return page

    yield start
    for context in contexts:
        context.close()
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "blob:", "data:"))] == []
    assert sum(url.startswith("file:") for url in asked) == len(contexts)


def middle(page: Page, root: str, selector: str) -> tuple[float, float, float, float]:
    """Left, top, width and height of an element, brought into sight."""
    found = page.evaluate(
        f"() => {{ const found = {root}.querySelector('{selector}'); found.scrollIntoView({{block: 'center'}});"
        " const {left, top, width, height} = found.getBoundingClientRect(); return [left, top, width, height]; }"
    )
    return tuple(found)


def drawn(page: Page, selector: str, root: str = LAB) -> str:
    """What a canvas shows, as one text."""
    return page.evaluate(f"() => {root}.querySelector('{selector}').toDataURL()")


def read(page: Page, selector: str) -> str:
    return page.evaluate(f"() => {LAB}.querySelector('{selector}').textContent")


@pytest.mark.browser
def test_map_is_drawn_moved_and_explained(opened: Callable[..., Page]) -> None:
    page = opened()
    left, top, width, height = middle(page, MAP, ".map")
    points = page.evaluate(
        f"""() => {{ const canvas = {MAP}.querySelector('canvas.above');
        const {{data}} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let seen = 0; for (let i = 3; i < data.length; i += 4) seen += data[i] > 0; return seen; }}"""
    )
    assert points > 2000
    before = drawn(page, "canvas.above", MAP)
    page.mouse.move(left + width / 2, top + height / 2)
    page.mouse.down()
    page.mouse.move(left + width / 2 + 60, top + height / 2 + 30, steps=4)
    page.mouse.up()
    page.wait_for_timeout(100)
    moved = drawn(page, "canvas.above", MAP)
    assert moved != before
    # The map was clicked: the wheel and the keyboard zoom it now.
    page.mouse.wheel(0, -300)
    page.wait_for_timeout(100)
    zoomed = drawn(page, "canvas.above", MAP)
    assert zoomed != moved
    page.keyboard.press("-")
    page.wait_for_timeout(100)
    assert drawn(page, "canvas.above", MAP) != zoomed
    page.keyboard.press("0")
    tip = ""
    for step in range(400):
        page.mouse.move(left + width * (0.1 + 0.8 * (step % 20) / 20), top + height * (0.1 + 0.8 * (step // 20) / 20))
        tip = page.evaluate(
            f"() => {{ const tip = {MAP}.querySelector('.tip'); return tip.hidden ? '' : tip.textContent; }}"
        )
        if "recording" in tip:
            break
    assert re.search(r"v\d_\w+_\d+", tip), tip


@pytest.mark.browser
def test_wheel_scrolls_past_a_map_that_was_not_clicked(opened: Callable[..., Page]) -> None:
    page = opened()
    left, top, width, height = middle(page, MAP, ".map")
    before = drawn(page, "canvas.above", MAP)
    where = page.evaluate("scrollY")
    page.mouse.move(left + width / 2, top + height / 2)
    page.mouse.wheel(0, 200)
    page.wait_for_function("where => scrollY > where", arg=where)
    page.mouse.move(1, 1)
    assert drawn(page, "canvas.above", MAP) == before


@pytest.mark.browser
def test_clip_is_heard(opened: Callable[..., Page]) -> None:
    page = opened()
    assert page.locator("#clips .clips button").count() == 50
    page.locator("#clips .clips button").nth(1).click()
    page.wait_for_function(
        "() => { const one = document.querySelector('audio'); return one.currentTime > 0.05 && one.duration > 0.5; }"
    )
    assert "v2_happy_001" in page.locator("#clips .now").inner_text()
    assert page.locator("#clips .clips button").nth(1).get_attribute("aria-pressed") == "true"


@pytest.mark.browser
def test_lab_generates_under_a_finger(opened: Callable[..., Page]) -> None:
    page = opened()
    assert "100 % angry" in read(page, ".told")
    before, stars = read(page, ".bars"), drawn(page, "canvas.above")
    left, top, width, height = middle(page, LAB, "canvas.pad")
    # From the first corner, at the top, to the third, at the bottom.
    page.mouse.move(left + width / 2, top + 0.15 * height)
    page.mouse.down()
    page.mouse.move(left + width / 2, top + height / 2, steps=5)
    held = drawn(page, "canvas.above")
    assert held != stars
    page.mouse.move(left + width / 2, top + 0.86 * height, steps=5)
    page.mouse.up()
    assert "100 % sad" in read(page, ".told")
    assert "recognises sad" in read(page, ".told")
    # The stars are where they can be seen, wherever the finger has led them.
    seen = page.evaluate(
        f"""() => {{ const canvas = {LAB}.querySelector('canvas.above');
        const {{data}} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let blue = 0;
        for (let i = 0; i < data.length; i += 4) {{
          blue += Math.abs(data[i] - 76) + Math.abs(data[i + 1] - 148) + Math.abs(data[i + 2] - 253) < 12;
        }}
        return blue; }}"""
    )
    assert seen > 100
    assert read(page, ".bars") != before
    assert drawn(page, "canvas.above") != held


@pytest.mark.browser
def test_lab_generates_by_keyboard(opened: Callable[..., Page]) -> None:
    page = opened()
    page.evaluate(f"() => {LAB}.querySelectorAll('canvas.pad')[1].focus()")
    before = drawn(page, "canvas.above")
    for _ in range(8):
        page.keyboard.press("Shift+ArrowRight")
    moved = drawn(page, "canvas.above")
    assert moved != before
    page.keyboard.press("Home")
    page.wait_for_timeout(100)
    page.evaluate(f"() => {LAB}.querySelector('canvas.pad').focus()")
    for _ in range(30):
        page.keyboard.press("ArrowDown")
    assert "sad" in read(page, ".told")
    # Another draw of the noise is another sixteen stars.
    page.evaluate(f"() => [...{LAB}.querySelectorAll('button')].find((one) => one.textContent === 'Draw anew').click()")
    page.wait_for_timeout(100)
    assert drawn(page, "canvas.above") != moved


@pytest.mark.browser
def test_lab_makes_what_the_run_makes(opened: Callable[..., Page], report: Path) -> None:
    """The same noise, texts, emotion and codes, by the run's own networks in PyTorch."""
    workspace = Workspace(report.parent / "workspace")
    run = load_run("demo", workspace)
    tensors = load(safetensors_of(report, "lab-pack"))
    emotion = np.eye(len(run.classes), dtype=np.float32)[np.zeros(lab_part.COUNT, dtype=int)]
    codes = np.zeros((lab_part.COUNT, len(run.code_names)), dtype=np.float32)
    h, _ = run.decode(run.sample_noise(lab_part.COUNT, 0), emotion, codes, tensors["texts"][: lab_part.COUNT])
    page = opened()
    shown = page.evaluate(f"() => [...{LAB}.querySelectorAll('.bars .value')].map((one) => Number(one.textContent))")
    assert shown == pytest.approx(run.posterior(h).mean(axis=0).tolist(), abs=0.006)
    info, novelty = (float(read(page, f".measure:nth-child({place}) strong")) for place in (1, 2))
    assert info == pytest.approx(run.pointwise_mi(h[:1], "angry")[0], abs=0.006)
    assert novelty == pytest.approx(run.novelty(h[:1])[0], abs=0.006)


def safetensors_of(report: Path, block: str) -> bytes:
    found = re.search(rf'id="{block}">([^<]*)<', report.read_text(encoding="utf-8"))
    assert found
    return base64.b64decode(found[1])


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_can_be_read_by_everybody(opened: Callable[..., Page], scheme: str, width: int) -> None:
    page = opened(color_scheme=scheme, viewport={"width": width, "height": 800})
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(FAINT) == []
    assert page.evaluate(NAMELESS) == []
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 23, 29)"}[scheme]
    page.evaluate("scrollTo(0, 0)")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the report"


@pytest.mark.browser
def test_paper_is_light_and_shows_the_map(opened: Callable[..., Page], tmp_path: Path) -> None:
    page = opened(color_scheme="dark")
    content = page.pdf(path=str(tmp_path / "report.pdf"), format="A4")
    assert 6 <= len(re.findall(rb"/Type\s*/Page\b", content)) <= 20
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("svg.still").is_visible()
    assert not page.locator("#map").is_visible()
    # What was folded is opened for the paper and folded again.
    assert page.locator("details[open]").count() == 0


@pytest.mark.browser
def test_without_scripts_it_is_still_a_report(opened: Callable[..., Page], browser: Browser, report: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    assert page.locator("svg.still").is_visible()
    assert page.locator(".answer").count() == 7
    assert page.get_by_text("The lab works where the file is opened in a browser that runs scripts.").is_visible()
    context.close()


@pytest.mark.browser
def test_firefox_plays_a_clip_and_generates(report: Path, tmp_path: Path) -> None:
    found = program()
    if found is None:
        assert os.environ.get("MIRAGE_REQUIRE_BROWSER") != "1", "MIRAGE_REQUIRE_BROWSER=1, but no Firefox was found"
        pytest.skip("no Firefox found (install firefox-esr)")
    with Firefox(found, tmp_path / "profile") as firefox:
        firefox.open(report.as_uri())
        firefox.wait(f"!!{LAB}?.querySelector('.lab[data-ready]') && !!{MAP}?.querySelector('.space[data-ready]')")
        place = (
            "(() => { const one = SELECTED; one.scrollIntoView({block: 'center'});"
            " const {left, top, width, height} = one.getBoundingClientRect(); return [left, top, width, height]; })()"
        )
        left, top, width, height = firefox.evaluate(
            place.replace("SELECTED", "document.querySelector('#clips .clips button')")
        )
        firefox.drag([(left + width / 2, top + height / 2)])
        firefox.wait("document.querySelector('audio').currentTime > 0.05")
        left, top, width, height = firefox.evaluate(place.replace("SELECTED", f"{LAB}.querySelector('canvas.pad')"))
        firefox.drag([(left + width / 2, top + 0.15 * height), (left + width / 2, top + 0.86 * height)])
        firefox.wait(f"{LAB}.querySelector('.told').textContent.includes('100 % sad')")
