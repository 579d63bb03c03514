"""Runs that learn from utterances without an emotion: which, how, from wherever they were left, and what they keep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch

from core.config import Config
from core.corpora import load_corpus
from core.errors import BadInputError
from core.files import read_json
from core.generation import GenerationStage
from core.networks import read_tensors
from core.runs import create_run, execute, load_run, read_events, read_state, request_stop, train
from core.runs.data import load_data
from core.workspace import Workspace

EMOTIONS = [name for _ in range(4) for name in ("angry", "happy", "sad") for _ in range(8)]
# Of eight utterances of an emotion two keep their label.
HIDDEN = np.array([number % 8 > 1 for number in range(96)])
SILENT = [None if hidden else name for name, hidden in zip(EMOTIONS, HIDDEN, strict=True)]
ALIGNMENT, GENERATION = 18, 12
TOTAL = 2 * ALIGNMENT + GENERATION


@pytest.fixture(scope="module")
def config(toy) -> Config:
    return toy.config.changed(
        data={"unlabelled": True, "validation": 0.3},
        alignment={"steps": ALIGNMENT, "learning_rate": 1e-2},
        generation={"steps": GENERATION},
        information={"samples": 200, "steps": 10, "batch": 32},
        projection={"neighbours": 500, "projector_steps": 20},
        training={"checkpoint_every": 5, "log_every": 4},
    )


@pytest.fixture(scope="module")
def space(make_toy, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return make_toy(tmp_path_factory.mktemp("unlabelled"), emotion=SILENT)


@pytest.fixture(scope="module")
def undisturbed(space: Workspace, config: Config) -> Path:
    return train("toy", config=config, workspace=space, run_id="undisturbed").path


def test_only_speakers_who_train_are_learnt_from(space: Workspace, config: Config, make_toy, tmp_path: Path) -> None:
    for fold in range(4):
        data = load_data(config.changed(data={"fold": fold}), space)
        rows = data.rows("unlabelled")
        assert rows.sum() == 36
        assert data.table["emotion"][rows].isna().all()
        assert (data.labels[rows] == -1).all()
        heard = set(data.table["speaker"][data.rows("train")])
        assert set(data.table["speaker"][rows]) == heard
        for part in ("validation", "test"):
            assert data.rows(part).any()
            assert not set(data.table["speaker"][data.rows(part)]) & heard
        # Who trains, validates and is tested does not depend on the key.
        plain = load_data(config.changed(data={"fold": fold, "unlabelled": False}), space)
        assert not plain.rows("unlabelled").any()
        assert plain.table["part"].equals(data.table["part"].mask(rows, "unused"))
    # A speaker of whom nobody labelled anything is heard all the same, an unknown one never; and an emotion that is
    # not among the classes is no missing one.
    emotions = [None] * 24 + SILENT[24:]
    speakers = [f"s{number // 24}" for number in range(96)]
    speakers[24:40] = [None] * 16
    workspace = make_toy(tmp_path, text=False, emotion=emotions, speaker=speakers)
    data = load_data(config.changed(data={"fold": None, "validation": 0.0, "classes": "angry,sad"}), workspace)
    rows = data.rows("unlabelled")
    assert set(data.table["speaker"][rows]) == {"s0", "s1", "s2", "s3"}
    assert rows[:24].all()
    assert not rows[24:40].any()
    assert data.table["emotion"][rows].isna().all()
    assert (data.table["emotion"][data.rows("unused")].dropna() == "happy").all()
    # Nor are rows of a test speaker whose emotion nobody told.
    data = load_data(config.changed(data={"fold": 1, "validation": 0.0}), workspace)
    test = data.table["speaker"] == data.fold
    assert set(data.table["part"][test & data.table["emotion"].isna()]) == {"unused"}


class Killed(Exception):  # noqa: N818
    pass


@dataclass
class At:
    """Does something when the run tells of a step, or of what it does between two."""

    where: int | str
    action: Callable[[], object]

    def __call__(self, done: int, total: int, message: str = "") -> None:
        assert total == TOTAL
        if done == self.where or (isinstance(self.where, str) and message.startswith(self.where)):
            self.action()


def kill() -> None:
    raise Killed


PLACES = [
    (7, "alignment", 7),
    (18, "alignment", 18),
    ("measuring recognition", "alignment", 18),
    ("guessing", "alignment", 18),
    (19, "realignment", 19),
    (31, "realignment", 31),
    (36, "realignment", 36),
    ("measuring recognition", "realignment", 36),
    (43, "generation", 43),
    ("measuring mutual", "information", 48),
]


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_left_anywhere_it_goes_on(undisturbed: Path, space: Workspace, config: Config, how: str) -> None:
    folder = create_run(config, space, how)
    # A stop is heard after the next step: only a kill leaves a run between two stages.
    for where, stage, step in [place for place in PLACES if how == "killed" or isinstance(place[0], int)]:
        if how == "stopped":
            assert execute(folder, space, progress=At(where, lambda: request_stop(folder))) == "stopped"
        else:
            with pytest.raises(Killed):
                execute(folder, space, progress=At(where, kill))
        state = read_state(folder)
        assert (state.stage, state.step, state.total) == (stage, step, TOTAL)
        assert ((folder / "guesses.parquet").is_file(), (folder / "model" / "aligner").is_dir()) == (
            step > 18,
            stage in ("generation", "information") or (step == 36 and isinstance(where, str)),
        )
    kept = (folder / "guesses.parquet").read_bytes()
    assert execute(folder, space) == "finished"
    assert (folder / "guesses.parquet").read_bytes() == kept
    same(folder, undisturbed)
    pd.testing.assert_frame_equal(values(folder), values(undisturbed))


def same(folder: Path, other: Path) -> None:
    names = ("model/aligner", "model/generator", "model/discriminator", "projection/projector")
    for name in (*(f"{network}/model.safetensors" for network in names), "features/aligned.safetensors"):
        mine, theirs = read_tensors(folder / name), read_tensors(other / name)
        for key, value in mine.items():
            assert torch.equal(value, theirs[key]), (name, key)
    for name in ("information.json", "evaluation.json"):
        assert (folder / name).read_bytes() == (other / name).read_bytes(), name
    assert pd.read_parquet(folder / "guesses.parquet").equals(pd.read_parquet(other / "guesses.parquet"))


def values(folder: Path) -> pd.DataFrame:
    table = read_events(folder)
    table = table[table["name"] != "steps_per_second"]
    return table.drop(columns="time").sort_values(["stage", "step", "name"]).reset_index(drop=True)


def test_guesses_are_kept_as_guesses(undisturbed: Path, space: Workspace, config: Config) -> None:
    table = pd.read_parquet(undisturbed / "guesses.parquet")
    data = load_data(config, space)
    rows = data.rows("unlabelled")
    assert list(table.columns) == ["utterance_id", "guessed_emotion", "share_angry", "share_happy", "share_sad"]
    assert table["utterance_id"].tolist() == data.table["utterance_id"][rows].tolist()
    shares = table.filter(like="share_").to_numpy()
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    assert (np.array(data.classes)[shares.argmax(axis=1)] == table["guessed_emotion"]).all()
    assert pq.read_metadata(undisturbed / "guesses.parquet").metadata[b"corpus"] == b"toy"
    # The toy's emotions stand far apart (a row without one lies at "sad"): most are told.
    assert (table["guessed_emotion"] == "sad").mean() > 0.67
    # Wherever the run shows its utterances they are without a label.
    run = load_run(undisturbed)
    shown = run.utterances[run.utterances["part"] == "unlabelled"]
    assert shown["utterance_id"].tolist() == table["utterance_id"].tolist()
    assert shown[["emotion", "label"]].isna().all(axis=None)
    assert shown["p_true"].isna().all()
    assert sum(len(run.training_features(name)) for name in run.classes) == data.rows("train").sum() == 12


def test_what_it_brought_is_said(undisturbed: Path, space: Workspace, config: Config) -> None:
    content = read_json(undisturbed / "evaluation.json")
    assert content["n"]["unlabelled"] == 36
    assert content["speakers"]["unlabelled"] == content["speakers"]["train"]
    # The first alignment is the whole alignment of the same run without the key.
    plain = train("toy", config=config.changed(data={"unlabelled": False}), workspace=space, run_id="plain")
    without = plain.evaluation()
    assert "unlabelled" not in without["n"]
    assert "labelled_alone" not in without
    for kind in ("audio", "audio_and_text"):
        assert content["labelled_alone"][kind] == without[kind]
    mine, theirs = values(undisturbed), values(plain.path)
    first = mine["stage"] == "alignment"
    assert mine[first].reset_index(drop=True).equals(theirs[theirs["stage"] == "alignment"].reset_index(drop=True))
    again = mine[mine["stage"] == "realignment"]
    assert set(again["step"]) == set(mine.loc[first, "step"])
    # Recognition is measured on labels, never on guesses: of 12 utterances a whole number is right.
    shares = again.loc[again["name"] == "ua_train", "value"].to_numpy() * 12
    np.testing.assert_allclose(shares, shares.round(), atol=1e-4)
    assert not torch.equal(torch.from_numpy(load_run(undisturbed).h), torch.from_numpy(plain.h))


def test_generation_learns_from_labelled_and_guessed(
    space: Workspace, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    learnt: list[torch.Tensor] = []
    begin = GenerationStage.__init__

    def watched(stage: GenerationStage, data, *arguments, **named) -> None:
        learnt.append(data.labels)
        begin(stage, data, *arguments, **named)

    monkeypatch.setattr(GenerationStage, "__init__", watched)
    run = train("toy", config=config, workspace=space, run_id="watched")
    assert len(learnt[0]) == 12 + 36
    guessed = pd.read_parquet(run.path / "guesses.parquet")["guessed_emotion"]
    counts = torch.bincount(learnt[0], minlength=3).tolist()
    assert counts == [4 + int((guessed == name).sum()) for name in run.classes]


def test_nothing_that_hints_at_a_missing_label_is_read(
    undisturbed: Path, config: Config, make_toy, tmp_path: Path
) -> None:
    """Votes that no majority agreed on, ratings: the same run, whatever they say."""
    votes = [{name: 1.0, "other": 1.0} for name in EMOTIONS]
    ratings = [{"angry": 0.9, "happy": 0.7, "sad": 0.1}[name] for name in EMOTIONS]
    workspace = make_toy(tmp_path, emotion=SILENT, emotion_votes=votes, arousal=ratings, valence=ratings)
    assert load_corpus("toy", workspace).table["emotion_votes"].notna().all()
    same(train("toy", config=config, workspace=workspace).path, undisturbed)


def test_refusals(space: Workspace, config: Config, toy, mirage, undisturbed: Path) -> None:
    line = (
        "data.unlabelled: no training speaker of corpus toy has an utterance without an emotion (fold s0); leave the "
        "key out, or ingest such utterances"
    )
    with pytest.raises(BadInputError) as caught:
        train("toy", config=config, workspace=toy.workspace, run_id="none")
    assert str(caught.value) == line
    assert not toy.workspace.run_folder("none").exists()
    done = mirage("train", "toy", "--unlabelled", home=toy.workspace.root)
    assert (done.code, done.err.strip()) == (2, f"mirage: {line}")
    # Guesses of other utterances, or none, are not gone on from.
    folder = create_run(config, space, "spoilt")
    assert execute(folder, space, progress=At(21, lambda: request_stop(folder))) == "stopped"
    path = folder / "guesses.parquet"
    pd.read_parquet(path).iloc[::-1].to_parquet(path)
    with pytest.raises(BadInputError, match="does not belong to the utterances of this run; train a new run"):
        execute(folder, space)
    path.write_bytes(b"PAR1")
    with pytest.raises(BadInputError, match=r"guesses.parquet: cannot be read .*; train a new run"):
        execute(folder, space)


def test_the_command_line(space: Workspace, config: Config, mirage) -> None:
    (space.root / "c.yaml").write_text(config.changed(data={"unlabelled": False}).to_yaml())
    done = mirage(
        "train", "toy", "--config", space.root / "c.yaml", "--unlabelled", "--run-id", "words", home=space.root
    )
    assert done.code == 0, done.err
    assert load_run("words", space).config.data.unlabelled
    assert "labelled utterances alone, audio and text" in done.out
    path = space.run_folder("words") / "guesses.parquet"
    assert f"36 unlabelled utterances were learnt from; their guessed emotions: {path}" in done.out
