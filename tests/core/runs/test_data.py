"""Who trains, who validates, who is tested; and input that cannot be trained on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.config import Config
from core.errors import BadInputError
from core.runs import create_run, resume_job, start_job, train
from core.runs.creation import check_input, generation_mode
from core.runs.data import load_data
from core.workspace import Workspace

Make = Callable[..., Workspace]


def test_parts_share_no_speaker(toy) -> None:
    for fold in range(4):
        data = load_data(toy.config.changed(data={"fold": fold, "validation": 0.3}), toy.workspace)
        speakers = {part: set(data.table["speaker"][data.rows(part)]) for part in ("train", "validation", "test")}
        assert {part: len(names) for part, names in speakers.items()} == {"train": 2, "validation": 1, "test": 1}
        assert not set.intersection(*speakers.values())
        assert len(set.union(*speakers.values())) == 4
        assert data.fold == next(iter(speakers["test"]))
        assert not data.rows("unused").any()


def test_rows_belong_together(toy) -> None:
    data = load_data(toy.config, toy.workspace)
    assert data.classes == ["angry", "happy", "sad"]
    assert [data.classes[label] for label in data.labels] == data.table["emotion"].tolist()
    assert data.audio.shape == (96, 24)
    assert data.text is not None
    assert data.text.shape == (96, 384)
    assert (data.has_text == data.table["text"].notna()).all()
    assert not data.text[~data.has_text].any()
    same = data.table["text"][data.has_text].to_numpy()[:, None] == data.table["text"][data.has_text].to_numpy()[None]
    groups = data.groups[data.has_text]
    np.testing.assert_array_equal(groups[:, None] == groups[None], same)
    part = data.alignment("train")
    assert part is not None
    assert part.audio.shape == (int(data.rows("train").sum()), 24)
    assert torch.equal(part.labels, torch.from_numpy(data.labels[data.rows("train")]))
    assert data.alignment("unused") is None


def test_a_subset_of_the_classes_and_a_merge(toy) -> None:
    data = load_data(toy.config.changed(data={"classes": "sad,angry"}), toy.workspace)
    assert data.classes == ["sad", "angry"]
    assert data.rows("unused").sum() == 32
    assert set(data.labels) == {-1, 0, 1}
    merged = load_data(toy.config.changed(data={"classes": "sad,angry,happy>sad"}), toy.workspace)
    assert (merged.labels == 0).sum() == 64


def test_all_speakers_train_without_a_fold(toy) -> None:
    data = load_data(toy.config.changed(data={"fold": None}), toy.workspace)
    assert not data.rows("test").any()
    assert data.fold == ""
    assert (data.rows("train").sum(), data.rows("validation").sum()) == (72, 24)


def test_no_text(toy) -> None:
    data = load_data(toy.config.changed(data={"text": "none"}, generation={"mode": "auto"}), toy.workspace)
    assert data.text is None
    assert not data.has_text.any()
    assert len(data.stores) == 1
    assert generation_mode(Config(), data) == "free"


BAD: list[tuple[dict[str, dict[str, Any]], str]] = [
    ({"data": {"corpus": "none"}}, "there is no corpus 'none'"),
    ({"data": {"audio": "wavlm"}}, "no audio embeddings by 'wavlm'"),
    ({"data": {"text": "bert"}}, "no text embeddings by 'bert'"),
    ({"data": {"classes": "angry,fear"}}, "the corpus has no fear"),
    ({"data": {"classes": "angry"}}, "at least two emotions"),
    ({"data": {"fold": 4}}, "the corpus has 4 folds, 0 to 3"),
    ({"data": {"folds": "session"}}, "fewer than two sessions"),
    ({"data": {"folds": "split"}}, "no official train and test split"),
    ({"data": {"text": "none"}, "generation": {"mode": "paired"}}, "generation.mode = paired: the run has no text"),
    ({"training": {"device": "cuda:99"}}, "this machine has no such device"),
]


@pytest.mark.parametrize(("changes", "message"), BAD, ids=[message[:30] for _, message in BAD])
def test_bad_input_is_told_before_a_run_is_made(toy, changes: dict[str, dict[str, Any]], message: str) -> None:
    config = toy.config.changed(**changes)
    before = sorted(toy.workspace.runs.glob("*"))
    for attempt in (
        lambda: check_input(config, toy.workspace),
        lambda: train(config.data.corpus, config=config, workspace=toy.workspace),
        lambda: start_job(toy.workspace, config),
    ):
        with pytest.raises(BadInputError) as caught:
            attempt()
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)
    assert sorted(toy.workspace.runs.glob("*")) == before


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"emotion": ["angry"] * 96}, "training needs at least two emotions, there is angry"),
        ({"emotion": [None] * 96}, "training needs at least two emotions, there is none"),
        ({"speaker": ["anna"] * 96}, "needs at least two, the corpus has one speaker (anna)"),
        ({"speaker": [None] * 96}, "needs at least two, the corpus has no speaker"),
        # Only the speaker who is tested is ever happy.
        ({"emotion": ["happy"] * 24 + ["angry", "sad"] * 36}, "no training speaker shows happy"),
    ],
)
def test_corpora_that_cannot_be_trained_on(
    make_toy: Make, tmp_path: Path, columns: dict[str, list[Any]], message: str
) -> None:
    workspace = make_toy(tmp_path, text=False, **columns)
    with pytest.raises(BadInputError) as caught:
        load_data(Config().changed(data={"corpus": "toy"}), workspace)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unlabelled_rows_are_kept_but_not_used(make_toy: Make, tmp_path: Path) -> None:
    workspace = make_toy(tmp_path, text=False, emotion=(["angry", "sad", None] * 32))
    data = load_data(Config().changed(data={"corpus": "toy"}), workspace)
    assert len(data.table) == 96
    assert data.rows("unused").sum() == 32
    assert (data.labels[data.rows("unused")] == -1).all()


def test_vectors_that_are_no_numbers(make_toy: Make, tmp_path: Path) -> None:
    workspace = make_toy(tmp_path, text=False)
    from core.encoders import Embeddings
    from core.encoders.writer import StoreWriter

    folder = workspace.embeddings_folder("toy", "whisper@3-mean")
    meta = {key: value for key, value in Embeddings.open(folder).meta.items() if key not in ("complete", "rows")}
    with StoreWriter(folder, meta) as writer:
        writer.append("s1-sad-3", b"87654321", np.full(24, np.nan, dtype=np.float32))
        writer.finish(complete=True, problems=[])
    with pytest.raises(BadInputError, match=r"embeddings whisper@3-mean: .*'s1-sad-3'.* NaN") as caught:
        load_data(Config().changed(data={"corpus": "toy"}), workspace)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["../x", "a/b", "/tmp/x", ".", "..", ".hidden", "a b", "x" * 129, "a\0b", "é", "-x", "x.tmp"]
)
def test_names_that_lead_elsewhere(toy, tmp_path: Path, name: str) -> None:
    workspace = Workspace(tmp_path / "w")
    with pytest.raises(BadInputError, match="cannot name a run"):
        create_run(toy.config, workspace, name)
    with pytest.raises(BadInputError):
        resume_job(workspace, name)
    assert [path for path in tmp_path.rglob("*") if path.name not in ("w", "runs")] == []


def test_a_name_is_taken_once(toy, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    create_run(toy.config, workspace, "mine")
    with pytest.raises(BadInputError, match="run 'mine' exists already; go on with `mirage resume mine`"):
        create_run(toy.config, workspace, "mine")
    # Nor is a link followed to somewhere else.
    (workspace.runs / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(BadInputError, match="exists already"):
        create_run(toy.config, workspace, "link")
    assert not (tmp_path / "outside").exists()
    names = [create_run(toy.config, workspace).name for _ in range(3)]
    assert names == ["toy-seed0-fold0", "toy-seed0-fold0-2", "toy-seed0-fold0-3"]
