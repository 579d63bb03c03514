"""What a finished run says of itself and of features: answers that agree with the definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.config import Config
from core.errors import BadInputError
from core.runs import LoadedRun, load_run, measure_effects, measure_information

SEED = 11


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
