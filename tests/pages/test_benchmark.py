"""The Benchmark page: real small results, one at work, one that died, the form, the report card, and a browser."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from streamlit.testing.v1 import AppTest

from core import BadInputError, Config, Workspace
from core.benchmarks import benchmark_names, benchmark_state, p_words, run_benchmark
from core.files import read_json, write_json
from core.runs import quality_state, start_quality

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.pages.conftest import Server

Open = Callable[..., AppTest]
METHODS = ("none", "noise", "smote")
FAULT = '[data-testid="stException"]'


def quick() -> Config:
    """A benchmark of seconds."""
    return Config().changed(
        data={"corpus": "tones", "n_folds": 3}, alignment={"steps": 10, "batch": 32, "dim": 8}, training={"threads": 1}
    )


def words(app: AppTest) -> str:
    parts = [item.value for kind in (app.title, app.subheader, app.markdown, app.caption, app.text) for item in kind]
    return "\n".join(str(part) for part in [*parts, *[item.value for item in app.code]])


@pytest.fixture(scope="module")
def benched(trained: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The trained workspace with two finished benchmarks: all training utterances, and a half of them."""
    workspace = Workspace(tmp_path_factory.mktemp("benched") / "workspace")
    shutil.copytree(trained.root, workspace.root)
    for condition in ("50", "all"):
        run_benchmark("tones", methods=METHODS, seeds=2, condition=condition, config=quick(), workspace=workspace)
    return workspace


@pytest.fixture
def own(benched: Workspace, tmp_path: Path) -> Workspace:
    """A copy that a test may change."""
    shutil.copytree(benched.root, tmp_path / "own")
    return Workspace(tmp_path / "own")


def whole(workspace: Workspace) -> str:
    return next(name for name in benchmark_names(workspace) if not name.startswith("tones-50"))


def half(workspace: Workspace) -> str:
    return next(name for name in benchmark_names(workspace) if name.startswith("tones-50"))


def test_results_are_those_of_the_engine(benched: Workspace, open_app: Open) -> None:
    name = whole(benched)
    app = open_app(benched, "benchmark", benchmark=name)
    assert not app.exception
    assert app.selectbox(key="benchmark").value == name
    results = read_json(benched.benchmarks / name / "results.json")
    said = words(app)
    assert "tones · 4 classes: angry, happy, sad, neutral · 64 utterances · 3 folds by speaker · 2 seeds" in said
    assert results["tuning"] in said.replace("Each method", "each method")
    assert "With less to train on" in said
    table = app.dataframe[0].value
    assert table.iloc[0, 0] == "tuned logistic regression"
    smote = table[table.iloc[:, 0] == "SMOTE"].iloc[0]
    gain = results["methods"]["smote"]["audio"]["gain_over_none"]
    assert smote["gain over nothing added", "points"] == pytest.approx(100 * gain["mean"])
    assert smote["gain over nothing added", "p"] == p_words(gain["p_value"])
    # Every widget of the page works.
    app.get_by_key("benchmark_recall").set_value("difference to nothing added").run()
    app.selectbox(key="benchmark_minus").select("none").run()
    app.get_by_key("benchmark_family_over").set_value("the regression").run()
    assert not app.exception
    assert "Not possible" not in words(app)


def test_the_choice_is_in_the_address(benched: Workspace, open_app: Open) -> None:
    app = open_app(benched, "benchmark")
    assert app.query_params["benchmark"] in (benchmark_names(benched)[0], [benchmark_names(benched)[0]])
    app.selectbox(key="benchmark").select(half(benched)).run()
    assert app.query_params["benchmark"] in (half(benched), [half(benched)])
    assert "50 % of the training utterances" in words(app)
    app = open_app(benched, "benchmark", benchmark="gone")
    assert "not in this workspace" in words(app)


def test_damaged_results_are_one_clear_line(own: Workspace, open_app: Open) -> None:
    path = own.benchmarks / whole(own) / "results.json"
    path.write_text("{}", encoding="utf-8")
    app = open_app(own, "benchmark", benchmark=whole(own))
    assert not app.exception
    assert f"{path}: not the results of a benchmark; run the same command again" in words(app)


