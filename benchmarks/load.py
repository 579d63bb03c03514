"""Twenty browser sessions at once on a run of 100,000 points, while a training goes on.

``python -m benchmarks.load`` starts the dashboard on the workspace of ``MIRAGE_HOME`` with the demo's run enlarged
(repeated rows: the figures are about speed alone), a real training of the demo beside it as a process of its own, and
20 sessions that visit every page in an order of their own with time to think between. Nineteen speak Streamlit's
protocol on the websocket (``benchmarks.visitor``); one is a real browser, the check that the pages are drawn. It prints

* ``pages``: seconds from the request until the page's script has ended, by page; median, 95th percentile, largest;
* ``acts``: the same for what is done on the pages (a lasso around thousands of points, a code that is let go, ...);
* ``browser``: seconds until the page is drawn in the real browser;
* ``exceptions``: on pages, in the log of the server, in the browser;
* ``memory_mib``: of the server once it has shown every page to one session (``before``), with the sessions, at the
  most, and after all have closed (``after``: at once, and when Streamlit has let them go);
* ``training``: its steps per second alone and while the sessions go on.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.beside import MIB, TRAINING, Memory, Pace, training
from benchmarks.enlarged import enlarge
from benchmarks.pages import DRAWN, chromium, place, seconds, serve, stop
from benchmarks.visitor import Visitor
from benchmarks.visits import Measured, Visit
from core.files import finite
from core.workspace import Workspace

ASKED = 2.0
"""Seconds that the median of a page may take."""
ENDLESS = "alignment.steps=1000000"


def browse(address: str, run: str, rounds: int, think: float, found: dict[str, list[float]], faults: list[str]) -> None:
    """The real browser among the sessions: every page by the menu, waited for until it is drawn."""
    from dashboard.navigation import PAGES

    ready = {"aligned_space": ".space[data-ready]", "latent_lab": ".lab[data-ready]", "present": ".deck[data-ready]"}
    try:
        with chromium() as browser:
            page = browser.new_context(viewport={"width": 1360, "height": 1000}).new_page()
            page.set_default_timeout(60_000)
            page.on("pageerror", lambda error: faults.append(f"browser: {error}"))
            page.goto(f"{address}/{place(PAGES[0])}?run={run}")
            page.wait_for_function(DRAWN)
            links = page.locator('[data-testid="stSidebarNav"] a')
            for _ in range(rounds):
                for spec in (*PAGES[1:], PAGES[0]):
                    page.wait_for_timeout(1000 * think)

                    def go(spec: Any = spec) -> None:
                        links.filter(has_text=spec.title).click()
                        if spec.name in ready:
                            page.locator(ready[spec.name]).wait_for()

                    found.setdefault(spec.name, []).append(seconds(page, go, spec.title))
                    if page.locator('[data-testid="stException"]').count():
                        faults.append(f"browser: an exception on {spec.title}")
    except Exception as error:
        faults.append(f"browser: {error}".splitlines()[0])


async def visit(address: str, options: argparse.Namespace, run: str, memory: Memory) -> dict[str, Any]:
    """All sessions; what they measured, and the memory meanwhile."""
    from dashboard.navigation import PAGES

    pages = [place(spec) for spec in PAGES]
    measured = Measured()
    drawn: dict[str, list[float]] = {}
    given = {"run": run, "rows": options.points // 2, "live": TRAINING, "limit": options.limit, "acts": options.acts}

    # One session alone, so that libraries and caches are there before memory is compared.
    first = Visitor(address)
    await Visit(first, Measured(), think=0.2, seed=0, **given).all_pages(pages, 1)
    await first.close()
    await asyncio.sleep(2)
    before = memory.now()

    count = options.sessions - (0 if options.no_browser else 1)
    visitors = [Visitor(address) for _ in range(count)]
    visits = [Visit(one, measured, think=options.think, seed=1 + i, **given) for i, one in enumerate(visitors)]
    start = time.monotonic()
    tasks = [
        asyncio.create_task(one.all_pages(pages, options.rounds, options.ramp * i / max(1, count)))
        for i, one in enumerate(visits)
    ]
    if not options.no_browser:
        real = asyncio.to_thread(browse, address, run, options.rounds, options.think, drawn, measured.exceptions)
        tasks.append(asyncio.create_task(real))
    await asyncio.gather(*tasks)
    took = time.monotonic() - start
    held = memory.now()
    for one in visitors:
        await one.close()
    answered = sum(len(values) for part in (measured.pages, measured.acts) for values in part.values())
    return {
        "measured": measured,
        "drawn": drawn,
        "before": before,
        "with": held,
        "seconds": took,
        "asked_per_second": answered / took,
        "repeats_per_second": sum(one.repeats for one in visitors) / took,
        "received_mib": sum(one.received for one in visitors) / MIB,
        "missing": sum(one.missing for one in visitors),
        "unasked": [said for one in visitors for said in one.exceptions],
    }


def given_back(memory: Memory, settle: float) -> tuple[float, float]:
    """MiB at once after all have closed, and when ``settle`` seconds have passed."""
    time.sleep(2)
    at_once = memory.now()
    time.sleep(settle)
    return at_once, memory.now()


def faults_in(log: Path) -> list[str]:
    """The last line of every traceback that the server printed."""
    found, inside = [], False
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.lstrip().startswith("Traceback (most recent call last)"):
            inside = True
        elif inside and line and not line[0].isspace():
            found.append(f"server: {line}")
            inside = False
    return found


def _spread(values: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    return {
        name: {
            "median": round(statistics.median(found), 2),
            "p95": round(float(np.quantile(found, 0.95)), 2),
            "max": round(max(found), 2),
            "n": len(found),
        }
        for name, found in sorted(values.items())
    }


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Everything, as one report."""
    from core.demo import install_demo
    from core.shipped import install_results

    workspace = Workspace()
    install_demo(workspace)
    install_results(workspace)
    run = enlarge(workspace, options.points // 2)
    loads = [os.getloadavg()[0]]
    with tempfile.TemporaryDirectory() as folder, training(workspace, [ENDLESS, *options.training]) as trained:
        pace = Pace(trained)
        time.sleep(options.alone)
        alone = pace.rate()
        log = Path(folder) / "server.log"
        process, address = serve(log=log)
        try:
            memory = Memory(process.pid)
            pace = Pace(trained)
            found = asyncio.run(visit(address, options, run, memory))
            during = pace.rate()
            at_once, after = given_back(memory, options.settle)
            memory.close()
        finally:
            stop(process)
        loads.append(os.getloadavg()[0])
        logged = faults_in(log)
    measured = found["measured"]
    exceptions = [*measured.exceptions, *found["unasked"], *logged]
    medians = {name: statistics.median(values) for name, values in measured.pages.items()}
    report: dict[str, Any] = {
        "asked": f"median of every page at most {ASKED:g} s, no exception",
        "reached": bool(medians) and max(medians.values()) <= ASKED and not exceptions and not found["missing"],
        "sessions": options.sessions,
        "points": options.points,
        "think_s": options.think,
        "load": [round(value, 1) for value in loads],
        "cores": os.cpu_count(),
        "seconds": round(found["seconds"]),
        "asked_per_second": round(found["asked_per_second"], 2),
        "repeats_per_second": round(found["repeats_per_second"], 2),
        "received_mib": round(found["received_mib"], 1),
        "pages": _spread(measured.pages),
        "acts": _spread(measured.acts),
        "browser": _spread(found["drawn"]),
        "exceptions": {"count": len(exceptions), "first": exceptions[:10]},
        "missing_references": found["missing"],
        "memory_mib": {
            "before": round(found["before"]),
            "with_sessions": round(found["with"]),
            "most": round(memory.most),
            "after_at_once": round(at_once),
            "after": round(after),
        },
        "training": {"alone": round(alone, 1), "during": round(during, 1)},
    }
    # Without a time alone there is no figure of it; JSON has no NaN.
    made: dict[str, Any] = finite(report)
    return made


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--sessions", type=int, default=20)
    made.add_argument("--points", type=int, default=100_000, help="of the map; an utterance is two")
    made.add_argument("--rounds", type=int, default=2, help="times that every session visits every page")
    made.add_argument("--think", type=float, default=3.0, help="mean seconds between an answer and the next thing done")
    made.add_argument("--acts", type=float, default=1.0, help="share of what people do on the pages that is done")
    made.add_argument("--ramp", type=float, default=10.0, help="seconds within which all sessions come")
    made.add_argument("--alone", type=float, default=10.0, help="seconds for which the training is measured alone")
    made.add_argument(
        "--settle",
        type=float,
        default=135.0,
        help="seconds from the last session's end to the last look; Streamlit keeps one for 120",
    )
    made.add_argument("--limit", type=float, default=60.0, help="seconds after which an answer is missing")
    made.add_argument("--training", action="append", default=[], metavar="SECTION.KEY=VALUE", help="of the training")
    made.add_argument("--no-browser", action="store_true", help="all sessions without a browser")
    made.add_argument("--json", action="store_true", help="JSON instead of a table")
    return made


def main() -> None:
    options = parser().parse_args()
    report = measure(options)
    sys.stdout.write((json.dumps(report, indent=2) if options.json else table(report)) + "\n")


def table(report: dict[str, Any]) -> str:
    """The report for people."""
    lines = [
        f"{report['sessions']} sessions, {report['points']:,} points, {report['seconds']} s; asked: {report['asked']}: "
        f"{'reached' if report['reached'] else 'NOT reached'}",
        f"{'':34}{'median':>8}{'p95':>8}{'max':>8}{'n':>6}",
    ]
    for part in ("pages", "acts", "browser"):
        lines.append(f"{part} (s)")
        lines += [
            f"  {name:32}{one['median']:8.2f}{one['p95']:8.2f}{one['max']:8.2f}{one['n']:6}"
            for name, one in report[part].items()
        ]
    lines.append(f"exceptions: {report['exceptions']['count']}; missing references: {report['missing_references']}")
    lines += [f"  {said}" for said in report["exceptions"]["first"]]
    lines.append("memory (MiB): " + ", ".join(f"{name} {value}" for name, value in report["memory_mib"].items()))
    rates = report["training"]
    lines.append(f"training (steps/s): alone {rates['alone']}, during {rates['during']}")
    lines.append(
        f"asked {report['asked_per_second']} a second, repeated {report['repeats_per_second']} a second, received "
        f"{report['received_mib']} MiB; load {report['load']} on {report['cores']} cores"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
