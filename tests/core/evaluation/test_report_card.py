"""The report card on draws from known distributions: honest, copying, poor, and with emotions missing."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.errors import BadInputError
from core.evaluation import report_card

CLASSES = ["angry", "happy", "sad"]


@pytest.fixture
def means() -> np.ndarray:
    return 2.0 * np.random.default_rng(9).normal(size=(3, 6))


def draw(means: np.ndarray, each: int, seed: int, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """``each`` rows of every class; ``shift`` is what other speakers sound like."""
    rng = np.random.default_rng(seed)
    rows = np.repeat(means, each, axis=0) + rng.normal(size=(3 * each, 6)) + shift
    return rows, np.repeat(np.asarray(CLASSES, dtype=object), each)


def test_fresh_draws_do_as_real_features_do(means: np.ndarray) -> None:
    card = report_card(
        *draw(means, 300, 1), *draw(means, 100, 2), *draw(means, 50, 3, shift=0.4), classes=CLASSES, seed=4
    )
    assert list(card.comparisons) == ["all", *CLASSES]
    assert card.copying is False
    assert card.notes == ()
    everything = card.comparisons["all"]
    assert (everything.rows, everything.n_generated, everything.n_train, everything.n_held_out) == (150, 900, 300, 150)
    assert everything.figures is not None
    for name, pair in everything.figures.items():
        assert pair.generated == pytest.approx(pair.real, rel=0.2, abs=0.06), name
    # Other speakers are told apart, though nothing is wrong with what was generated.
    assert everything.figures["auc"].real > 0.55
    assert card.recognition.ua.generated == pytest.approx(card.recognition.ua.real, abs=0.03)
    assert card.recognition.ua.real > 0.85
    again = report_card(
        *draw(means, 300, 1), *draw(means, 100, 2), *draw(means, 50, 3, shift=0.4), classes=CLASSES, seed=4
    )
    assert json.dumps(again.to_dict()) == json.dumps(card.to_dict())


def test_copies_are_caught(means: np.ndarray) -> None:
    train, labels = draw(means, 100, 2)
    held_out = draw(means, 50, 3)
    fresh, asked = draw(means, 200, 1)
    rng = np.random.default_rng(0)
    for share, noise in ((1.0, 0.0), (1.0, 0.05), (0.15, 0.0)):
        made = fresh.copy()
        for name in CLASSES:
            rows = np.flatnonzero(asked == name)[: int(share * 200)]
            sources = rng.choice(np.flatnonzero(labels == name), len(rows))
            made[rows] = train[sources] + noise * rng.normal(size=(len(rows), 6))
        card = report_card(made, asked, train, labels, *held_out, classes=CLASSES)
        assert card.copying, (share, noise)
        near = card.comparisons["all"].closeness
        assert near is not None
        assert near.copies == pytest.approx(share, abs=0.05)
        assert all(card.comparisons[name].closeness.copies > 0.1 for name in CLASSES)  # type: ignore[union-attr]


def test_a_poor_generator_is_seen(means: np.ndarray) -> None:
    made, asked = draw(means, 200, 1)
    # Too little variety within the emotions, and two of them mixed up.
    made = np.repeat(means, 200, axis=0) + 0.3 * (made - np.repeat(means, 200, axis=0))
    asked = np.where(asked == "sad", "happy", np.where(asked == "happy", "sad", asked))
    card = report_card(made, asked, *draw(means, 100, 2), *draw(means, 50, 3), classes=CLASSES)
    figures = card.comparisons["angry"].figures
    assert figures is not None
    assert figures["recall"].generated < 0.5 * figures["recall"].real
    assert figures["precision"].generated > 0.8
    assert figures["frechet"].generated > 2 * figures["frechet"].real
    assert figures["auc"].generated > figures["auc"].real + 0.2
    assert card.recognition.recall["sad"].generated < 0.2  # type: ignore[union-attr]
    assert card.recognition.recall["angry"].generated > 0.8  # type: ignore[union-attr]


def test_emotions_that_cannot_be_compared(means: np.ndarray) -> None:
    rows, labels = draw(means, 50, 3)
    few = (labels == "angry") | ((labels == "happy") & (np.arange(150) < 53))
    card = report_card(*draw(means, 100, 1), *draw(means, 100, 2), rows[few], labels[few], classes=CLASSES)
    assert card.notes == (
        "happy: 3 held-out features, at least 10 are needed; left out of the comparison",
        "sad: 0 held-out features, at least 10 are needed; left out of the comparison",
    )
    assert card.comparisons["sad"].figures is None
    assert card.comparisons["sad"].closeness is None
    assert card.comparisons["all"].rows == 50
    assert card.recognition.recall["sad"] is None
    assert card.recognition.recall["happy"] is not None
    none = labels == "nobody"
    with pytest.raises(BadInputError, match="no emotion can be compared; angry: 0 held-out features"):
        report_card(*draw(means, 100, 1), *draw(means, 100, 2), rows[none], labels[none], classes=CLASSES)


def test_faults(means: np.ndarray) -> None:
    made, asked = draw(means, 20, 1)
    with pytest.raises(BadInputError, match="differ in width"):
        report_card(made[:, :5], asked, made, asked, made, asked, classes=CLASSES)
    with pytest.raises(BadInputError, match=r"training features .* do not fit"):
        report_card(made, asked, made, asked[:3], made, asked, classes=CLASSES)
