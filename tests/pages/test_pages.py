"""Each page runs, on an empty workspace and on a full one, and says what it should."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import Config, Workspace, load_config
from core.files import read_json, write_json
from dashboard.navigation import PAGES, available

NAMES = [page.name for page in PAGES]
Open = Callable[..., AppTest]


def texts(app: AppTest) -> str:
    """All words on the page that are not in tables and figures."""
    parts = [item.value for kind in (app.title, app.subheader, app.markdown, app.caption, app.text) for item in kind]
    return "\n".join(str(part) for part in [*parts, *[item.value for item in app.code]])


@pytest.fixture
def full(trained: Workspace, tmp_path: Path) -> Workspace:
    """A copy of the trained workspace that a test may change."""
    shutil.copytree(trained.root, tmp_path / "copy")
    return Workspace(tmp_path / "copy")


def test_all_pages_are_installed() -> None:
    assert [page.name for page in available()] == NAMES


@pytest.mark.parametrize("page", NAMES)
def test_page_on_an_empty_workspace_says_what_to_do(page: str, open_app: Open, tmp_path: Path) -> None:
    app = open_app(Workspace(tmp_path), page)
    assert not app.exception
    assert app.title
    assert "mirage" in texts(app)


@pytest.mark.parametrize("page", NAMES)
def test_page_on_a_full_workspace(page: str, open_app: Open, trained: Workspace) -> None:
    app = open_app(trained, page, run="tones-run")
    assert not app.exception
    assert "Not possible" not in texts(app)
    started = time.perf_counter()
    app.run()
    assert not app.exception
    # The bound for people is 2 s to drawn; the script is most of it, and test machines are shared.
    assert time.perf_counter() - started < 4


def test_run_of_the_address_is_selected_and_kept(open_app: Open, full: Workspace) -> None:
    shutil.copytree(full.run_folder("tones-run"), full.run_folder("other-run"))
    app = open_app(full, "information", run="other-run")
    assert app.selectbox(key="run").value == "other-run"
    app.selectbox(key="run").select("tones-run").run()
    assert app.query_params["run"] in ("tones-run", ["tones-run"])
    assert not app.exception


def test_unknown_run_in_the_address_is_said(open_app: Open, trained: Workspace) -> None:
    app = open_app(trained, run="gone")
    assert app.selectbox(key="run").value == "tones-run"
    assert "not in this workspace" in texts(app)


def test_overview_brings_in_a_run_from_a_folder(open_app: Open, full: Workspace, tmp_path: Path) -> None:
    source = tmp_path / "elsewhere" / "moved-run"
    shutil.copytree(full.run_folder("tones-run"), source)
    app = open_app(full)
    app.text_input(key="bring_in").set_value(str(source)).run()
    app.button(key="bring_in_go").click().run()
    assert not app.exception
    assert full.run_folder("moved-run").is_dir()
    assert app.selectbox(key="run").value == "moved-run"


@pytest.mark.parametrize("fault", ["missing", "empty", "truncated"])
def test_overview_refuses_what_is_no_run(fault: str, open_app: Open, full: Workspace, tmp_path: Path) -> None:
    source = tmp_path / "elsewhere" / "broken-run"
    if fault == "empty":
        source.mkdir(parents=True)
    elif fault == "truncated":
        shutil.copytree(full.run_folder("tones-run"), source)
        weights = next(source.glob("model/*/model.safetensors"))
        weights.write_bytes(weights.read_bytes()[:100])
    app = open_app(full)
    app.text_input(key="bring_in").set_value(str(source)).run()
    app.button(key="bring_in_go").click().run()
    assert not app.exception
    assert not full.run_folder("broken-run").exists()
    assert any("broken-run" in item.value and "\n" not in item.value for item in app.text)


def test_damaged_state_does_not_hide_the_others(open_app: Open, full: Workspace) -> None:
    shutil.copytree(full.run_folder("tones-run"), full.run_folder("half-run"))
    (full.run_folder("half-run") / "state.json").write_text("{", encoding="utf-8")
    app = open_app(full)
    assert not app.exception
    rows = app.dataframe[0].value.set_index("run")["status"]
    assert rows["half-run"] == "unreadable"
    assert rows["tones-run"] == "finished"


def test_corpora_counts_and_lists(open_app: Open, trained: Workspace) -> None:
    app = open_app(trained, "corpora")
    assert [item.value for item in app.metric][:3] == ["64", "4", "8"]
    app.get_by_key("corpus_view").set_value("Utterances").run()
    assert not app.exception
    app.multiselect(key="filter_emotion_tones").select("angry").run()
    assert len(app.dataframe[0].value) == 16


def test_transcripts_are_never_markdown(open_app: Open, trained: Workspace) -> None:
    app = open_app(trained, "corpora")
    app.get_by_key("corpus_view").set_value("Utterances").run()
    assert "Give it *back*, <b>now</b>!" in [item.value for item in app.text]
    assert not any("<b>now" in str(item.value) for item in app.markdown)


def test_a_corpus_is_added_and_its_problems_are_shown(open_app: Open, tmp_path: Path, trained: Workspace) -> None:
    clips = tmp_path / "clips"
    shutil.copytree(trained.root.parent / "clips", clips)
    next(clips.glob("s0-angry-0.wav")).write_bytes(b"no audio")
    workspace = Workspace(tmp_path / "new")
    app = open_app(workspace, "corpora")
    app.text_input(key="add_path").set_value(str(clips)).run()
    app.text_input(key="add_name").set_value("mine").run()
    app.text_input(key="add_table").set_value(str(clips / "table.csv")).run()
    next(button for button in app.button if button.label == "Read the corpus").click().run()
    assert not app.exception
    assert workspace.corpus_names() == ["mine"]
    problems = app.dataframe[-1].value
    assert len(problems) == 1
    assert "s0-angry-0.wav" in problems.iloc[0]["reason"]


def test_adding_a_missing_folder_is_one_clear_line(open_app: Open, tmp_path: Path) -> None:
    app = open_app(Workspace(tmp_path), "corpora")
    app.text_input(key="add_path").set_value("/no/such/folder").run()
    next(button for button in app.button if button.label == "Read the corpus").click().run()
    assert not app.exception
    assert "/no/such/folder: no such folder" in [item.value for item in app.text]


def test_form_refuses_a_wrong_value_in_one_line(open_app: Open, trained: Workspace) -> None:
    app = open_app(trained, "train")
    app.get_by_key("train_view").set_value("New training").run()
    assert not app.button(key="start").disabled
    app.text_input(key="cfg.data.classes").set_value("angry,bliss").run()
    assert any("'bliss' is not one of" in item.value for item in app.text)
    app.text_input(key="cfg.data.classes").set_value("auto").run()
    # Here every utterance has its emotion: nothing could be learnt from the others.
    app.checkbox(key="cfg.data.unlabelled").check().run()
    app.button(key="start").click().run()
    assert any("data.unlabelled: no training speaker of corpus tones has" in item.value for item in app.text)
    app.checkbox(key="cfg.data.unlabelled").uncheck().run()
    app.text_input(key="cfg.training.device").set_value("toaster").run()
    assert app.button(key="start").disabled
    assert any("training.device" in item.value for item in app.text)


def test_form_takes_over_an_earlier_run(open_app: Open, trained: Workspace) -> None:
    app = open_app(trained, "train")
    app.get_by_key("train_view").set_value("New training").run()
    assert app.number_input(key="cfg.generation.steps").value == Config().generation.steps
    app.selectbox(key="train_from").select("tones-run").run()
    assert not app.exception
    assert app.number_input(key="cfg.generation.steps").value == 20


def test_without_embeddings_nothing_starts(open_app: Open, full: Workspace) -> None:
    shutil.rmtree(full.embeddings)
    app = open_app(full, "train")
    app.get_by_key("train_view").set_value("New training").run()
    assert app.button(key="start").disabled
    assert "mirage embed tones" in texts(app)


def test_lost_job_can_be_resumed(open_app: Open, full: Workspace) -> None:
    path = full.run_folder("tones-run") / "state.json"
    write_json(path, {**read_json(path), "status": "running", "pid": 2**22 + 1, "process_started": 1.0})
    app = open_app(full, "train")
    app.get_by_key("train_view").set_value("Jobs").run()
    assert not app.exception
    assert app.button(key="resume_tones-run")


def test_information_compares_runs(open_app: Open, full: Workspace) -> None:
    shutil.copytree(full.run_folder("tones-run"), full.run_folder("twin"))
    config = full.run_folder("twin") / "config.yaml"
    config.write_text(load_config(config).changed(generation={"w_u": 0.0}).to_yaml(), encoding="utf-8")
    app = open_app(full, "information", run="tones-run")
    app.multiselect(key="compare").select("twin").run()
    assert not app.exception
    tables = [item.value for item in app.dataframe]
    estimates = next(table for table in tables if "ceiling" in table)
    assert set(estimates["run"]) == {"tones-run", "twin"}
    assert estimates["kind"].eq("lower bound").any()
    assert "generation.w_u" in next(table for table in tables if "key" in table)["key"].tolist()


def test_a_link_restores_runs_baseline_axis_smoothing_and_zoom(open_app: Open, full: Workspace) -> None:
    for name in ("twin", "third"):
        shutil.copytree(full.run_folder("tones-run"), full.run_folder(name))
    link = {"run": "tones-run", "compare": "twin", "baseline": "third", "smoothing": "0.3", "from": "4", "to": "12"}
    app = open_app(full, "information", **link, axis="working time")
    assert not app.exception
    assert app.multiselect(key="compare").value == ["twin"]
    assert app.selectbox(key="baseline").value == "third"
    assert app.selectbox(key="axis").value == "working time"
    assert app.slider(key="smoothing").value == 0.3
    assert (app.number_input(key="from").value, app.number_input(key="to").value) == (4, 12)
    # The zoom stays when a run is left out, and goes with its button.
    app.multiselect(key="compare").unselect("twin").run()
    assert app.number_input(key="from").value == 4
    assert "to baseline" in next(item.value for item in app.dataframe if "ceiling" in item.value)
    app.button(key="mi_whole").click().run()
    assert app.number_input(key="from").value is None


def test_runs_and_axes_that_are_gone_do_not_break_a_link(open_app: Open, trained: Workspace) -> None:
    app = open_app(trained, "information", compare="gone", baseline="gone", axis="no metric", to="x")
    assert not app.exception
    assert "Not possible" not in texts(app)


def test_not_a_number_is_said(open_app: Open, full: Workspace) -> None:
    path = full.run_folder("tones-run") / "events.jsonl"
    line = {"time": 9e9, "stage": "generation", "step": 99, "name": "g_loss", "value": None}
    path.write_text(path.read_text(encoding="utf-8") + json.dumps(line) + "\n", encoding="utf-8")
    app = open_app(full, "information", run="tones-run")
    assert any("not a number: g_loss" in item.value for item in app.text)


def test_information_against_gain(open_app: Open, full: Workspace) -> None:
    row = {"name": "w_c=1", "setting": {"generation.w_c": 1}, "mi": 1.0, "gain": 0.01}
    head = {"corpus": "tones", "features": "audio", "over": "none", "quantity": "I(c;h_hat)"}
    app = open_app(full, "information", run="tones-run")
    assert any("python -m benchmarks.mi_gain" in item.value for item in app.code)
    folder = full.benchmarks / "study"
    folder.mkdir(parents=True)
    write_json(folder / "mi_gain.json", {**head, "rows": [row], "spearman": None})
    app = open_app(full, "information", run="tones-run")
    assert not app.exception
    assert "1 configuration so far" in texts(app)
    assert not [item for item in app.get("button_group") if item.key in ("study_mi", "study_gain")]
    row |= {"mi_generated": 1.3, "gain_replaced": -0.2}
    measures = {"mi": {"mi": "main", "mi_generated": "own*"}, "gain": {"gain": "added", "gain_replaced": "alone"}}
    words = "python -m benchmarks.mi_gain tones --condition 25"
    more = {"measures": measures, "command": words, "protocol": "nothing tuned"}
    write_json(folder / "mi_gain.json", {**head, "rows": [row], "spearman": None, **more})
    app = open_app(full, "information", run="tones-run")
    assert [item.value for item in app.code if "mi_gain" in item.value] == [words]
    assert "Same for all: nothing tuned." in texts(app)
    assert "The main association, chosen beforehand." in texts(app)
    app.button_group(key="study_mi").set_value("mi_generated").run()
    app.button_group(key="study_gain").set_value("gain_replaced").run()
    assert not app.exception
    assert "A further association: the main one" in texts(app)
    shown = next(item.value for item in app.dataframe if "configuration" in item.value.columns)
    assert (shown["MI"].tolist(), shown["gain"].tolist()) == ([1.3], [-20.0])
    assert not [toggle for toggle in app.toggle if toggle.key == "study_near"]
    rows = [row, row | {"name": "poor", "mi_generated": -4.0}]
    write_json(folder / "mi_gain.json", {**head, "rows": rows, "spearman": None, "measures": measures})
    app.run()
    app.toggle(key="study_near").set_value(True).run()
    assert not app.exception
    shown = next(item.value for item in app.dataframe if "configuration" in item.value.columns)
    assert shown["MI"].tolist() == [1.3, -4.0]
    (folder / "mi_gain.json").write_text("{", encoding="utf-8")
    app.run()
    assert not app.exception
    assert any("mi_gain.json" in item.value for item in app.text)


def test_where_the_person_left_is_offered(open_app: Open, full: Workspace) -> None:
    open_app(full, "information", run="tones-run")
    again = open_app(full)
    assert "Information" in texts(again)
    assert again.button(key="go_on")
