"""Scores against audmetric and scikit-learn, and the guards."""

from __future__ import annotations

import audmetric
import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, f1_score

from core.errors import BadInputError
from core.evaluation import check_rows, check_speakers, scores

CLASSES = ["angry", "happy", "neutral", "sad"]


@pytest.mark.parametrize("seed", range(3))
def test_scores_are_those_of_audmetric(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.choice(CLASSES, 300, p=[0.1, 0.2, 0.3, 0.4])
    predicted = np.where(rng.random(300) < 0.6, truth, rng.choice(CLASSES, 300))
    found = scores(truth, predicted, CLASSES)
    assert found.ua == pytest.approx(audmetric.unweighted_average_recall(truth, predicted, labels=CLASSES))
    assert found.wa == pytest.approx(audmetric.accuracy(truth, predicted, labels=CLASSES))
    assert found.macro_f1 == pytest.approx(audmetric.unweighted_average_fscore(truth, predicted, labels=CLASSES))
    assert found.macro_f1 == pytest.approx(f1_score(truth, predicted, average="macro"))
    assert found.recall == pytest.approx(audmetric.recall_per_class(truth, predicted, labels=CLASSES))
    assert np.array_equal(found.confusion, confusion_matrix(truth, predicted, labels=CLASSES))
    assert found.n == 300


def test_a_class_that_does_not_occur_has_no_recall() -> None:
    found = scores(["angry", "sad"], ["angry", "happy"], CLASSES)
    assert found.recall == {"angry": 1.0, "happy": None, "neutral": None, "sad": 0.0}
    assert found.ua == 0.5
    assert found.to_dict()["recall"]["happy"] is None


def test_score_faults() -> None:
    with pytest.raises(BadInputError, match="predicted label 'bored'"):
        scores(["sad"], ["bored"], CLASSES)
    with pytest.raises(BadInputError, match="2 true labels and 1"):
        scores(["sad", "sad"], ["sad"], CLASSES)
    with pytest.raises(BadInputError, match="no utterance"):
        scores([], [], CLASSES)


def test_guards() -> None:
    check_speakers(["a", None, float("nan")], ["b", None, float("nan")])
    with pytest.raises(BadInputError, match="2 speakers are in both the training and test part: 03, 08; split by"):
        check_speakers(["08", "03", "01"], np.array(["03", "08", "03"]))
    with pytest.raises(BadInputError, match="training and validation part: a, b, c, d, e and 1 more"):
        check_speakers("abcdef", "fedcba", parts="training and validation")
    with pytest.raises(BadInputError, match="utterance is in both"):
        check_rows(["u1", "u2"], ["u2"])
