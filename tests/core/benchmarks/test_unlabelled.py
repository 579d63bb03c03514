"""Benchmarks that learn from utterances whose label is hidden or not there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.benchmarks import find_methods, run_benchmark
from core.benchmarks.guessing import guessed_problem
from core.benchmarks.jobs import arguments_of, asked_of
from core.benchmarks.problems import Problem, learn_features, validation_problems
from core.benchmarks.source import Options, load_source
from core.config import Config
from core.errors import BadInputError
from core.workspace import Workspace

EMOTIONS = [name for _ in range(4) for name in ("angry", "happy", "sad") for _ in range(8)]


def test_hidden_labels_are_learnt_from_and_never_seen(space: Workspace, config: Config) -> None:
    material = load_source(Options("toy", "25", unlabelled=True), config, space).material
    part = material.part((0, 0))
    plain = load_source(Options("toy", "25"), config, space).material.part((0, 0))
    assert np.array_equal(part.train, plain.train)
    assert part.unlabelled is not None
    assert int(part.train.sum() + part.unlabelled.sum()) == 48
    assert (part.labels[part.unlabelled] == -1).all()
    assert not set(part.speakers[part.unlabelled]) & set(part.speakers[part.test])

    problem = Problem(part, part.train, part.test, 0)
    (features,) = learn_features([problem], config.alignment)
    # What is learnt first is learnt from labelled rows alone.
    (before,) = learn_features([Problem(plain, plain.train, plain.test, 0)], config.alignment)
    assert np.array_equal(features.h, before.h)
    assert features.more is not None
    assert features.more.h.shape == (int(part.unlabelled.sum()), 12)
    for teacher in ("gaussians", "last layer"):
        told = guessed_problem(problem, features, teacher)
        assert np.array_equal(told.train, part.train | part.unlabelled)
        assert np.array_equal(told.part.labels[part.train], part.labels[part.train])
        # Two of three at least are guessed right: the toy's emotions stand far apart.
        assert (told.part.labels[part.unlabelled] == material.truth[part.unlabelled]).mean() > 0.67
        (own,) = learn_features([told], config.alignment)
        assert own.guessed is not None
        assert int(own.guessed.sum()) == int(part.unlabelled.sum())
        assert np.array_equal(own.labels[~own.guessed], features.labels)
        assert np.array_equal(own.guesses(with_text=False), own.guessed)
        assert own.more is None


def test_unlabelled_rows_of_unseen_speakers_are_kept_away(space: Workspace, config: Config) -> None:
    material = load_source(Options("toy", "25", unlabelled=True), config, space).material
    part = material.part((0, 0))
    for problem in validation_problems(part, 0):
        assert problem.unlabelled.any()
        assert not set(part.speakers[problem.unlabelled]) & set(part.speakers[problem.unseen])
    # Test speakers among the unlabelled ones are a leak.
    with pytest.raises(BadInputError, match=r"in both the training and test part: s\d"):
        replace(part, unlabelled=~part.train)


def test_utterances_without_an_emotion(make_toy: Any, tmp_path: Path, config: Config) -> None:
    """They count where they are asked for, and those of test speakers never."""
    emotions = [None if number % 8 in (2, 5, 6, 7) else name for number, name in enumerate(EMOTIONS)]
    space = make_toy(tmp_path / "space", emotion=emotions)
    found = run_benchmark("toy", methods=["none"], seeds=1, config=config, workspace=space)
    assert [fold["n_train"] for fold in found.results["folds"]] == [24, 24]
    assert load_source(Options("toy"), config, space).material.parts[0].unlabelled is None
    for part in load_source(Options("toy", unlabelled=True), config, space).material.parts:
        assert part.unlabelled is not None
        assert int(part.unlabelled.sum()) == 24
        assert not set(part.speakers[part.unlabelled]) & set(part.speakers[part.test])
    make_toy(tmp_path / "space", name="other")
    (part,) = load_source(Options("toy", test_on="other", unlabelled=True), config, space).material.parts
    assert part.unlabelled is not None
    assert {name.split(":")[0] for name in part.speakers[part.unlabelled]} == {"toy"}


def test_an_unknown_speaker_may_be_one_who_is_held_out(make_toy: Any, tmp_path: Path, config: Config) -> None:
    emotions = [None if number % 8 in (2, 5, 6, 7) else name for number, name in enumerate(EMOTIONS)]
    speakers = [None if number % 8 == 7 else f"s{number // 24}" for number in range(96)]
    splits = [("train", "train", "test", "dev")[number // 24] for number in range(96)]
    space = make_toy(tmp_path / "space", emotion=emotions, speaker=speakers, split=splits)
    for folds in ("split", "speaker"):
        source = load_source(Options("toy", unlabelled=True), config.changed(data={"folds": folds}), space)
        for part in source.material.parts:
            assert part.unlabelled is not None
            assert part.unlabelled.any()
            assert all(isinstance(name, str) for name in part.speakers[part.unlabelled])
    part = source.material.parts[0]
    rows = np.flatnonzero(part.train)
    unseen, nameless = np.zeros_like(part.train), part.speakers.copy()
    unseen[rows[part.speakers[rows] == part.speakers[rows[0]]]] = True
    nameless[np.flatnonzero(part.unlabelled)[:2]] = None
    problem = Problem(replace(part, speakers=nameless), part.train & ~unseen, unseen, 0)
    assert not problem.unlabelled[np.flatnonzero(part.unlabelled)[:2]].any()


def test_a_benchmark_of_all_that_learn_from_them(space: Workspace, config: Config) -> None:
    config = config.changed(data={"text": "auto"})
    methods = ["none", "self-training", "mirage", "mirage-no-generator"]
    call: dict[str, Any] = {"methods": methods, "seeds": 1, "condition": "25", "config": config, "workspace": space}
    found = run_benchmark("toy", unlabelled=True, **call)
    results = found.results
    assert results["unlabelled"] is True
    assert results["condition_title"] == "25 % of the training utterances, the others without labels"
    assert results["tuning"].endswith("learnt from by self-training, mirage, mirage-no-generator, by nothing else")
    assert "toy-25-unlabelled-" in found.folder.name
    assert list(results["methods"]) == methods
    asked = asked_of(found.folder)
    assert asked is not None
    assert arguments_of(asked, "c.yaml")[6:9] == ["--condition", "25", "--unlabelled"]
    # What generating adds is said beside what the unlabelled speech brings.
    own = results["methods"]["mirage"]["audio"]
    assert set(own["gain_over_rivals"]) == {"self-training", "mirage-no-generator"}
    rival = results["methods"]["mirage-no-generator"]["audio"]
    assert own["gain_over_rivals"]["mirage-no-generator"]["mean"] == pytest.approx(own["ua"] - rival["ua"])
    assert "mirage-no-generator" not in rival["gain_over_rivals"]
    # Nothing added is what it is without them: one benchmark can be read beside the other.
    plain = run_benchmark("toy", **{**call, "methods": ["none"]}).results
    assert plain["unlabelled"] is False
    assert results["methods"]["none"] == plain["methods"]["none"]
    again = run_benchmark("toy", unlabelled=True, workers=2, **{**call, "seeds": 2}).results
    assert again["methods"]["mirage"]["audio"]["ua_by_seed"][0] == results["methods"]["mirage"]["audio"]["ua"]


def test_what_cannot_be_done_is_said(space: Workspace, config: Config) -> None:
    with pytest.raises(BadInputError, match="every training utterance of toy has an emotion; add --condition 10"):
        run_benchmark("toy", unlabelled=True, config=config, workspace=space)
    with pytest.raises(BadInputError, match="methods self-training: they learn from unlabelled utterances; add"):
        run_benchmark("toy", methods=["none", "self-training"], config=config, workspace=space)
    assert "self-training" not in [method.name for method in find_methods(["all"])]
    assert "self-training" in [method.name for method in find_methods(["all"], unlabelled=True)]
