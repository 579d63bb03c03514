"""How long each page takes until it is drawn, in a real browser.

``python -m benchmarks.pages`` starts the dashboard as ``mirage dashboard`` does, on the workspace of ``MIRAGE_HOME``
with the demo in it, and opens every page with a run loaded, twice over:

* ``by_address``: a browser that has never been here opens the page's address;
* ``in_session``: a person goes from page to page by the menu, first round and second.

``floor`` is a page of Streamlit with nothing but a title, opened by address: what no page can be faster than.

Drawn means that the script has ended and that every figure and map of the page has its canvas or drawing. The first
round is counted after the server has read its libraries (one page opened and closed before the clock starts).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

DRAWN = """() => {
    const app = document.querySelector('[data-testid="stApp"]');
    if (app?.dataset.testScriptState !== 'notRunning' || !document.querySelector('h1')) return false;
    if (document.querySelector('[data-testid="stSkeleton"]')) return false;
    const empty = (holder, inside) => [...document.querySelectorAll(holder)].some(e => !e.querySelector(inside));
    if (document.querySelector('[data-testid="stEChartsChart"][aria-busy="true"]')) return false;
    return !empty('[data-testid="stPlotlyChart"]', '.main-svg') && !empty('[data-testid="stEChartsChart"]', 'canvas');
}"""
ASKED = 2.0
"""Seconds that a page may take."""
FLOOR = "Empty"
EMPTY = f"import streamlit as st\n\nst.title({FLOOR!r})\n"
"""The page of which ``floor`` is measured."""


def serve(script: Path | None = None, *, log: Path | None = None) -> tuple[subprocess.Popen[bytes], str]:
    """A dashboard that answers, and its address; with ``script``, Streamlit alone on that file, same options.

    What the server says of its faults goes to the file ``log``, or is shown.
    """
    from dashboard.launch import options

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "core", "dashboard", "--no-browser", "--port", str(port)]
    if script is not None:
        command = [sys.executable, "-m", "streamlit", "run", str(script), *options(port=port, browser=False)[1:]]
    with log.open("ab") if log else nullcontext() as said:
        # Each browser is a first visitor: the tour would stand before what is measured.
        environment = {**os.environ, "MIRAGE_TOUR": "off"}
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said, env=environment)
    address = f"http://127.0.0.1:{port}"
    for _ in range(240):
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
                return process, address
        except OSError:
            time.sleep(0.25)
    raise SystemExit("the dashboard did not start")


@contextmanager
def chromium(*flags: str) -> Iterator[Any]:
    """A browser to measure with: the one that ``MIRAGE_BROWSER`` names, or the one that is installed."""
    from playwright.sync_api import sync_playwright

    program = os.environ.get("MIRAGE_BROWSER") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", *flags])
        yield browser
        browser.close()


def place(spec: Any) -> str:
    """The part of a page's address after the server's: nothing for the first page."""
    from dashboard.navigation import PAGES

    return "" if spec is PAGES[0] else spec.name


def seconds(page: Any, go: Any, title: str) -> float:
    """How long ``go`` takes until the page with that title is drawn."""
    start = time.perf_counter()
    go()
    page.wait_for_function("title => document.querySelector('h1')?.innerText === title", arg=title)
    page.wait_for_function(DRAWN)
    return time.perf_counter() - start


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ends a server as Ctrl-C does."""
    process.send_signal(signal.SIGINT)
    process.wait(15)


def measure(address: str, floor: str, query: str, turns: int) -> tuple[list[float], dict[str, dict[str, list[float]]]]:
    """Seconds of the empty page, and of each page: by address, first and again in a session."""
    from dashboard.navigation import PAGES

    lowest: list[float] = []
    found: dict[str, dict[str, list[float]]] = {
        page.title: {"by_address": [], "first": [], "again": []} for page in PAGES
    }
    with chromium() as browser:

        def visitor() -> Any:
            return browser.new_context(viewport={"width": 1360, "height": 1000}).new_page()

        def by_address(where: str, title: str) -> float:
            page = visitor()
            took = seconds(page, lambda: page.goto(where), title)
            page.context.close()
            return took

        by_address(floor, FLOOR)
        by_address(f"{address}/{query}", PAGES[0].title)
        time.sleep(8)  # the server reads its libraries
        for _ in range(turns):
            lowest.append(by_address(floor, FLOOR))
            for spec in PAGES:
                found[spec.title]["by_address"].append(by_address(f"{address}/{place(spec)}{query}", spec.title))
            page = visitor()
            seconds(page, lambda: page.goto(f"{address}/{query}"), PAGES[0].title)  # noqa: B023
            time.sleep(3)  # a person reads
            links = page.locator('[data-testid="stSidebarNav"] a')
            for when in ("first", "again"):
                for spec in (*PAGES[1:], PAGES[0]):
                    link = links.filter(has_text=spec.title)
                    found[spec.title][when].append(seconds(page, link.click, spec.title))
            page.context.close()
    return lowest, found


def main() -> None:
    from core.demo import install_demo
    from core.workspace import Workspace

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", default="demo")
    parser.add_argument("--turns", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.run == "demo":
        install_demo(Workspace())
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "empty.py"
        script.write_text(EMPTY, encoding="utf-8")
        servers = [serve(), serve(script)]
        try:
            (_, address), (_, floor) = servers
            lowest, found = measure(address, floor, f"?run={arguments.run}", arguments.turns)
        finally:
            for process, _ in servers:
                stop(process)
    report = {
        "asked": f"at most {ASKED:g} s",
        "load": round(os.getloadavg()[0], 1),
        "floor": round(statistics.median(lowest), 2),
        "seconds": {
            title: {name: round(statistics.median(values), 2) for name, values in ways.items()}
            for title, ways in found.items()
        },
    }
    sys.stdout.write(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