def test_an_unfinished_one_shows_what_is_there(own: Workspace, open_app: Open) -> None:
    """Stopped with some cells; then with none; then its process is gone."""
    name = whole(own)
    folder = own.benchmarks / name
    (folder / "results.json").unlink()
    state = {**read_json(folder / "state.json"), "status": "stopped", "step": 20, "message": "stopped; it is kept"}
    write_json(folder / "state.json", state)
    for path in folder.glob("cells/smote-fold*-seed1.json"):
        path.unlink()
    app = open_app(own, "benchmark", benchmark=name)
    assert not app.exception
    assert "stopped; it is kept" in words(app)
    assert "15 of 18 cells: these figures will change" in words(app)
    assert app.dataframe[0].value["cells", "done"].tolist() == ["", "6 of 6", "6 of 6", "3 of 6"]
    assert app.button(key="benchmark_resume")

    for path in folder.glob("cells/*-seed*.json"):
        path.unlink()
    (folder / "job.log").write_text("mirage: no memory\n", encoding="utf-8")
    write_json(folder / "state.json", {**state, "status": "running", "pid": 2**22 + 1, "process_started": 1.0})
    app.run()
    assert not app.exception
    assert "No figure yet" in words(app)
    assert "the process has died" in words(app)
    assert "mirage: no memory" in words(app)


def test_form_refuses_in_one_line_and_shows_the_command(own: Workspace, open_app: Open) -> None:
    app = open_app(own, "benchmark")
    app.get_by_key("benchmark_view").set_value("New benchmark").run()
    assert not app.exception
    assert not app.button(key="benchmark_start").disabled
    app.text_area(key="bench_settings").set_value("alignment.nois=1").run()
    assert app.button(key="benchmark_start").disabled
    assert "there is no key 'alignment.nois'" in words(app)
    app.text_area(key="bench_settings").set_value("alignment.steps=7").run()
    app.get_by_key("bench_share").set_value("cut").run()
    app.get_by_key("bench_methods").set_value([]).run()
    assert "choose at least one method" in words(app)
    app.get_by_key("bench_methods").set_value(["smote", "none"]).run()
    assert (
        "mirage benchmark tones --methods none,smote --seeds 5 --condition cut:angry --set alignment.steps=7"
        in words(app)
    )
    # Where the others are learnt from, rivals that need them are offered.
    assert "self-training" not in app.get_by_key("bench_methods").options
    app.toggle(key="bench_unlabelled").set_value(True).run()
    assert {"self-training", "mirage-no-generator"} <= set(app.get_by_key("bench_methods_unlabelled").value)
    assert "--condition cut:angry --unlabelled --set alignment.steps=7" in words(app)
    assert not app.exception


def test_form_needs_embeddings(own: Workspace, open_app: Open) -> None:
    shutil.rmtree(own.embeddings)
    app = open_app(own, "benchmark")
    app.get_by_key("benchmark_view").set_value("New benchmark").run()
    assert app.button(key="benchmark_start").disabled
    assert "mirage embed tones" in words(app)


def measured(workspace: Workspace, run_id: str) -> str:
    """The status in which the measurement ends."""
    deadline = time.monotonic() + 120
    state = quality_state(workspace.run_folder(run_id))
    while state is not None and state.active and time.monotonic() < deadline:
        time.sleep(0.2)
        state = quality_state(workspace.run_folder(run_id))
    return "" if state is None else state.status


def test_report_card_of_the_demo_is_measured_and_shown(open_app: Open, tmp_path: Path) -> None:
    from core.demo import install_demo

    workspace = Workspace(tmp_path)
    install_demo(workspace)
    run = workspace.run_folder("demo")
    (run / "quality.json").unlink(missing_ok=True)
    app = open_app(workspace, "benchmark", run="demo")
    app.get_by_key("benchmark_view").set_value("Report card").run()
    assert "mirage quality demo" in words(app)
    app.button(key="card_start").click().run()
    assert not app.exception
    assert "Measuring" in words(app) or "It waits for its turn" in words(app)
    with pytest.raises(BadInputError, match="is being measured already"):
        start_quality(workspace, "demo")
    assert measured(workspace, "demo") == "finished", (run / "quality" / "job.log").read_text()
    app.run()
    assert not app.exception
    card = read_json(run / "quality.json")
    table = app.dataframe[0].value.set_index("figure")
    assert table.loc["UA", "generated"] == pytest.approx(100 * card["recognition"]["ua"]["generated"])
    assert f"held-out speakers {', '.join(card['speakers']['test'])}" in words(app)
    app.selectbox(key="card_figure").select("auc").run()
    assert not app.exception


