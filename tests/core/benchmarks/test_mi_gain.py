"""The study of mutual information against gain on the synthetic corpus ``toy``."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.benchmarks.jobs import benchmark_names
from core.benchmarks.mi_gain import Place, learn_places, measure, transferred
from core.benchmarks.mi_study import FILE, Configuration, Study, run_study
from core.benchmarks.mi_summary import GAIN, MI, verdict_of
from core.benchmarks.source import Options, load_source
from core.config import Config
from core.errors import BadInputError, FailureError
from core.evaluation import corrected_t_test, spearman
from core.files import read_json, write_json
from core.information import fit_estimator
from core.runs.guards import only_one
from core.workspace import Workspace

GRID = [
    Configuration("begun", {"steps": 0}),
    Configuration("trained", {"steps": 20}),
    Configuration("no base", {"base": False, "steps": 0}),
]


@pytest.fixture
def config(config: Config) -> Config:
    """That of the other benchmarks, with a small critic."""
    return config.changed(information={"samples": 300, "steps": 60, "batch": 64})


def places_of(space: Workspace, config: Config, **options: Any) -> list[Place]:
    return learn_places(load_source(Options("toy", **options), config, space).material, [0, 1], config)


def test_a_study_is_kept_and_goes_on(space: Workspace, config: Config) -> None:
    study = Study.of(Options("toy"), GRID, seeds=2, config=config, workspace=space)
    told: list[str] = []

    def stopping(done: int, total: int, name: str, seconds: float, left: float | None) -> None:
        told.append(name)
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_study(study, told=stopping)
    assert told == ["begun", "trained"]
    assert not (study.folder / FILE).exists()
    kept = {path: path.stat().st_mtime_ns for path in (study.folder / "configurations").iterdir()}
    assert len(kept) == 2
    results = run_study(study, told=lambda done, total, name, seconds, left: told.append(name))
    assert told == ["begun", "trained", "no base"]
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    # Nothing is left to do: not a step.
    again = run_study(study, told=lambda *_: pytest.fail("done twice"), step=lambda: pytest.fail("trained twice"))
    assert {**again, "written": 0} == {**results, "written": 0}
    # Another folder, the same figures.
    other = Study.of(Options("toy"), GRID[:2], seeds=2, config=config, workspace=space)
    other = replace(other, folder=space.benchmarks / "elsewhere")
    assert run_study(other)["rows"] == results["rows"][:2]
    # A folder of a study is no benchmark.
    assert benchmark_names(space) == []


def test_what_is_written(space: Workspace, config: Config) -> None:
    study = Study.of(Options("toy", "50"), GRID, seeds=2, config=config, workspace=space)
    assert study.folder.name.startswith("toy-50-mi-")
    run_study(study)
    results = read_json(study.folder / FILE)
    assert [row["name"] for row in results["rows"]] == ["begun", "trained", "no base"]
    assert results["failed"] == []
    assert (results["quantity"], results["over"], results["features"]) == ("transferred I(c;h)", "none", "audio")
    for row in results["rows"]:
        for key in (*MI, *GAIN):
            assert row[f"{key}_low"] <= row[key] <= row[f"{key}_high"]
            assert row[key] == pytest.approx(np.mean(row[f"{key}_by_fold"]))
        assert row["mi"] <= row["ceiling"] + 1e-9
        assert row["ceiling"] == pytest.approx(math.log(3))
    begun, _, poor = results["rows"]
    # An untrained network knows nothing of the emotions: a recogniser that hears it alone is near chance.
    assert begun["mi"] > 0.3 > 0.0 > poor["mi"]
    assert begun["gain_replaced"] > poor["gain_replaced"] + 0.2
    assert [(one["mi"], one["gain"], one["n"]) for one in results["associations"]] == [
        (mi, gain, 3) for mi in MI for gain in GAIN
    ]
    assert [one["main"] for one in results["associations"]] == [True, False, False, False]
    for row in results["rows"]:
        for key in GAIN:
            test = corrected_t_test(np.array(row[f"{key}_by_fold"]), 1.0)  # of two folds
            assert row[f"{key}_p_value"] == pytest.approx(test[1])
    found = spearman([row["mi"] for row in results["rows"]], [row["gain"] for row in results["rows"]])
    assert (results["spearman"], results["spearman_low"]) == (found.value, None)


def test_what_diverges_is_left_out_and_named(space: Workspace, config: Config) -> None:
    study = Study.of(Options("toy"), [GRID[0], GRID[1]], seeds=1, config=config, workspace=space)
    begun: list[str] = []

    def diverge() -> None:
        if begun:
            raise FailureError("generation: the loss is not finite")

    results = run_study(study, told=lambda done, total, name, seconds, left: begun.append(name), step=diverge)
    assert [row["name"] for row in results["rows"]] == ["begun"]
    assert [(one["name"], one["reason"]) for one in results["failed"]] == [
        ("trained", "generation: the loss is not finite")
    ]
    assert results["spearman"] is None
    assert run_study(study)["failed"] == results["failed"]


def test_test_rows_have_no_part_in_the_information(space: Workspace, config: Config) -> None:
    source = load_source(Options("toy"), config, space)
    before = learn_places(source.material, [0], config)
    for part in source.material.parts[:1]:
        part.audio[part.test] += 50.0
    after = learn_places(replace(source.material, parts=source.material.parts[:1]), [0], config)
    assert np.array_equal(before[0].features.h, after[0].features.h)
    assert np.array_equal(before[0].features.h_unseen, after[0].features.h_unseen)
    assert not np.array_equal(before[0].h_test, after[0].h_test)
    one, other = measure(before[:1], config, 1.0), measure(after, config, 1.0)
    assert (one[0].mi, one[0].mi_generated) == (other[0].mi, other[0].mi_generated)


def test_random_emotions_have_no_transferred_information(space: Workspace, config: Config) -> None:
    trained = config.changed(generation={"steps": 20})
    true = measure(places_of(space, config), trained, 1.0)
    chance = measure(places_of(space, config, permute=True), trained, 1.0)
    assert np.mean([one.mi for one in true]) > 0.3
    assert np.mean([one.mi for one in chance]) < 0.05
    # What the generator says of itself is told from its ceiling nowhere: it has learnt the random emotions too.
    assert np.mean([one.mi_generated for one in chance]) > 0.3


def test_a_critic_of_nothing_transfers_nothing() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 200)
    real = np.eye(3)[labels] * 3.0 + rng.normal(size=(600, 3))
    independent = fit_estimator(rng.normal(size=(600, 3)), labels, kind="discrete", estimator="variational", seed=1)
    assert transferred(independent, real, labels, 3)[0] < 0.05
    right = fit_estimator(real, labels, kind="discrete", estimator="variational", seed=1)
    value, ceiling = transferred(right, real, labels, 3)
    assert 0.8 < value <= ceiling == pytest.approx(math.log(3))
    # Emotions count alike, whatever their number; one that is not there leaves H(c).
    few = np.r_[np.arange(200), np.arange(200, 220)]
    assert transferred(right, real[few], labels[few], 3)[1] == pytest.approx(math.log(2))


@pytest.mark.parametrize(
    ("low", "high", "p_value", "says"),
    [
        (0.01, 0.03, 0.01, "better"),
        (-0.03, -0.01, 0.01, "worse"),
        (-0.03, -0.01, 0.1, "not told apart"),  # the interval alone is no loss
        (-0.03, 0.01, 0.01, "not told apart"),
    ],
)
def test_a_gain_needs_interval_and_test(low: float, high: float, p_value: float, says: str) -> None:
    row = {"gain": (low + high) / 2, "gain_low": low, "gain_high": high, "gain_p_value": p_value}
    assert verdict_of(row, "gain") == says


def test_what_is_damaged_is_one_clear_line(space: Workspace, config: Config) -> None:
    study = Study.of(Options("toy"), GRID[:1], seeds=2, config=config, workspace=space)
    results = run_study(study, command="again")
    assert results["command"] == "again"
    path = study.path(GRID[0])
    good = read_json(path)
    worth = good["worth"]
    damaged: list[tuple[Any, str]] = [
        ("{", "not readable as JSON"),
        ([], "no object"),
        ({}, "name is missing"),
        ({key: value for key, value in good.items() if key != "setting"}, "setting is missing"),
        ({key: value for key, value in good.items() if key != "failed"}, "failed is missing"),
        ({**good, "worth": "none"}, "worth is missing or of another kind"),
        ({**good, "worth": []}, "figures of 0 folds"),
        ({**good, "worth": worth[1:]}, "figures of 3 folds with seeds where 4 belong"),
        ({**good, "worth": [*worth[1:], worth[1]]}, "each of them once"),
        ({**good, "worth": [*worth[1:], {**worth[0], "seed": 7}]}, "each of them once"),
        ({**good, "worth": [3, *worth[1:]]}, "worth 1 is no object"),
        ({**good, "worth": [*worth[:3], {**worth[3], "mi": "much"}]}, "worth 4: mi is no number"),
        ({**good, "worth": [{**worth[0], "ua_none": None}, *worth[1:]]}, "worth 1: ua_none is no number"),
        ({**good, "worth": [{**worth[0], "fold": 0.5}, *worth[1:]]}, "worth 1: fold is no number"),
        ({**good, "failed": "diverged"}, "figures of what has failed"),
    ]
    for content, says in damaged:
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        with pytest.raises(BadInputError, match=says) as caught:
            run_study(study)
        assert str(path) in str(caught.value)
        assert str(caught.value).endswith("remove it and run the same command again")
        assert "\n" not in str(caught.value)
    path.write_text(json.dumps(good), encoding="utf-8")
    assert run_study(study)["rows"] == results["rows"]
    path.unlink()
    assert len(run_study(study)["rows"]) == 1


def test_two_processes_never_work_on_one_study(space: Workspace, config: Config) -> None:
    study = Study.of(Options("toy"), GRID[:1], seeds=1, config=config, workspace=space)
    study.folder.mkdir(parents=True)
    with only_one(study.folder), pytest.raises(BadInputError, match="worked on by another process") as caught:
        run_study(study, step=lambda: pytest.fail("trained"))
    assert f"study {study.folder.name!r}" in str(caught.value)
    assert "mirage runs" not in str(caught.value)
    assert not (study.folder / FILE).exists()


def test_configurations_that_come_to_the_same_are_one(space: Workspace, config: Config) -> None:
    grid = [Configuration("as configured", {}), *GRID, Configuration("10 steps", {"steps": 10})]
    study = Study.of(Options("toy"), grid, config=config, workspace=space)
    assert [one.name for one in study.grid] == ["as configured", "begun", "trained", "no base"]
    assert study.merged == {"10 steps": "as configured"}


def test_text_has_configurations_of_its_own_where_there_is_text(space: Workspace, config: Config) -> None:
    more = [Configuration("w_t=0", {"w_t": 0.0}), Configuration("w_t=3", {"w_t": 3.0})]

    def names(**changes: Any) -> list[str]:
        own = config.changed(**changes)
        study = Study.of(Options("toy"), GRID[:1], text_grid=more, config=own, workspace=space)
        return [one.name for one in study.grid]

    assert names() == ["begun"]  # data.text=none
    assert names(data={"text": "auto"}) == ["begun", "w_t=0", "w_t=3"]
    assert names(data={"text": "auto"}, generation={"mode": "free"}) == ["begun"]
    (store,) = [path for path in space.embeddings_folder("toy", "x").parent.iterdir() if "minilm" in path.name]
    shutil.rmtree(store)
    assert names(data={"text": "auto"}) == ["begun"]


def test_speakers_that_cannot_be_divided(space: Workspace, config: Config) -> None:
    """Each of the two training speakers alone shows one of the emotions."""
    for condition, says in (("all", "data.classes"), ("50", "--condition")):
        material = load_source(Options("toy", condition), config, space).material
        part = material.parts[0]
        for number, name in enumerate(sorted(set(part.speakers[part.train]))):
            part.train[(part.speakers == name) & (part.labels == number)] = False
        with pytest.raises(BadInputError, match="cannot be divided") as caught:
            learn_places(material, [0], config)
        assert says in str(caught.value)
        assert "seeds" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"seeds": 0}, "seeds = 0"),
        ({"share": 0.0}, "share 0"),
        ({"grid": GRID[:1] * 2}, "name of its own"),
        ({"text_grid": GRID[:1]}, "name of its own"),
        ({"grid": [Configuration("x", {"w_x": 1})]}, "w_x"),
        ({"config": Config().changed(data={"unlabelled": True})}, "labelled utterances alone; leave the key out"),
    ],
)
def test_a_call_that_cannot_be_is_refused(options: dict[str, Any], says: str, space: Workspace, config: Config) -> None:
    grid = options.pop("grid", GRID)
    with pytest.raises(BadInputError, match=says):
        Study.of(Options("toy"), grid, workspace=space, **{"config": config, **options})
    assert not space.benchmarks.exists()


def test_other_calls_have_other_folders(space: Workspace, config: Config) -> None:
    def folder(condition: str = "all", **more: Any) -> Path:
        return Study.of(Options("toy", condition), GRID, workspace=space, **{"config": config, **more}).folder

    information = config.changed(information={"samples": 400})
    names = {folder(), folder("50"), folder(share=1.0), folder(seeds=2), folder(config=information)}
    assert len(names) == 5
    assert folder() in names
    write_json(folder() / "x.json", {})
    assert benchmark_names(space) == []
