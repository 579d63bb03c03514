"""How fast the map of the aligned space is there, and how fast what is selected on it reaches the table.

``python -m benchmarks.map`` starts the dashboard on the workspace of ``MIRAGE_HOME`` with the demo's run enlarged
(repeated rows: the figures are about speed alone) and prints, for software rendering in a real browser,

* ``ready_s``: from the address to ``mirage:ready``, 250,000 points, by a browser that has never been here and a server
  that has the run in its memory; ``floor_s`` is an empty page of Streamlit by the same server options;
* ``bytes_a_point``: all that came over the wire meanwhile for the map, by the points drawn;
* ``lasso_ms``: from the end of a line drawn around 100,000 points to the table's new headline;
* ``moved_frames_a_second``: how often the screen changes while 200,000 points are moved by hand.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.enlarged import enlarge
from benchmarks.pages import EMPTY, FLOOR, chromium, serve, stop

TABLED = """() => {
    const headline = () => document.body.innerText.match(/([\\d,]+) selected of/)?.[1] ?? '';
    const before = headline();
    window.tabled = null;
    addEventListener('pointerup', () => {
        const start = performance.now();
        const look = () => {
            const now = headline();
            if (now && now !== before) window.tabled = performance.now() - start;
            else setTimeout(look, 5);
        };
        look();
    }, { once: true, capture: true });
}"""
COUNT = """() => {
    window.frames_shown = 0;
    const next = () => { window.frames_shown += 1; requestAnimationFrame(next); };
    requestAnimationFrame(next);
}"""
POINTS = 250_000
LASSO = 100_000
TURNS = 5


def visit(browser: Any, address: str, run: str) -> tuple[Any, list[int]]:
    """A new browser session on the map, and the sizes of what its websocket received."""
    page = browser.new_context(viewport={"width": 1360, "height": 1000}).new_page()
    page.set_default_timeout(180_000)
    sizes: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: sizes.append(len(frame))))
    page.goto(f"{address}/aligned_space?run={run}")
    page.locator(".space[data-ready]").wait_for()
    return page, sizes


def ready(browser: Any, address: str, run: str) -> dict[str, Any]:
    """Seconds until the map is drawn, and bytes for each point."""
    page, _ = visit(browser, address, run)
    time.sleep(3)
    page.context.close()
    took, sent = [], 0
    for _ in range(TURNS):
        page, sizes = visit(browser, address, run)
        took.append(page.evaluate("performance.getEntriesByName('mirage:ready')[0].startTime") / 1000)
        page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
        # Positions and colours are the messages that grow with the points; the script is the same for every map.
        sent = sum(size for size in sizes if size > 100_000)
        page.context.close()
    return {"seconds": round(statistics.median(took), 2), "bytes_a_point": round(sent / POINTS, 2)}


def floor(browser: Any) -> float:
    """Seconds until an empty page of Streamlit is drawn."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "empty.py"
        script.write_text(EMPTY, encoding="utf-8")
        process, address = serve(script)
        try:
            took = []
            for _ in range(TURNS + 1):
                page = browser.new_context(viewport={"width": 1360, "height": 1000}).new_page()
                start = time.perf_counter()
                page.goto(address)
                page.wait_for_function("title => document.querySelector('h1')?.innerText === title", arg=FLOOR)
                took.append(time.perf_counter() - start)
                page.context.close()
        finally:
            stop(process)
    return round(statistics.median(took[1:]), 2)


def lasso(browser: Any, address: str, run: str) -> dict[str, Any]:
    """Milliseconds from a drawn line to the table, and frames a second while the map is moved."""
    page, _ = visit(browser, address, run)
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    page.wait_for_timeout(2000)
    box = page.locator(".map").bounding_box()
    took = []
    for turn in range(TURNS):
        page.locator('button[data-tool="lasso"]').click()
        # A little less each time, so that each selection is another one.
        right = 0.89 - 0.1 * turn
        spots = [
            (box["x"] + x * box["width"], box["y"] + y * box["height"])
            for x, y in ((0.01, 0.01), (right, 0.01), (right, 0.99), (0.01, 0.99))
        ]
        page.mouse.move(*spots[0])
        page.mouse.down()
        for spot in spots[1:]:
            page.mouse.move(*spot, steps=4)
        page.evaluate(TABLED)
        page.mouse.up()
        page.wait_for_function("window.tabled !== null", timeout=20_000)
        took.append(page.evaluate("window.tabled"))
        page.wait_for_timeout(2000)
    page.locator('button[data-tool="pan"]').click()
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.down()
    page.evaluate(COUNT)
    start = time.perf_counter()
    for step in range(60):
        page.mouse.move(box["x"] + 200 + 3 * step, box["y"] + 200)
        page.wait_for_timeout(15)
    frames = page.evaluate("window.frames_shown") / (time.perf_counter() - start)
    page.mouse.up()
    page.context.close()
    return {"lasso_ms": round(statistics.median(took)), "moved_frames_a_second": round(frames, 1)}


def main() -> None:
    from core.demo import install_demo
    from core.workspace import Workspace

    workspace = Workspace()
    install_demo(workspace)
    # An utterance is two points, what is heard and what is said.
    large, middle = enlarge(workspace, POINTS // 2), enlarge(workspace, LASSO)
    process, address = serve()
    report: dict[str, Any] = {"load": round(os.getloadavg()[0], 1)}
    try:
        with chromium() as browser:
            report["ready"] = {"asked": "3 s, 10 bytes", "floor_s": floor(browser), **ready(browser, address, large)}
            report["selection"] = {"asked_ms": 300, **lasso(browser, address, middle)}
    finally:
        stop(process)
    sys.stdout.write(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
