"""Which training utterances a condition leaves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.benchmarks import Condition
from core.errors import BadInputError

CLASSES = ["angry", "happy", "sad"]


def corpus(speakers: int = 10, each: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    names = np.repeat([f"s{number}" for number in range(speakers)], 3 * each).astype(object)
    labels = np.tile(np.repeat([0, 1, 2], each), speakers)
    return names != "s0", labels, names


@pytest.mark.parametrize(("name", "share"), [("50", 0.5), ("25 %", 0.25), ("10%", 0.1)])
def test_shares_are_stratified(name: str, share: float) -> None:
    train, labels, speakers = corpus()
    condition = Condition.parse(name, CLASSES)
    kept = condition.subset(train, labels, speakers, CLASSES, seed=0)
    assert not (kept & ~train).any()
    for label in range(3):
        assert kept[labels == label].sum() == round(share * 36)
    for speaker in sorted(set(speakers[train])):
        # 4 utterances of each class: every speaker keeps about the share.
        assert abs(kept[speakers == speaker].sum() - 12 * share) <= 3
    assert np.array_equal(kept, condition.subset(train, labels, speakers, CLASSES, seed=0))
    assert not np.array_equal(kept, condition.subset(train, labels, speakers, CLASSES, seed=1))


def test_one_class_is_cut() -> None:
    train, labels, speakers = corpus()
    kept = Condition.parse("cut:happy", CLASSES).subset(train, labels, speakers, CLASSES, seed=0)
    assert [int(kept[labels == label].sum()) for label in range(3)] == [36, 4, 36]


def test_all_is_all() -> None:
    train, labels, speakers = corpus()
    assert np.array_equal(Condition.parse("all", CLASSES).subset(train, labels, speakers, CLASSES, 0), train)


@given(st.integers(0, 1000), st.lists(st.integers(0, 2), min_size=6, max_size=60), st.sampled_from(["10", "cut:sad"]))
def test_every_class_is_kept(seed: int, drawn: list[int], name: str) -> None:
    labels = np.array([*drawn, 0, 1, 2])
    speakers = np.array([f"s{number % 4}" if number % 5 else None for number in range(len(labels))], dtype=object)
    train = np.ones(len(labels), dtype=bool)
    kept = Condition.parse(name, CLASSES).subset(train, labels, speakers, CLASSES, seed)
    for label in range(3):
        assert kept[labels == label].sum() >= min(2, (labels == label).sum())


@pytest.mark.parametrize(
    ("name", "reason"),
    [("20", "choose all, 50, 25, 10"), ("cut:", "cut:EMOTION"), ("cut:fear", "the classes are angry, happy, sad")],
)
def test_others_are_refused(name: str, reason: str) -> None:
    with pytest.raises(BadInputError, match=reason):
        Condition.parse(name, CLASSES)
