"""``mirage quality`` on the run of the demo."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.demo import ASSETS
from core.errors import BadInputError
from core.files import read_json
from core.runs import LoadedRun, load_run, measure_quality, write_quality
from core.workspace import Workspace

DEMO = ASSETS / "workspace" / "runs" / "demo"


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """A copy of the demo's run that may be written to."""
    target = tmp_path / "runs" / "demo"
    shutil.copytree(DEMO, target)
    (target / "quality.json").unlink(missing_ok=True)
    return target


class Copying(LoadedRun):
    """The demo's run with a generator that says its training features again, hardly changed."""

    def decode(self, z, c, u, t=None):
        labels = self.utterances["label"].to_numpy(dtype=object)
        train = (self.utterances["part"] == "train").to_numpy()
        wanted = np.asarray(self.classes, dtype=object)[c.argmax(axis=1)]
        rng = np.random.default_rng(0)
        rows = np.array([rng.choice(np.flatnonzero(train & (labels == name))) for name in wanted])
        return self.h[rows] + 0.02 * z[:, :1], None


def test_card_of_the_demo(mirage, demo: Path, tmp_path: Path) -> None:
    done = mirage("quality", "demo", "--samples", 400, "--json", home=tmp_path)
    assert done.code == 0, done.err
    card = json.loads(done.out)
    assert card == read_json(demo / "quality.json")
    run = load_run(demo)
    assert run.quality() == card
    assert (card["samples"], card["seed"], card["run"]) == (400, 0, "demo")
    assert card["n"] == {"train": 360, "test": 144}
    assert set(card["speakers"]["test"]).isdisjoint(card["speakers"]["train"])
    assert card["copying"] is False
    assert card["notes"] == []
    for name in ("all", *run.classes):
        for figure, pair in card["comparisons"][name]["figures"].items():
            assert np.isfinite([pair["generated"], pair["real"]]).all(), (name, figure)
    # A classifier on real training features recognises what the run's own does.
    assert card["recognition"]["ua"]["real"] == pytest.approx(run.evaluation()["audio"]["ua"], abs=0.1)
    assert card["recognition"]["ua"]["generated"] > 0.5
    assert card["information"] == run.information()
    # Another model: the card is none of its.
    weights = demo / "model" / "generator" / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert load_run(demo).quality() is None


def test_printed(mirage, demo: Path, tmp_path: Path) -> None:
    done = mirage("quality", demo, "--samples", 100, "--seed", 3, home=tmp_path)
    assert done.code == 0, done.err
    for word in (
        "against the held-out speakers v1, v2 (4 emotions, 100 rows a draw)",
        *("Frechet", "AUC", "precision", "recall", "density", "coverage", "UA of a classifier", "neutral"),
        *("no sign of memorising", "I(c;h_hat)", "95 % interval", "ceiling", "quality.json"),
    ):
        assert word in done.out, word
    assert read_json(demo / "quality.json")["seed"] == 3


def test_a_generator_that_copies_is_caught(demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from core.cli.quality import print_card

    run = Copying(demo, Workspace(tmp_path))
    card = measure_quality(run, samples=400)
    assert card["copying"] is True
    assert card["comparisons"]["all"]["closeness"]["copies"] > 0.9
    write_quality(run, card)
    print_card(card)
    assert "THE GENERATOR COPIES ITS TRAINING FEATURES" in capsys.readouterr().out


def change_parts(run: Path, change) -> None:
    file = run / "features" / "utterances.parquet"
    table = pd.read_parquet(file)
    table["part"] = change(table)
    table.to_parquet(file)


def test_nobody_held_out(mirage, demo: Path, tmp_path: Path) -> None:
    change_parts(demo, lambda table: table["part"].replace("test", "train"))
    done = mirage("quality", "demo", home=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith(
        "run 'demo' was trained on all speakers: nobody is held out to compare with; train with data.fold=0\n"
    )
    assert not (demo / "quality.json").exists()


def test_an_emotion_nobody_held_out_shows(mirage, demo: Path, tmp_path: Path) -> None:
    change_parts(
        demo, lambda table: table["part"].mask((table["label"] == "sad") & (table["part"] == "test"), "unused")
    )
    done = mirage("quality", "demo", "--samples", 100, home=tmp_path)
    assert done.code == 0, done.err
    assert "sad: 0 held-out features, at least 10 are needed; left out of the comparison\n" in done.out


def test_few_rows_and_bad_numbers(mirage, toy, finished: LoadedRun, demo: Path, tmp_path: Path) -> None:
    done = mirage("quality", "small", home=toy.workspace.root)
    assert (done.code, done.out) == (2, "")
    assert "no emotion can be compared; angry: 8 held-out features, at least 10 are needed" in done.err
    for wrong in (["--samples", 5], ["--samples", 10**8], ["--seed", -1]):
        done = mirage("quality", "demo", *wrong, home=tmp_path)
        assert (done.code, done.out) == (2, "")
        assert ": from " in done.err
    assert finished.quality() is None
    (demo / "quality.json").write_text("[]")
    with pytest.raises(BadInputError, match="not a report card; measure it again with `mirage quality demo`"):
        load_run(demo).quality()
