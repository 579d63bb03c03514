"""The Latent lab page: controls, address, undo and tray; in a browser, a moved code moves the points at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from streamlit.testing.v1 import AppTest

from core import Workspace

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.pages.conftest import Server

Open = Callable[..., AppTest]
PAGE = "latent_lab"


@pytest.fixture
def lab(open_app: Open, trained: Workspace) -> AppTest:
    app = open_app(trained, PAGE, run="tones-run")
    assert not app.exception
    return app


def address(app: AppTest) -> dict[str, str]:
    """The controls in the page's address."""
    value = app.query_params["lab"]
    return dict(part.split("=", 1) for part in (value[0] if isinstance(value, list) else value).split(";"))


def key(app: AppTest, name: str) -> str:
    """The key that a control has now: it gets a new one when something else changes what it shows."""
    version = app.session_state["widgets_shown"].get(name, (1, None))[0]
    return name if version == 1 else f"{name}-{version}"


def test_everything_is_drawn(lab: AppTest) -> None:
    assert len(lab.get("echarts_chart")) == 4
    assert len(lab.get("audio")) == 5
    assert [metric.label for metric in lab.metric] == ["Pointwise MI", "Novelty"]


def test_slider_and_number_show_the_same_code(lab: AppTest) -> None:
    lab.slider(key=key(lab, "lab_code_0")).set_value(1.5).run()
    assert lab.number_input(key=key(lab, "lab_code_0_exact")).value == 1.5
    assert address(lab)["u"] == "1.5,0"
    lab.number_input(key=key(lab, "lab_code_1_exact")).set_value(-0.75).run()
    assert lab.slider(key=key(lab, "lab_code_1")).value == -0.75
    lab.button(key="lab_code_0_reset").click().run()
    assert address(lab)["u"] == "0,-0.75"


def test_undo_and_reset_all(lab: AppTest) -> None:
    assert lab.button(key="lab_undo").disabled
    lab.slider(key=key(lab, "lab_code_0")).set_value(1.0).run()
    lab.slider(key=key(lab, "lab_truncation")).set_value(0.5).run()
    lab.button(key="lab_undo").click().run()
    assert (lab.slider(key=key(lab, "lab_truncation")).value, lab.slider(key=key(lab, "lab_code_0")).value) == (
        1.0,
        1.0,
    )
    lab.button(key="lab_reset").click().run()
    assert lab.slider(key=key(lab, "lab_code_0")).value == 0.0
    assert lab.button(key="lab_reset").disabled
    lab.button(key="lab_undo").click().run()
    assert lab.slider(key=key(lab, "lab_code_0")).value == 1.0


def test_unlocked_noise_is_drawn_anew(lab: AppTest) -> None:
    lab.slider(key=key(lab, "lab_code_0")).set_value(1.0).run()
    assert address(lab)["s"] == "0"
    lab.toggle(key=key(lab, "lab_locked")).set_value(False).run()
    lab.slider(key=key(lab, "lab_code_0")).set_value(0.5).run()
    assert address(lab)["s"] == "1"
    lab.button(key="lab_resample").click().run()
    assert lab.number_input(key=key(lab, "lab_seed")).value == 2


def test_mixture_starts_from_the_emotion(lab: AppTest) -> None:
    lab.segmented_control(key=key(lab, "lab_kind")).set_value("Mixture").run()
    assert not lab.exception
    assert address(lab)["m"] == "1,0,0,0"
    lab.slider(key=key(lab, "lab_weight_2")).set_value(0.5).run()
    assert address(lab)["m"] == "1,0,0.5,0"
    assert lab.slider(key=key(lab, "lab_weight_2")).label.endswith("33%")


def test_address_restores_the_lab(open_app: Open, trained: Workspace) -> None:
    app = open_app(trained, PAGE, run="tones-run", lab="e=sad;u=1.5,-2;r=0.7;s=4;n=9;i=8;k=1")
    assert not app.exception
    assert app.segmented_control(key=key(app, "lab_emotion")).value == "sad"
    assert (app.slider(key=key(app, "lab_code_0")).value, app.slider(key=key(app, "lab_code_1")).value) == (1.5, -2.0)
    assert app.number_input(key=key(app, "lab_sample")).value == 9
    assert app.segmented_control(key=key(app, "lab_strip")).value == "u2"


