"""View models of the Benchmark page, on figures made by the engine's own summary from hand-made confusions."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core import BadInputError
from core.benchmarks.summary import summary
from core.evaluation import scores
from dashboard.benchmark import card_figure, card_view, family, figures, view
from dashboard.benchmark.form import Call

CLASSES = ["angry", "sad"]
TRUTH = np.array(["angry"] * 10 + ["sad"] * 10)


def cell(method: str, fold: int, seed: int | None, right: int) -> dict[str, Any]:
    """``right`` of ten angry ones are recognised, and all sad ones."""
    predicted = np.array(["angry"] * right + ["sad"] * (20 - right))
    return {
        "method": method, "fold": fold, "fold_name": f"s{fold}", "seed": seed, "n_train": 60, "n_test": 20,
        "audio": scores(TRUTH, predicted, CLASSES).to_dict(), "chosen": {"audio": {"setting": "x"}},
    }  # fmt: skip


def made(offsets: dict[str, list[int]], condition: str = "all", **more: Any) -> view.Results:
    """Results of four folds and one seed; ``offsets``: how many more are right than with nothing added, by fold."""
    cells = []
    for fold in range(4):
        reference = {**cell("reference", fold, None, 5), "chosen": {}}
        cells += [{**reference, "reference": reference}]
        for method, more_right in {"none": [0, 0, 0, 0], **offsets}.items():
            cells.append({**cell(method, fold, 0, 5 + more_right[fold]), "reference": reference})
    methods = {"none": "nothing added", **{name: name.upper() for name in offsets}}
    head = {
        "corpus": "demo", "condition": condition, "condition_title": condition, "test_on": None, "permuted": False,
        "split": "session", "seeds": [0], "embeddings": ["w"], "config": {"data": {"corpus": "demo", "n_folds": 5}},
    }  # fmt: skip
    return view.checked({**head, **summary(cells, CLASSES, methods), **more}, "here")


@pytest.fixture
def results() -> view.Results:
    return made({"up": [2, 2, 3, 2], "down": [-2, -2, -3, -2], "same": [1, -1, 0, 0]})


def test_verdicts_of_a_gain_and_a_loss_mirror_each_other(results: view.Results) -> None:
    over = {gain.method: gain for gain in view.gains(results, "audio") if gain.over == "nothing added"}
    assert {name: gain.says for name, gain in over.items()} == {
        "up": "better",
        "down": "worse",
        "same": "not told apart",
    }
    assert over["up"].mean == pytest.approx(-over["down"].mean)
    assert over["up"].mean == pytest.approx(100 * 0.225 / 2)
    lines = view.in_words(list(over.values()))
    assert lines == ["Against nothing added - better (1): UP; worse (1): DOWN; not told apart (1): SAME"]


def test_table_and_csv(results: view.Results) -> None:
    table = view.method_table(results, "audio")
    assert table["", "method"].tolist() == ["tuned logistic regression", "nothing added", "UP", "DOWN", "SAME"]
    assert table["UA (%)", "mean"].tolist() == pytest.approx([75, 75, 86.25, 63.75, 75])
    heading = "gain over nothing added"
    assert table[heading, "says"].tolist() == ["", "", "better", "worse", "not told apart"]
    assert table[heading, "interval"].tolist()[3] == "-13.8 to -10.0"
    read = pd.read_csv(io.StringIO(view.as_csv(results)))
    assert read["UA (%) mean"].tolist() == pytest.approx([75, 75, 86.25, 63.75, 75])
    assert set(read["folds"]) == {4}


def test_what_figures_are_read_with(results: view.Results) -> None:
    assert view.says(results) == [
        "demo", "2 classes: angry, sad", "80 utterances", "4 folds by session", "1 seed", "all",
    ]  # fmt: skip
    crossed = view.says({**results, "test_on": "emodb"})
    assert crossed[0] == "demo, tested on emodb"


def test_recall_and_confusion(results: view.Results) -> None:
    table = view.recall_table(results, "audio")
    assert table.loc["UP"].tolist() == pytest.approx([72.5, 100])
    counts = view.confusion(results, "audio", "up")
    assert counts.tolist() == [[29, 11], [0, 40]]
    assert view.shares(counts)[0].tolist() == pytest.approx([72.5, 27.5])


def test_an_unfinished_one_says_how_many_cells_count_and_no_verdict(results: view.Results) -> None:
    results = {**results, "cells": {"none": 4, "up": 3, "down": 0, "same": 1}, "cells_in_all": 4}
    table = view.method_table(results, "audio")
    assert table["cells", "done"].tolist() == ["", "4 of 4", "3 of 4", "0 of 4", "1 of 4"]
    assert table["gain over nothing added", "says"].tolist()[2:] == ["too early"] * 3
    found = view.gains(results, "audio")
    assert view.in_words(found) == ["Too early to say: verdicts come when all cells are done."]
    (dots, *_) = [series for series in figures.forest_option(found)["series"] if series["type"] == "scatter"]
    assert all(item["itemStyle"]["color"] == "rgba(0, 0, 0, 0)" for item in dots["data"])


@pytest.mark.parametrize("content", [None, [], {}, {"corpus": "demo"}, {"corpus": 1, "classes": []}])
def test_damaged_results_are_one_line(content: Any) -> None:
    with pytest.raises(BadInputError, match=r"^x\.json: not the results of a benchmark"):
        view.checked(content, "x.json")


def test_forest_draws_losses_as_gains(results: view.Results) -> None:
    found = view.gains(results, "audio")
    option = figures.forest_option(found)
    assert option["xAxis"]["min"] == -option["xAxis"]["max"]
    assert option["xAxis"]["max"] >= max(abs(value) for gain in found for value in (gain.low, gain.high))
    marks = [series for series in option["series"] if series["type"] == "scatter"]
    assert [series["symbol"] for series in marks] == ["circle", "diamond"]
    fills = [item["itemStyle"]["color"] for item in marks[0]["data"]]
    # A loss is filled as a gain is, what is not told apart is hollow.
    assert fills[0] == fills[1] == marks[0]["itemStyle"]["color"]
    assert fills[2] != fills[0]
    names = option["yAxis"]["data"]
    for series in marks:
        for item in series["data"]:
            row = item["value"][1]
            title = next(name for name in names[row - row % 4 :] if name)
            assert item["tooltip"]["formatter"].startswith(title)


def test_heat_cells_keep_their_place_and_escape_what_is_said() -> None:
    values = np.array([[90.0, np.nan], [10.0, 50.0]])
    option = figures.heat_option(["a", "b"], ["x", "y"], values, hover=[["<b>", ""], ["p", "q"]])
    data = option["series"][0]["data"]
    assert [item["value"] for item in data] == [[0, 0, 90.0], [0, 1, 10.0], [1, 1, 50.0]]
    assert [item["label"]["formatter"] for item in data] == ["90", "10", "50"]
    assert data[0]["tooltip"]["formatter"] == "&lt;b&gt;"
    signed = figures.heat_option(["a"], ["x"], np.array([[-3.0]]), hover=[["h"]], signed=True)
    assert signed["series"][0]["data"][0]["label"]["formatter"] == "-3.0"
    assert signed["visualMap"]["min"] == -3.0


def test_conditions_of_one_corpus_are_a_family(results: view.Results) -> None:
    offsets = {"up": [1, 2, 1, 2]}
    quarter, tenth, cut = (made(offsets, condition) for condition in ("25", "10", "cut:sad"))
    other_folds = made(offsets, "50", split="speaker")
    other_config = made(offsets, "50", config={"data": {"corpus": "demo", "n_folds": 9}})
    named = made(offsets, "50", config={"data": {"corpus": "whatever", "n_folds": 5}})
    listed = family.members(results, [cut, tenth, other_folds, other_config, quarter], "audio", "nothing added")
    assert [member.condition for member in listed] == ["all", "25", "10", "cut:sad"]
    assert set(listed[0].gains) == {"up", "down", "same"}
    assert set(listed[1].gains) == {"up"}
    assert family.belongs(results, named)
    # Results from before unlabelled utterances could be learnt from say nothing of them.
    assert family.belongs(results, {**quarter, "unlabelled": False})
    assert not family.belongs(results, {**quarter, "unlabelled": True})
    # Nor did their configurations: the option decides.
    config = quarter["config"]
    keyed = {**config, "data": {**config["data"], "unlabelled": False}}
    assert family.belongs(results, {**quarter, "config": keyed})
    option = figures.family_option(listed)
    (joined,) = [s for s in option["series"] if s["id"] == "UP joined"]
    assert len(joined["data"]) == 3, "a cut emotion is no smaller share"
    axis = option["xAxis"]["data"]
    assert [name for name in axis if name] == ["all", "25 %", "10 %", "sad cut to 10 %"]


def test_what_generating_adds_is_said() -> None:
    results = made({"self-training": [1, 1, 1, 1], "mirage": [2, 2, 3, 2], "up": [1, 0, 0, 0]})
    (line,) = view.over_rivals(results, "audio")
    assert line.startswith("MIRAGE over SELF-TRAINING: +6.2 points (")
    assert line.endswith("better")
    # Figures that are from before it was told, and benchmarks without MIRAGE.
    assert view.over_rivals(made({"up": [1, 1, 1, 1]}), "audio") == []


def test_a_call_is_what_the_command_line_takes() -> None:
    call = Call("demo", ("none",), 2, "cut", "sad", "emodb", "speaker", "# faster\n\n alignment.steps=5 \n", 3)
    assert call.command() == (
        "mirage benchmark demo --methods none --seeds 2 --condition cut:sad --test-on emodb --fold-by speaker "
        "--set alignment.steps=5 --workers 3"
    )
    assert call.config().alignment.steps == 5
    assert call.config().data.folds == "speaker"
    with pytest.raises(BadInputError, match=r"expected SECTION\.KEY=VALUE"):
        Call("demo", settings="steps 5").config()


def card() -> card_view.Card:
    """A card as the engine makes it, of features drawn from two Gaussians."""
    from core.evaluation import report_card

    rng = np.random.default_rng(0)

    def part(n: int) -> tuple[np.ndarray, np.ndarray]:
        labels = np.repeat(np.array(CLASSES, dtype=object), n)
        return rng.normal(size=(2 * n, 4)) + 2 * (labels == "sad")[:, None], labels

    found = report_card(*part(40), *part(30), *part(20), classes=CLASSES).to_dict()
    return {**found, "classes": CLASSES, "samples": 80, "seed": 0, "fold": "s1", "speakers": {"test": ["v1"]}}


def test_report_card() -> None:
    made_card = card()
    assert card_view.usable(made_card)
    table = card_view.figures_table(made_card).set_index("figure")
    assert table.loc["UA", "generated"] == pytest.approx(100 * made_card["recognition"]["ua"]["generated"])
    assert table.loc["precision", "real"] == made_card["comparisons"]["all"]["figures"]["precision"]["real"]
    assert "fresh draws: 1 %" in card_view.memorising(made_card)
    assert card_view.says(made_card).startswith("2 classes: angry, sad · held-out speakers v1")
    for name in card_view.titles():
        rows = card_view.by_emotion(made_card, name)
        assert [row[0] for row in rows] == CLASSES
        option = card_figure.pairs_option(rows, name)
        assert [len(series["data"]) for series in option["series"]] == [2, 2, 2]
    # An emotion with too few rows has no figures, and is left out.
    made_card["comparisons"]["sad"]["figures"] = None
    assert [row[0] for row in card_view.by_emotion(made_card, "auc")] == ["angry"]
    assert not card_view.usable({"comparisons": {}})
