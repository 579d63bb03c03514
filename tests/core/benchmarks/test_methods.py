"""What each method makes of aligned features."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.augmentation.policy import added_rows, keep_drawing
from core.benchmarks import METHODS, find_methods
from core.benchmarks.methods.base import Setting, crossed
from core.benchmarks.problems import Features
from core.benchmarks.recogniser import FINE
from core.benchmarks.tuning import Validation, choose, unweighted
from core.config import Config
from core.errors import BadInputError

CONFIG = Config().changed(generation={"steps": 8, "batch": 32, "hidden": 16, "noise": 5, "codes": 2})


def features(seed: int = 0, sizes: tuple[int, ...] = (20, 20, 6), text: bool = True) -> Features:
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    rows = len(labels)
    has_text = (np.arange(rows) % 4 > 0) & text
    h = rng.standard_normal((rows, 6)) + labels[:, None] * [1, -1, 1, -1, 1, -1]
    h = ((h - h.mean(axis=1, keepdims=True)) / h.std(axis=1, keepdims=True)).astype(np.float32)
    t = (rng.standard_normal((rows, 6)) * has_text[:, None]).astype(np.float32)
    return Features(
        h=h,
        labels=labels,
        t=t if text else None,
        has_text=has_text,
        groups=np.arange(rows) % 5,
        classes=len(sizes),
        h_unseen=h[::3],
        t_unseen=t[::3] if text else None,
        seed=seed,
    )


@pytest.mark.parametrize("name", METHODS)
def test_training_sets(name: str) -> None:
    method = METHODS[name]
    own = features()
    networks = method.networks(CONFIG, True)
    made = [None] if networks is None else networks.train([own], lambda: None)
    for with_text in (False, True):
        X, Y = own.real(with_text)
        sizes = []
        settings = method.settings_for(with_text)
        for setting in (settings[0], settings[-1]):
            found = method.training_set(own, made[0], setting, with_text)
            # The real rows come first, unchanged.
            assert np.array_equal(found.X[: len(X)], X)
            assert np.array_equal(found.Y[: len(X)], Y)
            assert len(found.X) == len(found.Y) == len(found.weights) == len(X) + found.added
            assert np.isfinite(found.X).all()
            assert np.allclose(found.Y.sum(axis=1), 1.0)
            if name != "class-weights":
                # A mixture counts for both of its classes by the mean of their weights: nearly alike, not quite.
                tolerance = 0.2 if name == "mixup" or setting.audio is not None else 1e-6
                assert np.allclose(found.Y.T @ found.weights, found.weights.sum() / 3, rtol=tolerance)
            again = method.training_set(own, made[0], setting, with_text)
            assert np.array_equal(found.X, again.X)
            sizes.append(found.added)
        if name in ("none", "class-weights", "self-training", "mirage-no-generator"):
            assert sizes == [0, 0]
        else:
            assert 0 < sizes[0] <= sizes[1]


def test_guessed_labels_count_by_their_weight() -> None:
    own = replace(features(text=False), guessed=np.arange(46) % 2 == 1)
    method = METHODS["self-training"]
    for setting in method.settings:
        found = method.training_set(own, None, setting, False)
        for emotion in range(3):
            rows = own.labels == emotion
            told, guessed = found.weights[rows & ~own.guessed], found.weights[rows & own.guessed]
            assert np.allclose(guessed, setting.value * told[0])
            # Every emotion weighs the same in all, however many rows were guessed to be of it.
            assert found.weights[rows].sum() == pytest.approx(found.weights.sum() / 3)


def test_all_are_tuned_alike() -> None:
    assert {method.candidates for method in METHODS.values()} == {FINE}
    for with_text in (False, True):
        assert {len(method.settings_for(with_text)) for name, method in METHODS.items() if name != "none"} == {4}


def test_ablations() -> None:
    def networks(name: str, text: bool):
        return METHODS[name].networks(CONFIG, text)

    assert networks("mirage", True).mode == "text"  # type: ignore[union-attr]
    assert networks("mirage-no-text", True).mode == "free"  # type: ignore[union-attr]
    # Without text the generator of mirage is that without text: it is trained once for both.
    assert networks("mirage-no-text", False) == networks("mirage", False)
    # No MI in the generator is what cgan is, held to its text by the discriminator; mirage-no-mi has none in the
    # alignment either.
    assert networks("mirage-no-mi", False) == networks("cgan", False)
    judged = [networks(name, True).config.judge_text for name in ("cgan", "mirage", "mirage-no-mi")]  # type: ignore[union-attr]
    assert judged == [True, False, False]
    assert METHODS["mirage-no-mi"].align(CONFIG.alignment).w_mi == 0.0
    assert METHODS["cgan"].align(CONFIG.alignment) == CONFIG.alignment
    cgan = networks("cgan", True)
    assert (cgan.config.w_c, cgan.config.w_u, cgan.config.w_t, cgan.filtered) == (0.0, 0.0, 0.0, False)  # type: ignore[union-attr]
    changed = METHODS["mirage-no-contrastive"].align(CONFIG.alignment)
    assert (changed.w_con, changed.w_sup) == (0.0, 0.0)


def test_crossed_pairs_are_labelled_by_both() -> None:
    rng = np.random.default_rng(0)
    rows = np.arange(12.0).reshape(6, 2).repeat(2, axis=1)
    labels = np.eye(3)[[0, 0, 1, 1, 2, 2]]
    same, own = crossed(rows, labels, Setting(1.0, "x"), rng)
    assert same is rows
    assert own is labels
    mixed, shares = crossed(rows, labels, Setting(1.0, "x", audio=0.7), rng)
    assert np.array_equal(mixed[:, :2], rows[:, :2])
    assert not np.array_equal(mixed[:, 2:], rows[:, 2:])
    # Each text is used once, and brings its emotion with it.
    of = [int(np.flatnonzero((rows[:, 2:] == text).all(axis=1))[0]) for text in mixed[:, 2:]]
    assert sorted(of) == list(range(6))
    assert np.allclose(shares, 0.7 * labels + 0.3 * labels[of])


def test_smote_with_hardly_any_rows() -> None:
    own = features(sizes=(20, 2, 1), text=False)
    found = METHODS["smote"].training_set(own, None, METHODS["smote"].settings[0], False)
    counts = found.Y.sum(axis=0)
    # Two rows have a line between them; one row alone has none.
    assert counts[2] == 1
    assert counts[1] > 2


def test_smote_stays_between_rows_of_a_class() -> None:
    own = features(text=False)
    found = METHODS["smote"].training_set(own, None, METHODS["smote"].settings[2], False)
    more, labels = found.X[len(own.h) :], found.Y[len(own.h) :].argmax(axis=1)
    for label in range(3):
        real = own.h[own.labels == label]
        made = more[labels == label]
        assert (made >= real.min(axis=0) - 1e-5).all()
        assert (made <= real.max(axis=0) + 1e-5).all()


def test_amounts() -> None:
    assert added_rows(np.array([10, 10]), 0.5).tolist() == [5, 5]
    # A class that is short is filled up to the mean first; one that is missing cannot be.
    assert added_rows(np.array([100, 100, 10, 0]), 0.0).tolist() == [0, 0, 42, 0]


def test_rows_are_drawn_until_the_filter_is_content() -> None:
    numbers = iter(range(1000))

    def draw(count: int) -> np.ndarray:
        return np.array([[next(numbers)] for _ in range(count)]).reshape(count, 1)

    rows, passed = keep_drawing(6, draw, lambda rows: rows[:, 0] % 2 == 0)
    assert rows[:, 0].tolist() == [0, 2, 4, 6, 8, 10]
    assert passed == pytest.approx(0.5)
    # What refuses everything ends too, with rows as they come.
    rows, passed = keep_drawing(3, draw, lambda rows: np.zeros(len(rows), dtype=bool))
    assert (len(rows), passed) == (3, 0.0)
    assert keep_drawing(0, draw, lambda rows: rows[:, 0] > 0)[0].shape == (0, 1)


def test_ties_go_to_the_weakest() -> None:
    own = features(text=False, sizes=(12, 12, 12))
    method = METHODS["noise"]
    # Nobody to be told apart: each candidate is right about everyone of one class, or the truth is drawn.
    truth = np.full(len(own.h_unseen), 1)
    far = Features(**{**own.__dict__, "h_unseen": np.tile(own.h[own.labels == 1].mean(axis=0), (len(truth), 1))})
    choice = choose(method, [Validation(far, None, truth, truth < 0)], "audio")
    assert (choice.setting, choice.strength, choice.ua) == (0, method.strengths_for(False)[0], 1.0)
    nobody = choose(method, [], "audio")
    assert (nobody.setting, nobody.ua) == (0, None)


def test_unweighted_recall() -> None:
    assert unweighted(np.array([0, 0, 0, 2]), np.array([0, 0, 1, 2])) == pytest.approx((2 / 3 + 1) / 2)


def test_methods_are_named_or_refused() -> None:
    assert [method.name for method in find_methods(["smote", " none ", "none"])] == ["none", "smote"]
    with pytest.raises(BadInputError, match="methods magic: unknown; there are: none, class-weights, noise"):
        find_methods(["none", "magic"])
    with pytest.raises(BadInputError, match="no method is named"):
        find_methods([" ", ""])