def test_damaged_address_opens_a_fresh_lab(open_app: Open, trained: Workspace) -> None:
    app = open_app(trained, PAGE, run="tones-run", lab=";;e=<b>;u=x;n=-1")
    assert not app.exception
    assert app.slider(key=key(app, "lab_code_0")).value == 0.0


def test_tray_keeps_compares_and_gives_out(lab: AppTest) -> None:
    lab.text_input(key="lab_name").set_value("first").run()
    lab.button(key="lab_keep").click().run()
    lab.slider(key=key(lab, "lab_code_0")).set_value(2.0).run()
    lab.button(key="lab_keep").click().run()
    assert not lab.exception
    table = next(item.value for item in lab.dataframe if "recognised" in item.value)
    assert table["name"].tolist() == ["first", "angry 2"]
    assert table["u1"].tolist() == [0.0, 2.0]
    assert {"CSV", "Parquet", "Python"} <= {item.label for item in lab.get("download_button")}


# --- in a browser ------------------------------------------------------------------------------------------------

PICTURE = """() => {
    const canvas = document.querySelector('.st-key-lab_map canvas');
    const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    let sum = 0;
    for (let i = 0; i < data.length; i += 41) sum = (sum * 31 + data[i]) | 0;
    return sum;
}"""


@pytest.mark.browser
def test_moving_a_slider_moves_the_points(
    page: Page, server: Server, record_testsuite_property: Callable[[str, object], None]
) -> None:
    page.goto(f"{server.address}/{PAGE}?run=tones-run")
    page.wait_for_selector('.st-key-lab_map [data-testid="stEChartsChart"][aria-busy="false"]')
    page.wait_for_timeout(1500)
    page.evaluate(f"window.picture = {PICTURE}")
    slider = page.locator(".st-key-lab_code_0 input[type=range]")
    took = []
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft", "ArrowRight"):
        page.evaluate(
            """() => {
                window.took = null;
                const old = window.picture();
                const start = () => {
                    const at = performance.now();
                    const look = () => {
                        if (window.picture() !== old) window.took = performance.now() - at;
                        else requestAnimationFrame(look);
                    };
                    requestAnimationFrame(look);
                };
                window.addEventListener('keydown', start, {once: true, capture: true});
            }"""
        )
        slider.focus()
        page.keyboard.press(key)
        page.wait_for_function("window.took !== null")
        took.append(page.evaluate("window.took"))
        page.wait_for_timeout(600)
    median = sorted(took)[len(took) // 2]
    record_testsuite_property("slider_to_redrawn_map_ms", round(median))
    # The aim is 400 ms; test machines run other tests at the same time.
    assert median < 3000
    page.wait_for_function("() => decodeURIComponent(location.href).includes('u=0.3,0')")
    assert "u=0.3,0" in unquote(page.url)
    assert page.locator('[data-testid="stException"]').count() == 0


@pytest.mark.browser
def test_fast_moves_are_not_thrown_back(page: Page, server: Server) -> None:
    page.goto(f"{server.address}/{PAGE}?run=tones-run")
    page.wait_for_selector('.st-key-lab_map [data-testid="stEChartsChart"][aria-busy="false"]')
    page.wait_for_timeout(1000)
    slider = page.locator(".st-key-lab_code_0 input[type=range]")
    slider.focus()
    for pause in (0, 0, 0, 0, 150, 150, 150, 150):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(pause)
    page.wait_for_function("() => decodeURIComponent(location.href).includes('u=0.8,0')")
    assert slider.input_value() == "0.8"
    assert page.locator('[class*="st-key-lab_code_0_exact"] input').first.input_value() == "0.80"


@pytest.mark.browser
def test_state_can_be_copied_and_opened(page: Page, server: Server) -> None:
    page.goto(f"{server.address}/{PAGE}?run=tones-run&lab=e=happy;u=1,0;n=4")
    page.wait_for_selector('.st-key-lab_map [data-testid="stEChartsChart"][aria-busy="false"]')
    page.get_by_role("button", name=re.compile("Copy this state")).click()
    page.get_by_text("run.generate(").first.wait_for()
    assert "emotion='happy'" in page.locator('[data-testid="stCode"]').first.inner_text()
