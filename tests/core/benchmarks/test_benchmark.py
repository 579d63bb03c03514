"""Benchmarks on the synthetic corpus ``toy`` (Gaussian emotions, an offset for each speaker), the demo and EmoDB."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from core.benchmarks import BenchmarkStopped, run_benchmark
from core.benchmarks.conditions import Condition
from core.benchmarks.parts import Part, Tested
from core.benchmarks.problems import Problem, learn_features, validation_problems
from core.benchmarks.source import Options, load_source
from core.config import Config
from core.errors import BadInputError
from core.evaluation import LogisticReference, scores
from core.files import read_json
from core.runs.data import load_data
from core.workspace import Workspace


def first_part(space: Workspace, config: Config) -> Part:
    return load_source(Options("toy"), config, space).material.parts[0]


def test_figures_of_all_folds_and_seeds(space: Workspace, config: Config) -> None:
    seen: list[tuple[int, int]] = []
    found = run_benchmark(
        "toy",
        methods=["none", "smote", "mirage"],
        seeds=2,
        config=config.changed(data={"text": "auto"}),
        workspace=space,
        progress=lambda done, total, message="": seen.append((done, total)),
    )
    results = found.results
    assert (results["n_classes"], results["split"], len(results["folds"]), results["seeds"]) == (
        3,
        "speaker",
        2,
        [0, 1],
    )
    assert results["utterances"] == 96
    # For each fold a regression, three choices, and three methods with two seeds.
    assert seen[0] == (0, 20)
    assert seen[-1] == (20, 20)
    assert list(results["methods"]) == ["none", "smote", "mirage"]
    for figures in (results["reference"], *results["methods"].values()):
        for features in ("audio", "audio_and_text"):
            own = figures[features]
            assert 0.6 < own["ua"] <= 1.0
            assert own["low"] <= own["ua"] + 1e-9
            assert own["high"] >= own["ua"] - 1e-9
            assert own["recall"].keys() == {"angry", "happy", "sad"}
    table = pq.read_table(found.folder / "results.parquet").to_pandas()
    assert len(table) == 12
    # The gains are the means of the rows' differences, whatever the way they were computed.
    own = table[table["method"] == "mirage"].sort_values(["fold", "seed"])
    none = table[table["method"] == "none"].sort_values(["fold", "seed"])
    mirage = results["methods"]["mirage"]["audio"]
    assert mirage["gain"]["mean"] == pytest.approx((own["audio_ua"] - own["reference_audio_ua"]).mean())
    gain = np.mean(own["audio_ua"].to_numpy() - none["audio_ua"].to_numpy())
    assert mirage["gain_over_none"]["mean"] == pytest.approx(gain)
    assert results["methods"]["none"]["audio"]["gain_over_none"] is None
    assert (own["audio_added"] > 0).all()
    assert set(own["audio_setting"]) <= {"+25 %", "+50 %", "+100 %", "+200 %"}
    assert read_json(found.folder / "results.json")["methods"] == results["methods"]
    # 84 utterances have text; the figure of audio and text is about those.
    assert np.sum(results["methods"]["none"]["audio_and_text"]["confusion"]) == pytest.approx(84)
    assert "20 candidates" in results["tuning"]


def test_the_reference_is_the_plain_one(space: Workspace, config: Config) -> None:
    results = run_benchmark(
        "toy", seeds=1, config=config.changed(alignment={"steps": 1}, data={"n_folds": 4}), workspace=space
    ).results
    data = load_data(config.changed(data={"fold": None}), space)
    speaker = data.table["speaker"].to_numpy(dtype=object)
    names = np.asarray(data.classes, dtype=object)[data.labels]
    uas = []
    for fold in results["folds"]:
        test = speaker == fold["name"]
        predicted = LogisticReference().fit_predict(data.audio, names, speaker, ~test, test)
        uas.append(scores(names[test], predicted, data.classes).ua)
    assert results["reference"]["audio"]["ua"] == pytest.approx(np.mean(uas))


def test_nothing_of_the_test_part_touches_the_fit(space: Workspace, config: Config) -> None:
    """No method sees the test labels, and other test rows change nothing in what is learnt."""
    part = first_part(space, config)
    assert (part.labels[part.test] == -1).all()
    assert not set(part.speakers[part.train]) & set(part.speakers[part.test])
    (before,) = learn_features([Problem(part, part.train, part.test, 0)], config.alignment)
    half = np.flatnonzero(part.test)[::2]
    part.audio[half] += 50.0
    (after,) = learn_features([Problem(part, part.train, part.test, 0)], config.alignment)
    assert np.array_equal(before.h, after.h)
    assert np.array_equal(before.h_unseen[1::2], after.h_unseen[1::2])
    assert not np.array_equal(before.h_unseen[::2], after.h_unseen[::2])


def test_a_leak_is_refused(space: Workspace, config: Config) -> None:
    part = first_part(space, config)
    with pytest.raises(BadInputError, match=r"in both the training and test part: s\d"):
        replace(part, train=np.ones_like(part.train))
    # One test utterance among the training rows, its speaker kept from sight.
    leaked = part.train.copy()
    leaked[np.flatnonzero(part.test)[0]] = True
    nobody = np.full(len(part.speakers), None, dtype=object)
    with pytest.raises(BadInputError, match="1 utterance is in both"):
        replace(part, train=leaked, speakers=nobody)
    with pytest.raises(BadInputError, match="the test rows have leaked"):
        Problem(part, leaked, part.test, 0)
    # No row twice, but somebody heard on both sides.
    rest = part.test & ~leaked
    with pytest.raises(BadInputError, match="1 speaker is in both"):
        Problem(part, leaked, rest, 0)


def test_validation_speakers_are_training_speakers(space: Workspace, config: Config) -> None:
    part = first_part(space, config.changed(data={"n_folds": 4}))
    problems = validation_problems(part, 0)
    assert len(problems) == 3
    for problem in problems:
        assert not (problem.unseen & part.test).any()
        assert not (problem.train & part.test).any()
        assert not (problem.train & problem.unseen).any()
        assert set(part.labels[problem.train]) == {0, 1, 2}
    assert np.array_equal(np.sum([problem.unseen for problem in problems], axis=0), part.train)
    assert len({problem.seed for problem in problems}) == 3
    # A class that one speaker alone shows is never lost from what is learnt from.
    lone = part.train & ((part.labels != 2) | (part.speakers == part.speakers[part.train][0]))
    for problem in validation_problems(part.reduced(lone), 0):
        assert set(part.labels[problem.train]) == {0, 1, 2}


def test_permuted_emotions_give_chance(space: Workspace, config: Config) -> None:
    results = run_benchmark(
        "toy",
        methods=["none", "smote"],
        seeds=3,
        permute_labels=True,
        config=config.changed(data={"n_folds": 4}),
        workspace=space,
    ).results
    assert results["permuted"]
    assert results["chance"] == pytest.approx(1 / 3)
    for method in ("none", "smote"):
        own = results["methods"][method]["audio"]
        assert own["low"] <= 1 / 3 <= own["high"]
        assert own["ua"] < 0.5


def test_stopped_and_gone_on_with(space: Workspace, config: Config) -> None:
    methods = ["none", "noise", "cgan"]
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 170

    with pytest.raises(BenchmarkStopped):
        run_benchmark("toy", methods=methods, seeds=2, config=config, workspace=space, stop=stop)
    (folder,) = space.benchmarks.iterdir()
    kept = {path.name: path.stat().st_mtime_ns for path in (folder / "cells").glob("*.json")}
    assert any(name.startswith("tuned-") for name in kept)
    assert any(name.startswith("none-") for name in kept)
    assert not (folder / "results.json").exists()
    # A damaged cell is done again, the others are not.
    first, *others = sorted(kept)
    (folder / "cells" / first).write_text('{"audio": ')
    found = run_benchmark("toy", methods=methods, seeds=2, config=config, workspace=space)
    assert found.folder == folder
    assert all((folder / "cells" / name).stat().st_mtime_ns == kept[name] for name in others)
    again = run_benchmark("toy", methods=methods, seeds=2, config=config, workspace=Workspace(space.root))
    assert again.results["methods"] == found.results["methods"]
    # In other company, and after other draws, it comes to the same: a cell depends on nothing that was done before it.
    for path in (folder / "cells").glob("cgan-*seed1.json"):
        path.unlink()
    for path in (folder / "cells").glob("tuned-noise*.json"):
        path.unlink()
    torch.rand(5)
    redone = run_benchmark("toy", methods=methods, seeds=2, config=config, workspace=space)
    assert redone.results["methods"] == found.results["methods"]


def test_two_processes_give_the_same_figures(space: Workspace, config: Config, tmp_path: Path, toy: Any) -> None:
    arguments: dict[str, Any] = {"methods": ["none", "mirage"], "seeds": 2, "config": config, "condition": "50"}
    seen: list[tuple[int, int]] = []
    shared = run_benchmark(
        "toy",
        **arguments,
        workspace=space,
        workers=2,
        progress=lambda done, total, message="": seen.append((done, total)),
    )
    alone = run_benchmark("toy", **arguments, workspace=toy.copy(tmp_path / "other"))
    assert shared.results["methods"] == alone.results["methods"]
    assert shared.results["reference"] == alone.results["reference"]
    assert seen[-1] == (20, 20)


def test_more_seeds_do_only_what_is_new(space: Workspace, config: Config) -> None:
    folder = run_benchmark("toy", seeds=1, config=config, workspace=space).folder
    before = {path: path.stat().st_mtime_ns for path in (folder / "cells").iterdir()}
    found = run_benchmark("toy", methods=["none", "noise"], seeds=2, config=config, workspace=space)
    assert found.folder == folder
    # In each fold: one seed of none, two of noise, and the choice for noise.
    assert len(list((folder / "cells").iterdir())) == len(before) + 2 * 4
    assert all(path.stat().st_mtime_ns == when for path, when in before.items())
    other = run_benchmark("toy", seeds=1, config=config.changed(alignment={"noise": 1.0}), workspace=space)
    assert other.folder != folder


def test_a_condition_leaves_the_test_part_alone(space: Workspace, config: Config) -> None:
    found = run_benchmark("toy", seeds=2, condition="cut:sad", config=config, workspace=space)
    results = found.results
    assert results["condition_title"] == "sad cut to 10 % of its training utterances"
    assert "toy-cut-sad-" in found.folder.name
    # 16 + 16 + 2 of 48 training rows; every test row.
    assert [fold["n_train"] for fold in results["folds"]] == [34, 34]
    assert results["utterances"] == 96
    # Each seed draws other utterances, for the regression as well.
    cells = [read_json(path) for path in sorted((found.folder / "cells").glob("reference-fold000-seed*.json"))]
    assert [cell["seed"] for cell in cells] == [0, 1]
    source = load_source(Options("toy", "cut:sad"), config, space)
    one, other = (source.material.part((0, seed)) for seed in (0, 1))
    assert not np.array_equal(one.train, other.train)
    assert (one.labels[~one.train] == -1).all()
    assert Condition.parse("cut:sad", one.classes).cut == "sad"


def test_another_corpus_is_tested(make_toy: Any, tmp_path: Path, config: Config) -> None:
    space = make_toy(tmp_path / "space")
    emotions = ["angry", "happy", "fear"]
    make_toy(tmp_path / "space", name="other", emotion=[name for _ in range(4) for name in emotions for _ in range(8)])
    results = run_benchmark("toy", seeds=2, test_on="other", config=config, workspace=space).results
    assert (results["classes"], results["test_on"]) == (["angry", "happy"], "other")
    # All of toy's angry and happy utterances train; groups of the other's speakers are the folds.
    assert [(fold["n_train"], fold["n_test"]) for fold in results["folds"]] == [(64, 32), (64, 32)]
    assert results["methods"]["none"]["audio"]["ua"] > 0.8
    assert results["methods"]["none"]["audio"]["gain"]["folds"] == 2
    with pytest.raises(BadInputError, match="--test-on toy: the corpus is tested on itself"):
        run_benchmark("toy", test_on="toy", config=config, workspace=space)
    meta = space.embeddings_folder("other", "whisper@3-mean") / "meta.json"
    meta.write_text(meta.read_text().replace('"layer": 3', '"layer": 4'))
    with pytest.raises(BadInputError, match=r"--test-on other: its embeddings .* are of another encoder .*layer"):
        run_benchmark("toy", test_on="other", config=config, workspace=space)


def test_speakers_of_two_corpora_are_not_one(make_toy: Any, tmp_path: Path, config: Config) -> None:
    """Both have a speaker s0: different people."""
    space = make_toy(tmp_path / "space")
    make_toy(tmp_path / "space", name="other")
    (part,) = load_source(Options("toy", test_on="other"), config, space).material.parts
    assert {name.split(":")[0] for name in part.speakers[part.train]} == {"toy"}
    assert {name.split(":")[0] for name in part.speakers[part.test]} == {"other"}
    assert isinstance(part.tested[0], Tested)


def test_audio_alone(space: Workspace, config: Config) -> None:
    results = run_benchmark("toy", seeds=1, config=config, workspace=space).results
    assert "audio_and_text" not in results["methods"]["none"]
    assert "audio_and_text" not in results["reference"]


def test_faults_are_named(space: Workspace, config: Config) -> None:
    with pytest.raises(BadInputError, match="there is no corpus 'nothing'"):
        run_benchmark("nothing", workspace=space, config=config)
    with pytest.raises(BadInputError, match="folds by session: the corpus has fewer than two sessions"):
        run_benchmark("toy", workspace=space, config=config.changed(data={"folds": "session"}))
    with pytest.raises(BadInputError, match="seeds = 0"):
        run_benchmark("toy", workspace=space, config=config, seeds=0)
    with pytest.raises(BadInputError, match="condition '5': choose all, 50, 25, 10"):
        run_benchmark("toy", workspace=space, config=config, condition="5")


@pytest.mark.speech
def test_four_speakers_of_emodb(shared: Path, tmp_path: Path) -> None:
    """Real speech end to end: angry, sad and neutral clips, two folds of unheard speakers, far above chance."""
    from core.corpora import ingest
    from core.encoders import embed_corpus

    clips = tmp_path / "emodb" / "wav"
    clips.mkdir(parents=True)
    for speaker in ("03", "08", "09", "10"):
        # Anger, sadness and neutral are W, T and N in EmoDB's file names.
        for file in sorted((shared / "data" / "emodb").rglob(f"{speaker}*[WTN]?.flac"))[::2]:
            (clips / file.name).write_bytes(file.read_bytes())
    space = Workspace(tmp_path / "space")
    corpus = ingest("emodb", clips.parent, name="few", workspace=space).corpus
    embed_corpus(corpus, audio_encoder=str(shared / "models" / "whisper-tiny-encoder"), workspace=space, device="cpu")
    config = Config().changed(data={"n_folds": 2, "text": "none"}, alignment={"steps": 150}, training={"device": "cpu"})
    results = run_benchmark("few", seeds=1, config=config, workspace=space).results
    assert (len(results["folds"]), results["classes"]) == (2, ["angry", "sad", "neutral"])
    assert results["methods"]["none"]["audio"]["ua"] > 0.7
    assert results["reference"]["audio"]["ua"] > 0.7


def test_the_demo_from_end_to_end(tmp_path: Path) -> None:
    """The embedded corpus, audio and text, a generator in mode text."""
    from core.workspace import Workspace

    space = Workspace(Path(__file__).resolve().parents[3] / "assets" / "demo" / "workspace")
    copied = Workspace(tmp_path)
    for name in ("corpora", "embeddings"):
        (tmp_path / name).symlink_to(space.root / name)
    config = Config().changed(
        data={"folds": "speaker", "n_folds": 2},
        alignment={"steps": 60},
        generation={"steps": 20, "hidden": 32, "batch": 32},
        training={"device": "cpu"},
    )
    results = run_benchmark("demo", methods=["none", "mirage"], seeds=1, config=config, workspace=copied).results
    assert (results["n_classes"], results["utterances"]) == (4, 576)
    for method in results["methods"].values():
        assert method["audio"]["ua"] > 0.35
        assert method["audio_and_text"]["ua"] > method["audio"]["ua"]
