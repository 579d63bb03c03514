"""Recognition figures from true and predicted labels. All are shares between 0 and 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import BadInputError


@dataclass(frozen=True)
class Scores:
    """The figures of one set of predictions.

    Attributes:
        ua: unweighted average recall: the mean recall of the classes that occur in the truth.
        wa: accuracy.
        macro_f1: the mean F1 of the classes that occur in the truth.
        recall: by class; None for a class that does not occur in the truth.
        confusion: ``confusion[i][j]`` utterances of class i were predicted as class j.
        classes: the order of ``confusion``.
        n: number of utterances.
    """

    ua: float
    wa: float
    macro_f1: float
    recall: dict[str, float | None]
    confusion: tuple[tuple[int, ...], ...]
    classes: tuple[str, ...]
    n: int

    def to_dict(self) -> dict[str, Any]:
        """All fields, ready for JSON."""
        return {
            "ua": self.ua,
            "wa": self.wa,
            "macro_f1": self.macro_f1,
            "recall": dict(self.recall),
            "confusion": [list(row) for row in self.confusion],
            "classes": list(self.classes),
            "n": self.n,
        }


def scores(y_true: Sequence[str] | np.ndarray, y_pred: Sequence[str] | np.ndarray, classes: Sequence[str]) -> Scores:
    """UA (unweighted average recall), WA (accuracy), macro-F1, recall by class and confusion.

    A class without any utterance in the truth has no recall; it is left out of UA and macro-F1, so that a fold that
    happens to lack a class is not punished for it. Where every class occurs the figures are those of audmetric's
    ``unweighted_average_recall``, ``accuracy`` and ``unweighted_average_fscore``.

    Args:
        y_true, y_pred: (n,) labels.
        classes: every label there is, in the order of the confusion matrix.

    Raises:
        BadInputError: no utterances, lengths that differ, a label that is not in ``classes``.

    >>> scores(["sad", "sad", "happy"], ["sad", "happy", "happy"], ["happy", "sad"]).ua
    0.75
    """
    names = [str(name) for name in classes]
    truth, predicted = _index(y_true, names, "true"), _index(y_pred, names, "predicted")
    if len(truth) != len(predicted):
        raise BadInputError(f"{len(truth)} true labels and {len(predicted)} predicted ones")
    if len(truth) == 0:
        raise BadInputError("there is no utterance to score")
    k = len(names)
    table = np.bincount(k * truth + predicted, minlength=k * k).reshape(k, k)
    hits, support, called = table.diagonal(), table.sum(axis=1), table.sum(axis=0)
    present = support > 0
    recall = hits[present] / support[present]
    f1 = 2.0 * hits[present] / (support + called)[present]
    by_class: dict[str, float | None] = dict.fromkeys(names)
    by_class.update(zip(np.array(names)[present].tolist(), recall.tolist(), strict=True))
    return Scores(
        ua=float(recall.mean()),
        wa=float(hits.sum() / len(truth)),
        macro_f1=float(f1.mean()),
        recall=by_class,
        confusion=tuple(tuple(row) for row in table.tolist()),
        classes=tuple(names),
        n=len(truth),
    )


def _index(labels: Sequence[str] | np.ndarray, names: list[str], what: str) -> np.ndarray:
    position = {name: index for index, name in enumerate(names)}
    try:
        return np.array([position[str(label)] for label in labels], dtype=np.int64)
    except KeyError as error:
        raise BadInputError(f"{what} label {error.args[0]!r} is not one of the classes {names}") from None
