"""MirageSampler with a small generator that is one: class means, codes, noise, a classifier of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
import torch
from imblearn.pipeline import make_pipeline
from scipy.spatial.distance import cdist
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from core.augmentation import FILTERS, MirageSampler
from core.errors import BadInputError, FailureError
from core.information import posterior_pointwise_mi

CLASSES = ["angry", "happy", "sad"]
DIM = 6


@dataclass
class Batch:
    audio: np.ndarray
    text: np.ndarray | None


class SmallRun:
    """A linear generator h_hat = mean of the class + A (u, z), with the exact posterior as Q head."""

    classes = CLASSES
    dim = DIM
    mode = "free"

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(0)
        self.means = 1.2 * torch.randn(len(CLASSES), DIM, generator=generator)

    def generate(
        self, emotion: str, n: int = 1, *, truncation: float = 1.0, seed: int = 0, paired: bool = False
    ) -> Batch:
        noise = torch.randn(n, DIM, generator=torch.Generator().manual_seed(seed))
        return Batch((self.means[CLASSES.index(emotion)] + truncation * noise).numpy(), None)

    def posterior(self, h: np.ndarray) -> np.ndarray:
        return (-0.5 * torch.cdist(torch.tensor(h).float(), self.means).square()).softmax(dim=1).numpy()

    def recovered(self, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.posterior(h), np.zeros((len(h), 1))

    def pointwise_mi(self, h: np.ndarray, emotion: str) -> np.ndarray:
        labels = np.full(len(h), CLASSES.index(emotion))
        return posterior_pointwise_mi(self.posterior(h), labels, np.full(len(CLASSES), 1.0 / len(CLASSES)))

    def training_features(self, emotion: str) -> np.ndarray:
        return self.generate(emotion, 80, seed=5).audio


@pytest.fixture
def run() -> SmallRun:
    return SmallRun()


@pytest.fixture
def data(run: SmallRun) -> tuple[np.ndarray, np.ndarray]:
    counts = {"angry": 60, "happy": 25, "sad": 8}
    rows = [run.generate(name, count, seed=900 + count).audio for name, count in counts.items()]
    return np.concatenate(rows), np.repeat(list(counts), list(counts.values()))


def count(y: np.ndarray) -> dict[str, int]:
    return dict(pd.Series(y).value_counts())


def test_balances_and_keeps_the_real_rows_first(run: SmallRun, data: tuple[np.ndarray, np.ndarray]) -> None:
    X, y = data
    sampler = MirageSampler(run)
    X_new, y_new = sampler.fit_resample(X, y)
    assert count(y_new) == {"angry": 60, "happy": 60, "sad": 60}
    assert np.array_equal(X_new[: len(X)], X)
    assert np.array_equal(y_new[: len(y)], y)
    assert X_new.dtype == X.dtype
    assert sampler.sampling_strategy_ == {"happy": 35, "sad": 52}
    assert all(0.0 < share <= 1.0 for share in sampler.acceptance_.values())


@pytest.mark.parametrize("name", list(FILTERS))
def test_filters(name: str, run: SmallRun, data: tuple[np.ndarray, np.ndarray]) -> None:
    X, y = data
    sampler = MirageSampler(run, filter=name)
    X_new, y_new = sampler.fit_resample(X, y)
    made, labels = X_new[len(X) :], y_new[len(y) :]
    index = np.array([CLASSES.index(label) for label in labels])
    if name == "none":
        assert set(sampler.acceptance_.values()) == {1.0}
    if name == "recovered":
        assert (run.posterior(made).argmax(axis=1) == index).all()
    if name == "pointwise":
        assert (run.posterior(made)[np.arange(len(made)), index] > 1 / 3).all()
    if name == "density":
        assert any(share < 1.0 for share in sampler.acceptance_.values())
        for label in CLASSES:
            real = run.training_features(label)
            radii = np.sort(cdist(real, real), axis=1)[:, 5]
            assert (cdist(made[labels == label], real) <= radii).any(axis=1).all()


def test_same_seed_same_rows(run: SmallRun, data: tuple[np.ndarray, np.ndarray]) -> None:
    X, y = data
    first, _ = MirageSampler(run, seed=3).fit_resample(X, y)
    again, _ = clone(MirageSampler(run, seed=3)).fit_resample(X, y)
    assert clone(MirageSampler(run)).run is run
    other, _ = MirageSampler(run, seed=4).fit_resample(X, y)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    one, _ = MirageSampler(run, seed=3, sampling_strategy={"sad": 60}).fit_resample(X, y)
    assert np.array_equal(one[len(X) :], first[len(X) + 35 :])


def test_strategies(run: SmallRun, data: tuple[np.ndarray, np.ndarray]) -> None:
    X, y = data
    assert count(MirageSampler(run, sampling_strategy={"sad": 30}).fit_resample(X, y)[1])["sad"] == 30
    assert count(MirageSampler(run, sampling_strategy="minority").fit_resample(X, y)[1])["happy"] == 25
    assert count(MirageSampler(run, sampling_strategy="all").fit_resample(X, y)[1]) == dict.fromkeys(CLASSES, 60)


def test_share_adds_to_the_balanced_set(run: SmallRun, data: tuple[np.ndarray, np.ndarray]) -> None:
    X, y = data
    sampler = MirageSampler(run, share=0.5)
    assert count(sampler.fit_resample(X, y)[1]) == dict.fromkeys(CLASSES, 90)
    assert sampler.added_ == {"angry": 30, "happy": 65, "sad": 82}
    # A class that is asked for first keeps its rows; without balancing every class gets its share.
    only = MirageSampler(run, share=1.0, sampling_strategy={"sad": 8})
    assert count(only.fit_resample(X, y)[1]) == {"angry": 120, "happy": 50, "sad": 16}


def test_data_frames_stay_data_frames(run: SmallRun, data: tuple[np.ndarray, np.ndarray]) -> None:
    frame = pd.DataFrame(data[0], columns=[f"h{i}" for i in range(DIM)])
    X_new, y_new = MirageSampler(run).fit_resample(frame, pd.Series(data[1], name="emotion"))
    assert list(X_new.columns) == list(frame.columns)
    assert y_new.name == "emotion"
    assert len(X_new) == len(y_new) == 180


def test_in_a_pipeline(run: SmallRun, data: tuple[np.ndarray, np.ndarray]) -> None:
    model = make_pipeline(MirageSampler(run), LogisticRegression()).fit(*data)
    fresh = np.concatenate([run.generate(name, 200, seed=77).audio for name in CLASSES])
    assert (model.predict(fresh) == np.repeat(CLASSES, 200)).mean() > 0.75


def test_faults_are_named(run: SmallRun, data: tuple[np.ndarray, np.ndarray]) -> None:
    X, y = data
    with pytest.raises(BadInputError, match="X has 5 columns, the run generates features of 6"):
        MirageSampler(run).fit_resample(X[:, :5], y)
    with pytest.raises(BadInputError, match="does not know boredom; its emotions: angry, happy, sad"):
        MirageSampler(run).fit_resample(X, np.where(y == "sad", "boredom", y))
    with pytest.raises(
        BadInputError, match="there is no filter 'guess'; there are: none, recovered, pointwise, density"
    ):
        MirageSampler(run, filter="guess").fit_resample(X, y)
    with pytest.raises(BadInputError, match="there is no layer 'last'; there are: auto, aligned, input"):
        MirageSampler(run, layer="last").fit_resample(X, y)  # type: ignore[arg-type]
    with pytest.raises(BadInputError, match="share -1: at least 0"):
        MirageSampler(run, share=-1).fit_resample(X, y)
    with pytest.raises(BadInputError, match="seed -1: from 0"):
        MirageSampler(run, seed=-1).fit_resample(X, y)
    with pytest.raises(BadInputError, match="mask"):
        MirageSampler(run, filter=lambda run, batch, emotion: np.ones(3)).fit_resample(X, y)
    with pytest.raises(FailureError, match="of 700 generated happy features only 0 passed"):
        MirageSampler(run, filter=lambda run, batch, emotion: np.zeros(len(batch.audio))).fit_resample(X, y)
