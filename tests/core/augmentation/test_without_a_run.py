"""MirageSampler that fits alignment and generator itself: imbalanced-learn's own checks, and real embeddings."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from imblearn.pipeline import make_pipeline
from imblearn.utils.estimator_checks import parametrize_with_checks
from scipy.spatial.distance import cdist
from sklearn import config_context
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.preprocessing import StandardScaler

from core.augmentation import Decoder, MirageSampler
from core.config import Config
from core.demo import ASSETS
from core.errors import BadInputError
from core.evaluation import frechet_distance
from core.runs import LoadedRun, load_run
from core.runs.data import RunData, load_data
from core.workspace import Workspace

DEMO = Workspace(ASSETS / "workspace")
TINY = {
    "alignment": {"dim": 8, "steps": 20, "batch": 32},
    "generation": {
        **{"steps": 60, "batch": 32, "hidden": 32, "noise": 4, "codes": 2},
        **{"learning_rate": 2e-3, "critic_learning_rate": 4e-3},
    },
    "training": {"device": "cpu"},
}
SMALL = {
    "alignment": {"dim": 32, "steps": 100, "batch": 64},
    "generation": {
        **{"steps": 150, "batch": 64, "hidden": 64},
        **{"learning_rate": 2e-3, "critic_learning_rate": 4e-3},
    },
    "training": {"device": "cpu"},
}


@parametrize_with_checks([MirageSampler(config=TINY)])
def test_imbalanced_learn_checks(estimator: Any, check: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # labels of a shape that the check itself calls unusual
        check(estimator)


@pytest.fixture(scope="module")
def speech() -> RunData:
    """The demo's 576 utterances: embeddings of a real speech encoder, 4 emotions, 8 speakers."""
    return load_data(Config(), DEMO)


