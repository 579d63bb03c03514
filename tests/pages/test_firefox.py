"""Both browser components in Firefox: drawn, dragged, and heard by Python."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.pages.firefox import Firefox, program

if TYPE_CHECKING:
    from tests.pages.conftest import Server

pytestmark = pytest.mark.browser
ROOT = """document.querySelector('.st-key-{0} [data-testid="stBidiComponentIsolated"]')?.shadowRoot"""
LAB, SPACE = ROOT.format("lab_component"), ROOT.format("space_map")


@pytest.fixture
def firefox(tmp_path: Path) -> Iterator[Firefox]:
    found = program()
    if found is None:
        assert os.environ.get("MIRAGE_REQUIRE_BROWSER") != "1", "MIRAGE_REQUIRE_BROWSER=1, but no Firefox was found"
        pytest.skip("no Firefox found (install firefox-esr)")
    with Firefox(found, tmp_path / "profile") as running:
        yield running


def box(firefox: Firefox, root: str, selector: str) -> tuple[float, float, float, float]:
    """Left, top, width and height of an element of a component, brought into sight."""
    found = firefox.evaluate(
        f"(() => {{ const found = {root}.querySelector('{selector}'); found.scrollIntoView({{ block: 'center' }});"
        " const { left, top, width, height } = found.getBoundingClientRect(); return [left, top, width, height]; })()"
    )
    left, top, width, height = found
    return left, top, width, height


@pytest.mark.parametrize("pointer", ["mouse", "touch"])
def test_lab_follows_the_pointer(firefox: Firefox, server: Server, pointer: str) -> None:
    firefox.open(f"{server.address}/latent_lab?run=tones-run")
    firefox.wait(f"{LAB}?.querySelector('.lab[data-ready]') !== null && {LAB} !== undefined")
    left, top, width, height = box(firefox, LAB, "canvas.strip")
    firefox.evaluate("performance.clearMeasures()")
    middle = top + height / 3
    firefox.drag([(left + width * share, middle) for share in (0.5, 0.6, 0.7, 0.8, 0.9, 0.99)], pointer=pointer)
    firefox.wait("decodeURIComponent(location.href).includes('u=3,0')")
    assert firefox.evaluate("performance.getEntriesByName('mirage:frame').length") >= 3


def test_lasso_on_the_map_reaches_python(firefox: Firefox, server: Server) -> None:
    firefox.open(f"{server.address}/aligned_space?run=tones-run")
    firefox.wait(f"{SPACE}?.querySelector('.space[data-ready]') !== null && {SPACE} !== undefined")
    firefox.evaluate(f"{SPACE}.querySelector('button[data-tool=lasso]').click()")
    left, top, width, height = box(firefox, SPACE, ".map")
    corners = [(0.01, 0.01), (0.99, 0.01), (0.99, 0.99), (0.01, 0.99), (0.01, 0.02)]
    firefox.drag([(left + x * width, top + y * height) for x, y in corners])
    firefox.wait("document.body.innerText.includes('64 selected of 64')")
