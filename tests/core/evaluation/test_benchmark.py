"""Benchmarks on the synthetic corpus ``toy`` (Gaussian emotions, an offset for each speaker) and on EmoDB."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from core.benchmarks import NOT_YET, BenchmarkStopped, find_methods, run_benchmark
from core.benchmarks.parts import parts
from core.config import Config
from core.errors import BadInputError
from core.evaluation import LogisticReference, scores
from core.files import read_json
from core.runs.data import load_data
from core.workspace import Workspace

QUICK = {"steps": 40, "batch": 32, "dim": 12, "learning_rate": 1e-2}


@pytest.fixture
def config() -> Config:
    return Config().changed(data={"corpus": "toy", "n_folds": 4}, alignment=QUICK, training={"device": "cpu"})


@pytest.fixture
def space(toy: Any, tmp_path: Path) -> Workspace:
    return toy.copy(tmp_path / "space")


def test_figures_of_all_folds_and_seeds(space: Workspace, config: Config) -> None:
    seen: list[tuple[int, int]] = []
    found = run_benchmark(
        "toy",
        seeds=2,
        config=config,
        workspace=space,
        progress=lambda done, total, message="": seen.append((done, total)),
    )
    results = found.results
    assert (results["n_classes"], results["split"], len(results["folds"]), results["seeds"]) == (
        3,
        "speaker",
        4,
        [0, 1],
    )
    assert results["utterances"] == 96
    assert seen[0] == (0, 12)
    assert seen[-1] == (12, 12)
    for figures in (results["reference"], results["methods"]["none"]):
        for features in ("audio", "audio_and_text"):
            assert 0.6 < figures[features]["ua"] <= 1.0
            assert figures[features]["recall"].keys() == {"angry", "happy", "sad"}
    gain = results["methods"]["none"]["audio"]["gain"]
    table = pq.read_table(found.folder / "results.parquet").to_pandas()
    assert table[["fold", "seed"]].drop_duplicates().shape == (8, 2)
    assert len(table) == 8
    # The gain is the mean of the rows' differences, whatever the way it was computed.
    difference = (table["audio_ua"] - table["reference_audio_ua"]).mean()
    assert gain["mean"] == pytest.approx(difference)
    assert results["methods"]["none"]["audio"]["ua"] == pytest.approx(table["audio_ua"].mean())
    assert read_json(found.folder / "results.json")["methods"] == results["methods"]
    # 84 utterances have text; the figure of audio and text is about those.
    assert np.sum(results["methods"]["none"]["audio_and_text"]["confusion"]) == pytest.approx(84)


def test_the_reference_is_the_plain_one(space: Workspace, config: Config) -> None:
    results = run_benchmark("toy", seeds=1, config=config.changed(alignment={"steps": 1}), workspace=space).results
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
    data = load_data(config.changed(data={"fold": None}), space)
    method = find_methods(["none"])[0]
    part, truth = next(parts(data, config))
    assert (part.labels[part.test] == -1).all()
    assert (truth >= 0).all()
    assert not set(part.speakers[part.train]) & set(part.speakers[part.test])
    before = method.predict(part, config, 0, lambda: None)
    half = np.flatnonzero(part.test)[::2]
    part.audio[half] += 50.0
    after = method.predict(part, config, 0, lambda: None)
    assert np.array_equal(before.audio[1::2], after.audio[1::2])
    assert not np.array_equal(before.audio[::2], after.audio[::2])


def test_permuted_emotions_give_chance(space: Workspace, config: Config) -> None:
    from core.corpora import Corpus, load_corpus, save_corpus

    corpus = load_corpus("toy", space)
    table = corpus.table.assign(emotion=np.random.default_rng(3).permutation(corpus.table["emotion"]))
    save_corpus(Corpus("toy", corpus.root, table, corpus.metadata), space)
    results = run_benchmark("toy", seeds=2, config=config.changed(data={"text": "none"}), workspace=space).results
    assert results["methods"]["none"]["audio"]["ua"] == pytest.approx(1 / 3, abs=0.15)


def test_stopped_and_gone_on_with(space: Workspace, config: Config) -> None:
    config = config.changed(data={"text": "none"})
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 70

    with pytest.raises(BenchmarkStopped):
        run_benchmark("toy", seeds=2, config=config, workspace=space, stop=stop)
    (folder,) = space.benchmarks.iterdir()
    kept = {path.name: path.stat().st_mtime_ns for path in (folder / "cells").glob("*.json")}
    assert kept
    assert not (folder / "results.json").exists()
    # A damaged cell is done again, the others are not.
    first, *others = sorted(kept)
    (folder / "cells" / first).write_text('{"audio": ')
    found = run_benchmark("toy", seeds=2, config=config, workspace=space)
    assert found.folder == folder
    assert all((folder / "cells" / name).stat().st_mtime_ns == kept[name] for name in others)
    again = run_benchmark("toy", seeds=2, config=config, workspace=Workspace(space.root))
    assert again.results["methods"] == found.results["methods"]
    # In one go it comes to the same: a cell depends on nothing that was done before it.
    for path in (folder / "cells").glob("none-*.json"):
        path.unlink()
    torch.rand(5)
    assert run_benchmark("toy", seeds=2, config=config, workspace=space).results["methods"] == found.results["methods"]


def test_more_seeds_do_only_what_is_new(space: Workspace, config: Config) -> None:
    config = config.changed(data={"text": "none"})
    folder = run_benchmark("toy", seeds=1, config=config, workspace=space).folder
    before = {path: path.stat().st_mtime_ns for path in (folder / "cells").iterdir()}
    found = run_benchmark("toy", seeds=2, config=config, workspace=space)
    assert found.folder == folder
    assert len(list((folder / "cells").iterdir())) == len(before) + 4
    assert all(path.stat().st_mtime_ns == when for path, when in before.items())
    other = run_benchmark("toy", seeds=1, config=config.changed(alignment={"noise": 1.0}), workspace=space)
    assert other.folder != folder


def test_audio_alone(space: Workspace, config: Config) -> None:
    results = run_benchmark("toy", seeds=1, config=config.changed(data={"text": "none"}), workspace=space).results
    assert "audio_and_text" not in results["methods"]["none"]
    assert "audio_and_text" not in results["reference"]


def test_methods_are_named_or_refused() -> None:
    assert [method.name for method in find_methods(["none", " none "])] == ["none"]
    with pytest.raises(BadInputError, match="methods smote, mirage: not in this version of MIRAGE; there are: none"):
        find_methods(["none", "smote", "mirage"])
    with pytest.raises(BadInputError, match="methods magic: unknown; there are: none"):
        find_methods(["magic"])
    with pytest.raises(BadInputError, match="no method is named"):
        find_methods([" ", ""])
    assert set(NOT_YET).isdisjoint({"none"})


def test_faults_are_named(space: Workspace, config: Config) -> None:
    with pytest.raises(BadInputError, match="there is no corpus 'nothing'"):
        run_benchmark("nothing", workspace=space, config=config)
    with pytest.raises(BadInputError, match="folds by session: the corpus has fewer than two sessions"):
        run_benchmark("toy", workspace=space, config=config.changed(data={"folds": "session"}))
    with pytest.raises(BadInputError, match="seeds = 0"):
        run_benchmark("toy", workspace=space, config=config, seeds=0)


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
    config = Config().changed(data={"n_folds": 2}, alignment={"steps": 150}, training={"device": "cpu"})
    results = run_benchmark("few", seeds=1, config=config, workspace=space).results
    assert (len(results["folds"]), results["classes"]) == (2, ["angry", "sad", "neutral"])
    assert results["methods"]["none"]["audio"]["ua"] > 0.7
    assert results["reference"]["audio"]["ua"] > 0.7
