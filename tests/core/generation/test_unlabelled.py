"""Emotions of unlabelled rows: told from clusters, from two modalities, and from text only where it says anything."""

from __future__ import annotations

import numpy as np
import pytest

from core.generation import Aligned, tell_apart
from core.generation.unlabelled import speaks_of_emotion, told_by_features

CLASSES, DIM = 4, 8


def drawn(rng: np.random.Generator, labels: np.ndarray, apart: float) -> np.ndarray:
    """(n, DIM) rows around centres that are ``apart``, wider along one direction than along the others."""
    centres = apart * np.eye(CLASSES, DIM)
    wide = np.ones(DIM)
    wide[-1] = 9.0
    return centres[labels] + wide * rng.standard_normal((len(labels), DIM))


def right(shares: np.ndarray, labels: np.ndarray) -> float:
    return float((shares.argmax(axis=1) == labels).mean())


def nearest(x: np.ndarray, labels: np.ndarray, more: np.ndarray) -> np.ndarray:
    centres = np.stack([x[labels == index].mean(axis=0) for index in range(CLASSES)])
    return -((more[:, None] - centres) ** 2).sum(axis=2)


@pytest.mark.parametrize("seed", range(3))
def test_unlabelled_rows_say_what_few_labels_cannot(seed: int) -> None:
    rng = np.random.default_rng(seed)
    few, many = np.arange(CLASSES).repeat(3), rng.integers(CLASSES, size=400)
    x, more = drawn(rng, few, 4.0), drawn(rng, many, 4.0)
    shares = told_by_features(x, few, CLASSES, more)
    assert shares.shape == (400, CLASSES)
    assert np.allclose(shares.sum(axis=1), 1.0)
    assert right(shares, many) > 0.9
    assert right(shares, many) > right(nearest(x, few, more), many) + 0.1


def test_rows_without_any_variation() -> None:
    x = np.eye(CLASSES, DIM)
    shares = told_by_features(x, np.arange(CLASSES), CLASSES, np.concatenate([x, x]))
    assert np.array_equal(shares.argmax(axis=1), np.tile(np.arange(CLASSES), 2))


def corpus(rng: np.random.Generator, rows: int, meaning: bool) -> tuple[Aligned, np.ndarray]:
    """Audio that overlaps; 40 transcripts that each stand for one emotion, or are said in every emotion."""
    labels = np.arange(rows) % CLASSES
    groups = rng.integers(10, size=rows) * CLASSES + labels if meaning else np.arange(rows) // CLASSES % 40
    texts = drawn(np.random.default_rng(99), np.arange(40) % CLASSES, 3.0)
    return Aligned(drawn(rng, labels, 3.0), texts[groups], np.ones(rows, dtype=bool), groups), labels


def test_text_helps_where_it_carries_emotion() -> None:
    rng = np.random.default_rng(0)
    (few, labels), (many, truth) = corpus(rng, 24, True), corpus(rng, 400, True)
    alone = told_by_features(few.h, labels, CLASSES, many.h)
    both = tell_apart(few, labels, CLASSES, many, seed=0)
    assert right(both, truth) > right(alone, truth) + 0.03
    # Rows without text are told by audio alone.
    silent = np.arange(400) % 2 == 0
    part = Aligned(many.h, np.where(silent[:, None], 0.0, many.t), ~silent, np.where(silent, -1, many.groups))
    mixed = tell_apart(few, labels, CLASSES, part, seed=0)
    assert np.allclose(mixed[silent], alone[silent])
    assert not np.allclose(mixed[~silent], alone[~silent])


def test_text_that_says_nothing_is_not_heard() -> None:
    heard = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        (few, labels), (many, _) = corpus(rng, 24, False), corpus(rng, 400, False)
        alone = told_by_features(few.h, labels, CLASSES, many.h)
        heard += not np.allclose(tell_apart(few, labels, CLASSES, many, seed=seed), alone)
    assert heard <= 1


def test_too_few_transcripts_to_judge() -> None:
    shares = np.eye(CLASSES)[np.arange(200) % CLASSES] * 0.96 + 0.01
    assert not speaks_of_emotion(shares, shares, np.arange(200) % CLASSES, seed=0)
    assert speaks_of_emotion(shares, shares, np.arange(200) % (8 * CLASSES), seed=0)
