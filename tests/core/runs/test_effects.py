"""What the latent codes do: on quickly trained runs with and without the information term, and on the demo's."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from core.config import Config
from core.demo import ASSETS
from core.errors import BadInputError
from core.runs import LoadedRun, load_run, measure_effects, train
from core.workspace import Workspace


@pytest.fixture(scope="module")
def make_run(tmp_path_factory: pytest.TempPathFactory, make_toy: Callable[..., Workspace]) -> Callable[..., LoadedRun]:
    """A run of a small corpus without text; keywords are keys of the section generation."""
    workspace = make_toy(tmp_path_factory.mktemp("effects"), text=False)

    def make(name: str, **keys: float) -> LoadedRun:
        config = Config().changed(
            alignment={"dim": 12, "steps": 40, "batch": 32},
            generation={
                **{"steps": 400, "batch": 64, "hidden": 64, "noise": 6, "codes": 2},
                **{"learning_rate": 1e-3, "critic_learning_rate": 2e-3, **keys},
            },
            information={"samples": 400, "steps": 15, "batch": 64, "bootstrap": 50},
            projection={"projector_steps": 20},
            training={"device": "cpu"},
        )
        return train("toy", config=config, workspace=workspace, run_id=name)

    return make


def test_codes_are_read_back_where_they_are_asked_for(make_run: Callable[..., LoadedRun]) -> None:
    asked, not_asked = measure_effects(make_run("with", w_u=1.0)), measure_effects(make_run("without", w_u=0.0))
    assert [effect["name"] for effect in asked["codes"]] == ["u1", "u2"]
    for effect in asked["codes"]:
        assert effect["recovered"] > 0.7, effect
        assert effect["leak"] < 0.3, effect
        assert effect["moved"] > 0.2, effect
    assert max(effect["recovered"] for effect in not_asked["codes"]) < 0.4, not_asked["codes"]


@pytest.fixture(scope="module")
def demo() -> LoadedRun:
    return load_run(ASSETS / "workspace" / "runs" / "demo")


def test_effects_are_their_definitions(demo: LoadedRun) -> None:
    found = measure_effects(demo, samples=20, seed=2, deviation=1.5)
    assert (found["samples"], found["seed"], found["deviation"], found["run"]) == (20, 2, 1.5, "demo")
    # The draws of seed 2, by the public way: one batch for each emotion.
    low, high, labels = [], [], []
    for index, emotion in enumerate(demo.classes):
        seed = 2 * 2029 + 1 + index
        low.append(demo.generate(emotion, 5, codes={"u2": -1.5}, seed=seed).audio)
        high.append(demo.generate(emotion, 5, codes={"u2": 1.5}, seed=seed).audio)
        labels += [index] * 5
    before, after = np.concatenate(low), np.concatenate(high)
    effect = found["codes"][1]
    change = [
        demo.posterior(after)[row, label] - demo.posterior(before)[row, label] for row, label in enumerate(labels)
    ]
    assert effect["posterior"] == pytest.approx(np.mean(change), abs=1e-5)
    assert effect["posterior_size"] == pytest.approx(np.mean(np.abs(change)), abs=1e-5)
    flips = [a.argmax() != b.argmax() for a, b in zip(demo.posterior(after), demo.posterior(before), strict=True)]
    assert effect["class_changed"] == pytest.approx(np.mean(flips))
    read = (demo.recovered(after)[1] - demo.recovered(before)[1]) / 3.0
    assert effect["recovered"] == pytest.approx(read[:, 1].mean(), abs=1e-5)
    assert effect["leak"] == pytest.approx(np.abs(read[:, [0, 2, 3]]).mean(), abs=1e-5)
    train = (demo.utterances["part"] == "train").to_numpy()
    squares = []
    for emotion in demo.classes:
        own = demo.h[train & (demo.utterances["label"] == emotion).to_numpy()]
        squares += [((row - own.mean(axis=0)) ** 2).sum() for row in own]
    assert effect["moved"] == pytest.approx(
        np.mean([np.linalg.norm(step) for step in after - before]) / np.sqrt(np.mean(squares)), rel=1e-4
    )
    total = np.mean([step @ step for step in after - before])
    assert effect["common"] == pytest.approx(np.sum((after - before).mean(axis=0) ** 2) / total, rel=1e-4)
    within = [np.sum((b - a).mean(axis=0) ** 2) for a, b in zip(low, high, strict=True)]
    assert effect["common_in_class"] == pytest.approx(np.mean(within) / total, rel=1e-4)


def test_the_demo_moves_and_keeps_the_emotion(demo: LoadedRun) -> None:
    found = measure_effects(demo, samples=400)
    assert measure_effects(demo, samples=400) == found
    assert [effect["name"] for effect in found["codes"]] == demo.code_names
    for effect in found["codes"]:
        assert effect["moved"] > 0.3
        assert effect["recovered"] > 0.8
        assert effect["class_changed"] < 0.1
        assert effect["common_in_class"] >= effect["common"] - 1e-9
    assert [effect["name"] for effect in found["redrawn"]] == ["z", "t"]
    assert found["redrawn"][0]["recovered"] is None


def test_command(mirage, tmp_path: Path, demo: LoadedRun) -> None:
    done = mirage("codes", demo.path, "--samples", 40, "--json", home=tmp_path)
    assert done.code == 0, done.err
    assert json.loads(done.out) == measure_effects(demo, samples=40)
    printed = mirage("codes", demo.path, "--samples", 40, home=tmp_path).out
    for word in ("each code from -2 to +2 sigma, 40 draws", "u4", "noise, drawn anew", "text, drawn anew", "recovered"):
        assert word in printed
    for wrong in (["--samples", 2], ["--seed", -1], ["--deviation", 0], ["--deviation", "nan"]):
        done = mirage("codes", demo.path, *wrong, home=tmp_path)
        assert (done.code, done.out) == (2, "")
        assert done.err.count("\n") == 1


def test_a_code_that_does_nothing_is_named(demo: LoadedRun) -> None:
    deaf = load_run(demo.path)
    generator = deaf.networks()["generator"]
    with torch.no_grad():
        generator.body[0].weight[:, demo.noise_size + len(demo.classes)] = 0.0
        generator.code_spread[0] = 0.0
    notes = measure_effects(deaf, samples=40)["notes"]
    assert notes == ["u1 moves next to nothing (0.00 deviations)"]


def test_bad_numbers(demo: LoadedRun) -> None:
    with pytest.raises(BadInputError, match="samples 1: from 20"):
        measure_effects(demo, samples=1)
