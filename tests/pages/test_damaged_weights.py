"""A lab whose weights come damaged says so in one line, and is whole once whole ones come."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from core import Workspace, load_run
from dashboard.components import SCRIPT
from dashboard.lab import component
from dashboard.lab import controls as logic
from dashboard.lab.readout import read
from dashboard.space.points import map_points

if TYPE_CHECKING:
    from playwright.sync_api import Page

# The module as Streamlit mounts it, on an empty page. Each step mounts the lab, sends packs, and says what is seen.
MOUNT = """async ([script, data, steps]) => {
    const module = await import(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
    module.default({ data: { version: "test" } });
    const { lab, pack } = globalThis.mirageLibrary.parts;
    const decode = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const parentElement = document.createElement("div");
    document.body.replaceChildren(parentElement);
    const seen = [];
    for (const packs of steps) {
        lab({ data, parentElement, setStateValue: () => {} });
        for (const bytes of packs) pack({ data: decode(bytes) });
        await new Promise((done) => setTimeout(done, 300));
        const fault = parentElement.querySelector(".fault");
        seen.push({ fault: fault?.textContent ?? "", canvases: parentElement.querySelectorAll("canvas").length });
    }
    return seen;
}"""


@pytest.mark.browser
def test_damaged_weights_are_one_line_and_whole_ones_a_lab(page: Page, trained: Workspace) -> None:
    run = load_run("tones-run", trained)
    points = map_points(run)
    chosen = logic.initial(run.classes, len(run.code_names))
    weights = component.lab_pack(run, points)
    inputs, inputs_bytes = component.inputs_pack(run, chosen, read(run, chosen))
    data: dict[str, Any] = component.component_data(
        run, points, weights, inputs, chosen, seen=0, token="a", can_undo=False, tray=()
    )
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto("about:blank")
    no_sphere = weights.content.replace(b'\\"op\\":\\"sphere\\",\\"width\\":8', b'\\"op\\":\\"sphere\\",\\"width\\":0')
    assert no_sphere != weights.content
    for damaged, says in (
        (weights.content[:-5], "its bytes do not fit its shape"),
        (no_sphere, "its width does not divide the rows"),
    ):
        steps = [[damaged, inputs_bytes], [weights.content], []]
        sent = [[base64.b64encode(bytes_).decode() for bytes_ in packs] for packs in steps]
        first, *_, last = page.evaluate(MOUNT, [SCRIPT.read_text(encoding="utf-8"), data, sent])
        assert says in first["fault"]
        assert first["fault"].count("\n") == 0
        if damaged is not no_sphere:  # one that could be read but not used is held until the page is loaded again
            assert last["fault"] == ""
            assert last["canvases"] > 0
    assert faults == []
