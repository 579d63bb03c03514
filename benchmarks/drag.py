"""How fast the latent lab follows a finger, in a real browser with software rendering.

``python -m benchmarks.drag`` starts the dashboard on the workspace of ``MIRAGE_HOME`` with the demo's run enlarged to
50,000 and 100,000 utterances (repeated rows: the figures are about speed alone), drags a code in the lab and prints

* ``frame_ms``: how long a redraw takes, from the browser's User Timing (``mirage:frame``), median and 95th percentile;
* ``sent``: messages to the server between press and release, which must be none;
* ``plotly``: the same gesture with ``st.slider`` and one Plotly figure of as many points, from the key to the redrawn
  figure, and how many times slower that is;
* ``server_mib``: what each further session on the run takes of the server's memory;
* with ``--minutes``, what the browser's heap does while a code is moved at every frame of the screen for so long.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.enlarged import enlarge
from benchmarks.pages import chromium, serve, stop

CASES = ((50_000, 16, 16.7), (100_000, 64, 33.0))
"""Utterances, generated samples, milliseconds that 95 % of the frames may take."""
SLOWER = 20
PLOTLY = """
import numpy as np
import plotly.graph_objects as go
import streamlit as st

rng = np.random.default_rng(0)
base = rng.normal(size=({points}, 2)) * 5

def draw():
    value = st.slider("u1", -3.0, 3.0, 0.0, 0.1)
    moved = rng.normal(size=({samples}, 2)) + value
    figure = go.Figure([
        go.Scattergl(x=base[:, 0], y=base[:, 1], mode="markers"),
        go.Scattergl(x=moved[:, 0], y=moved[:, 1], mode="markers"),
    ])
    figure.update_layout(title=f"at {{value:.1f}}")
    st.plotly_chart(figure)

st.fragment(draw)()
"""
OBSERVE = """() => {
    window.took = [];
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (entry.name === 'mirage:frame') window.took.push(entry.duration);
    }).observe({ type: 'measure' });
}"""
SWEEP = """async ([milliseconds]) => {
    const range = document.querySelector('.st-key-lab_component [data-testid="stBidiComponentIsolated"]')
        .shadowRoot.querySelector('input[data-name="u1"]');
    const end = performance.now() + milliseconds;
    let turn = 0;
    while (performance.now() < end) {
        range.value = String(3 * Math.sin(turn++ / 30));
        range.dispatchEvent(new Event('input', { bubbles: true }));
        await new Promise(requestAnimationFrame);
    }
    range.dispatchEvent(new Event('change', { bubbles: true }));
}"""


def lab(page: Any, address: str, run: str, samples: int) -> None:
    page.goto(f"{address}/latent_lab?run={run}&lab=n={samples}")
    page.locator(".lab[data-ready]").wait_for()
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    page.wait_for_timeout(1500)


def drag(page: Any, address: str, run: str, samples: int) -> dict[str, Any]:
    """Drags u1 from end to end with the mouse, several times."""
    sent: list[Any] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    lab(page, address, run, samples)
    box = page.locator('input[type="range"][data-name="u1"]').bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.wait_for_timeout(300)
    page.evaluate(OBSERVE)
    before = len(sent)
    for turn in range(240):
        share = 0.5 + 0.45 * np.sin(turn / 20)
        page.mouse.move(box["x"] + box["width"] * float(share), middle)
        page.wait_for_timeout(10)
    took = page.evaluate("window.took")
    during = len(sent) - before
    page.mouse.up()
    return {
        "frames": len(took),
        "frame_ms": {"median": round(statistics.median(took), 1), "p95": round(float(np.quantile(took, 0.95)), 1)},
        "sent": during,
    }


def plotly(browser: Any, points: int, samples: int) -> float:
    """Median milliseconds from a key on ``st.slider`` to the redrawn Plotly figure."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "plotly_drag.py"
        script.write_text(PLOTLY.format(points=points, samples=samples), encoding="utf-8")
        process, address = serve(script)
        try:
            page = browser.new_context(viewport={"width": 1360, "height": 1000}).new_page()
            page.goto(address)
            page.locator(".gtitle").wait_for()
            page.wait_for_timeout(2000)
            slider = page.locator("input[type=range]")
            slider.focus()
            took = []
            for step in range(1, 8):
                start = time.perf_counter()
                page.keyboard.press("ArrowRight")
                page.wait_for_function(
                    "text => document.querySelector('.gtitle')?.textContent === text", arg=f"at {0.1 * step:.1f}"
                )
                page.evaluate("() => new Promise(requestAnimationFrame)")
                took.append(1000 * (time.perf_counter() - start))
                page.wait_for_timeout(300)
            page.context.close()
        finally:
            stop(process)
    return statistics.median(took)


def memory(browser: Any, address: str, server: psutil.Process, run: str, sessions: int = 5) -> float:
    """MiB that each session after the first takes of the server."""

    def visit() -> Any:
        page = browser.new_context(viewport={"width": 1360, "height": 1000}).new_page()
        lab(page, address, run, 16)
        return page

    def size() -> int:
        return sum(one.memory_info().rss for one in (server, *server.children(recursive=True)))

    pages = [visit()]
    first = size()
    pages += [visit() for _ in range(sessions)]
    last = size()
    for page in pages:
        page.context.close()
    return (last - first) / sessions / 2**20


def heap(browser: Any, address: str, run: str, minutes: float) -> dict[str, Any]:
    """MiB of the browser's heap after each tenth of the time, garbage collected."""
    page = browser.new_context(viewport={"width": 1360, "height": 1000}).new_page()
    page.set_default_timeout(120_000)
    lab(page, address, run, 16)
    page.evaluate(SWEEP, [5000])
    found = []
    for _ in range(11):
        page.evaluate("() => window.gc()")
        found.append(round(page.evaluate("performance.memory.usedJSHeapSize") / 2**20, 1))
        page.evaluate(SWEEP, [6000 * minutes])
    page.context.close()
    return {"minutes": minutes, "mib": found, "grown_percent": round(100 * (found[-1] / found[0] - 1), 1)}


def main() -> None:
    from core.demo import install_demo
    from core.workspace import Workspace

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=0.0)
    arguments = parser.parse_args()
    workspace = Workspace()
    install_demo(workspace)
    runs = {points: enlarge(workspace, points) for points, _, _ in CASES}
    process, address = serve()
    report: dict[str, Any] = {"load": round(os.getloadavg()[0], 1)}
    try:
        with chromium("--js-flags=--expose-gc", "--enable-precise-memory-info") as browser:
            for points, samples, most in CASES:
                page = browser.new_context(viewport={"width": 1360, "height": 1000}).new_page()
                page.set_default_timeout(120_000)
                report[f"{samples} over {points:,}"] = {"asked_p95": most, **drag(page, address, runs[points], samples)}
                page.context.close()
            points, samples, _ = CASES[0]
            slow = plotly(browser, points, samples)
            own = report[f"{samples} over {points:,}"]["frame_ms"]["median"]
            report["plotly"] = {"ms": round(slow), "times_slower": round(slow / own), "asked": SLOWER}
            server = psutil.Process(process.pid)
            report["server_mib"] = round(memory(browser, address, server, runs[points]), 1)
            if arguments.minutes:
                report["heap"] = heap(browser, address, runs[points], arguments.minutes)
    finally:
        stop(process)
    sys.stdout.write(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