@pytest.fixture(scope="module")
def short_of_sad(speech: RunData) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Embeddings, emotions and speakers; of ``sad`` only every sixth utterance."""
    labels = speech.table["label"].to_numpy(dtype=object).astype(str)
    kept = (labels != "sad") | (np.cumsum(labels == "sad") % 6 == 0)
    return speech.audio[kept], labels[kept], speech.table["speaker"].to_numpy(dtype=object)[kept]


def test_cross_validation_on_real_embeddings(short_of_sad: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    X, y, speakers = short_of_sad
    model = make_pipeline(StandardScaler(), MirageSampler(config=SMALL), LogisticRegression(C=0.01, max_iter=500))
    found = cross_val_score(
        model, X, y, groups=speakers, cv=GroupKFold(3), scoring="balanced_accuracy", error_score="raise"
    )
    assert found.mean() > 0.5  # chance is 0.25


def test_generated_embeddings_are_like_real_ones(short_of_sad: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    X, y, speakers = short_of_sad
    sampler = MirageSampler(config=SMALL, share=1.0, seed=1)
    X_new, y_new = sampler.fit_resample(X, y, speakers=speakers)
    assert np.array_equal(X_new[: len(X)], X)
    assert X_new.dtype == X.dtype
    assert {name: (y_new == name).sum() for name in np.unique(y)} == dict.fromkeys(np.unique(y), 288)
    made, labels = X_new[len(X) :], y_new[len(y) :]
    # Their spread is that of real embeddings, none lies on a real one.
    scale = StandardScaler().fit(X)
    real, new = scale.transform(X), scale.transform(made)
    assert 0.7 < new.std(axis=0).mean() / real.std(axis=0).mean() < 1.3
    assert cdist(new, real).min() > 0.25 * np.median(np.sort(cdist(real, real), axis=1)[:, 1])
    # They are recognised at least as often as real ones of speakers that the classifier does not know.
    classifier = LogisticRegression(C=0.01, max_iter=500)
    unknown = cross_val_score(classifier, real, y, groups=speakers, cv=GroupKFold(4)).mean()
    assert (classifier.fit(real, y).predict(new) == labels).mean() > unknown > 0.5
    # The same seed, the same rows; speakers matter to the alignment that is fitted.
    again, _ = MirageSampler(config=SMALL, share=1.0, seed=1).fit_resample(X, y, speakers=speakers)
    assert np.array_equal(again, X_new)
    assert not np.array_equal(MirageSampler(config=SMALL, share=1.0, seed=1).fit_resample(X, y)[0], X_new)
    with pytest.raises(BadInputError, match="one name for each of the"):
        sampler.fit_resample(X, y, speakers=speakers[:5])


def test_speakers_by_metadata(short_of_sad: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    X, y, speakers = short_of_sad
    direct, labels = MirageSampler(config=TINY).fit_resample(X, y, speakers=speakers)
    with config_context(enable_metadata_routing=True):
        sampler = MirageSampler(config=TINY).set_fit_resample_request(speakers=True)
        model = make_pipeline(sampler, LogisticRegression(C=0.01, max_iter=500)).fit(X, y, speakers=speakers)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = LogisticRegression(C=0.01, max_iter=500).fit(direct, labels)
    assert np.array_equal(model[-1].coef_, wanted.coef_)


def test_layers_of_a_run(speech: RunData) -> None:
    run: LoadedRun = load_run(DEMO.run_folder("demo"))
    train = speech.rows("train") & ((np.arange(len(speech.labels)) % 3 == 0) | (speech.labels > 0))
    X, y = speech.audio[train], speech.table["label"].to_numpy(dtype=object)[train].astype(str)
    aligned, labels = MirageSampler(run).fit_resample(run.h[train], y)
    embeddings, same = MirageSampler(run, filter="density").fit_resample(X, y)
    assert np.array_equal(labels, same)
    assert aligned.shape[1] == run.dim
    assert embeddings.shape[1] == X.shape[1]
    # Brought back to embeddings and aligned anew, a feature still speaks of the emotion that was asked for.
    seen = run.posterior(run.align_audio(embeddings[len(X) :])).argmax(axis=1)
    assert (np.asarray(run.classes)[seen] == same[len(X) :]).mean() > 0.8
    with pytest.raises(BadInputError, match=r"generates features of 64.*or use layer='input'"):
        MirageSampler(run, layer="aligned").fit_resample(X, y)
    # A generator on features that are aligned already, without a run.
    again, _ = MirageSampler(config=TINY, layer="aligned").fit_resample(run.h[train], y)
    np.testing.assert_allclose(again.mean(axis=1), 0.0, atol=1e-4)
    with pytest.raises(BadInputError, match=r"layer='aligned' takes aligned features"):
        MirageSampler(config=TINY, layer="aligned").fit_resample(X, y)


def test_decoder_gives_back_mean_and_covariance() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 400)
    h = rng.normal(size=(800, 4)) + labels[:, None]
    mixing, rest = rng.normal(size=(4, 10)), rng.normal(size=(10, 10))
    X = h @ mixing + rng.normal(size=(800, 10)) @ rest + 3.0 * labels[:, None]
    decode = Decoder(X, h, labels, 2)
    for label in (0, 1):
        fresh = rng.normal(size=(2000, 4)) + label
        wanted = fresh @ mixing + rng.normal(size=(2000, 10)) @ rest + 3.0 * label
        made = decode(fresh, label, rng)
        assert frechet_distance(made, wanted) < 0.03 * np.trace(np.cov(wanted, rowvar=False))
    assert np.array_equal(decode(h, 0, np.random.default_rng(1)), decode(h, 0, np.random.default_rng(1)))
    assert not np.array_equal(decode(h, 0, np.random.default_rng(1)), decode(h, 0, np.random.default_rng(2)))


def test_faults_of_the_fit() -> None:
    X, y = np.random.default_rng(0).normal(size=(30, 4)), np.repeat(["a", "b"], [20, 10])
    with pytest.raises(BadInputError, match=r"there is no key 'generation\.stepz'"):
        MirageSampler(config={"generation": {"stepz": 3}}).fit_resample(X, y)
    # Nothing to add: nothing is fitted.
    X_new, _ = MirageSampler(config=Config()).fit_resample(X[:20], np.repeat(["a", "b"], 10))
    assert np.array_equal(X_new, X[:20])