def test_report_card_that_cannot_be_measured_says_why(own: Workspace, open_app: Open) -> None:
    """The run has four held-out utterances of each emotion."""
    app = open_app(own, "benchmark", run="tones-run")
    app.get_by_key("benchmark_view").set_value("Report card").run()
    app.button(key="card_start").click().run()
    assert measured(own, "tones-run") == "failed"
    app.run()
    assert not app.exception
    assert "no emotion can be compared" in words(app)
    assert app.button(key="card_start")
    with pytest.raises(BadInputError, match="no run here"):
        start_quality(own, "nothing")


def test_overview_lists_a_running_benchmark(own: Workspace, open_app: Open) -> None:
    import os
    import socket

    import psutil

    folder = own.benchmarks / whole(own)
    # This very process stands for the one that works.
    mine: dict[str, Any] = {"pid": os.getpid(), "process_started": psutil.Process().create_time()}
    state = {**read_json(folder / "state.json"), **mine, "status": "running", "host": socket.gethostname()}
    write_json(folder / "state.json", {**state, "heartbeat": time.time(), "step": 9})
    app = open_app(own)
    assert not app.exception
    assert "Running now" in words(app)
    assert whole(own) in words(app)
    app.button(key=f"watch_{whole(own)}").click().run()
    assert not app.exception


@pytest.mark.browser
def test_a_benchmark_from_start_to_finish(
    page: Page, trained: Workspace, start_server: Callable[[Workspace], Server], tmp_path: Path
) -> None:
    """Start from the form, watch it, stop it, go on, see the figures."""
    shutil.copytree(trained.root, tmp_path / "w")
    workspace = Workspace(tmp_path / "w")
    server = start_server(workspace)
    page.goto(f"{server.address}/benchmark")
    main = page.get_by_test_id("stMain")
    main.get_by_text("No benchmark yet").wait_for()
    settle(page)
    main.get_by_test_id("stButtonGroup").get_by_text("New benchmark", exact=True).click()
    for title in ("conditional GAN, no MI", "MIRAGE", "mixup"):
        main.get_by_role("button", name=title, exact=True).click()
        settle(page)
    main.get_by_text("Settings", exact=True).click()
    fill(page, "textbox", re.compile("KEY=VALUE"), "alignment.steps=200\nalignment.dim=8\ndata.n_folds=3")
    fill(page, "spinbutton", re.compile("Processes"), "1")
    fill(page, "spinbutton", re.compile("Seeds"), "2")
    main.get_by_role("button", name="Start", exact=True).click()

    main.get_by_text(re.compile(r"[1-9]\d* of \d+ units")).wait_for()
    (name,) = benchmark_names(workspace)
    folder = workspace.benchmarks / name
    assert f"benchmark={name}" in page.url
    main.get_by_text(re.compile(r"about .* left")).wait_for()
    stop = main.get_by_role("button", name="Stop", exact=True)
    resume = main.get_by_role("button", name="Resume", exact=True)
    from playwright.sync_api import TimeoutError as PlaywrightTimeout

    for _ in range(5):
        # The figures are drawn anew every second: a press at that moment may meet a button that is just going.
        stop.click()
        try:
            resume.wait_for(timeout=12_000)
            break
        except PlaywrightTimeout:
            assert benchmark_state(folder).active
    stopped = benchmark_state(folder)
    assert stopped.status == "stopped"
    assert 0 < stopped.step < stopped.total
    resume.click()
    main.get_by_text("Gains", exact=True).wait_for(timeout=120_000)
    resume.wait_for(state="detached")
    deadline = time.monotonic() + 120
    while benchmark_state(folder).active and time.monotonic() < deadline:
        time.sleep(0.2)
    assert benchmark_state(folder).status == "finished"
    main.get_by_text("All figures as JSON").wait_for()
    main.get_by_text("Against nothing added", exact=False).first.wait_for()
    assert page.locator(FAULT).count() == 0
    for width in (1360, 390):
        page.set_viewport_size({"width": width, "height": 844})
        # Figures and tables follow a moment after the window.
        page.wait_for_function(FITS, timeout=15_000)


FITS = """() => {
    const main = document.querySelector('[data-testid="stMain"]');
    return main.scrollWidth <= main.clientWidth + 1;
}"""


def fill(page: Page, role: Any, name: re.Pattern[str], value: str) -> None:
    field = page.get_by_test_id("stMain").get_by_role(role, name=name)
    field.fill(value)
    field.press("Tab")
    settle(page)


def settle(page: Page) -> None:
    """Waits until the script has run: a click before that may be lost."""
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
