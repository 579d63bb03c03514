"""The reference nobody may fool himself about: a tuned logistic regression on the raw embeddings."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Literal

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold
from sklearn.preprocessing import StandardScaler

from core.errors import BadInputError
from core.evaluation.guards import check_speakers
from core.evaluation.metrics import scores

GRID = tuple(float(value) for value in np.logspace(-4.0, 2.0, 13))
"""Inverse strengths C of the L2 penalty that are tried, strongest penalty first."""


class LogisticReference:
    """Standardised features, multinomial logistic regression, L2 strength tuned on validation speakers.

    The strength with the best UA over the pooled predictions of an inner cross-validation is taken; the inner folds
    are groups of *training* speakers. Nothing outside the training rows is looked at. Of strengths that tie, the
    strongest penalty wins. There is no randomness in it.

    Attributes:
        C_: the strength chosen. validation_ua_: its UA on the inner folds. classes_: sorted labels.
    """

    def __init__(
        self,
        *,
        grid: Sequence[float] = GRID,
        inner_folds: int = 4,
        class_weight: Literal["balanced"] | None = "balanced",
        max_iter: int = 300,
    ) -> None:
        self.grid = tuple(sorted(grid))
        self.inner_folds = inner_folds
        self.class_weight = class_weight
        self.max_iter = max_iter
        self.C_: float
        self.validation_ua_: float
        self.classes_: np.ndarray
        self._scaler: StandardScaler
        self._model: LogisticRegression

    def fit(self, X: np.ndarray, y: np.ndarray, speakers: np.ndarray) -> LogisticReference:
        """Tunes and fits on the rows given: X (n, d), y (n,) labels, speakers (n,).

        With fewer than two known speakers the inner folds are over rows instead.

        Raises:
            BadInputError: fewer than two classes, lengths that differ, a missing label.
        """
        X, y, speakers = _checked(X, y, speakers)
        self.classes_ = np.unique(y)
        if len(self.classes_) < 2:
            raise BadInputError(f"the training rows hold one class only ({self.classes_[0]}): nothing can be learnt")
        predicted = np.full((len(self.grid), len(y)), "", dtype=y.dtype)
        for fitting, validation in _inner_folds(y, speakers, self.inner_folds):
            if len(np.unique(y[fitting])) < 2:
                continue
            scaler = StandardScaler().fit(X[fitting])
            inside, outside = scaler.transform(X[fitting]), scaler.transform(X[validation])
            for index, model in enumerate(self._path(inside, y[fitting], self.grid)):
                predicted[index, validation] = model.predict(outside)
        known = (predicted != "").all(axis=0)
        if not known.any():
            raise BadInputError("no split of the training speakers leaves two classes to learn from")
        classes = self.classes_.tolist()
        uas = [scores(y[known], row[known], classes).ua for row in predicted]
        best = int(np.argmax(uas))
        self.C_, self.validation_ua_ = self.grid[best], uas[best]
        self._scaler = StandardScaler().fit(X)
        # The whole path again, for the warm start: the same way to the same model as in the inner folds.
        *_, self._model = self._path(self._scaler.transform(X), y, self.grid[: best + 1])
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """(n, d) to (n,) labels."""
        return self._model.predict(self._scaler.transform(np.asarray(X, dtype=np.float32)))

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """(n, d) to (n, k) probabilities, columns as in ``classes_``."""
        return self._model.predict_proba(self._scaler.transform(np.asarray(X, dtype=np.float32)))

    def fit_predict(
        self, X: np.ndarray, y: np.ndarray, speakers: np.ndarray, train_mask: np.ndarray, test_mask: np.ndarray
    ) -> np.ndarray:
        """Fits on the training rows and predicts the test rows.

        Args:
            X: (n, d) embeddings. y: (n,) labels. speakers: (n,).
            train_mask, test_mask: (n,) bool.

        Returns:
            (n_test,) labels.

        Raises:
            BadInputError: a row or a speaker is in both parts, or a part is empty.
        """
        X, y, speakers = np.asarray(X), np.asarray(y), np.asarray(speakers, dtype=object)
        train, test = np.asarray(train_mask, dtype=bool), np.asarray(test_mask, dtype=bool)
        if (train & test).any():
            raise BadInputError(f"{int((train & test).sum())} rows are in both the training and the test part")
        if not train.any() or not test.any():
            raise BadInputError(f"the split has {int(train.sum())} training rows and {int(test.sum())} test rows")
        check_speakers(speakers[train], speakers[test])
        return self.fit(X[train], y[train], speakers[train]).predict(X[test])

    def _path(self, X: np.ndarray, y: np.ndarray, grid: Sequence[float]):
        """One model, refitted for each strength from where the one before ended; strongest penalty first."""
        model = LogisticRegression(
            class_weight=self.class_weight, max_iter=self.max_iter, tol=1e-3, warm_start=True, solver="lbfgs"
        )
        with warnings.catch_warnings():
            # At the weak end of the penalty the last digits do not matter: validation chooses by predictions.
            warnings.simplefilter("ignore", ConvergenceWarning)
            for strength in grid:
                yield model.set_params(C=strength).fit(X, y)


def _inner_folds(y: np.ndarray, speakers: np.ndarray, count: int):
    groups = np.unique(speakers)
    if len(groups) >= 2:
        return GroupKFold(n_splits=min(count, len(groups))).split(y, y, speakers)
    return KFold(n_splits=min(count, len(y)), shuffle=True, random_state=0).split(y)


def _checked(X: np.ndarray, y: np.ndarray, speakers: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    X = np.ascontiguousarray(X, dtype=np.float32)
    labels = np.asarray(y, dtype=object)
    voices = np.asarray(speakers, dtype=object)
    if X.ndim != 2 or not len(X) == len(labels) == len(voices):
        raise BadInputError(f"features {X.shape}, labels {labels.shape} and speakers {voices.shape} do not fit")
    missing = [row for row, label in enumerate(labels) if not isinstance(label, str) or not label]
    if missing:
        raise BadInputError(f"training row {missing[0]} has no emotion; leave such rows out ({len(missing)} of them)")
    return X, labels.astype(str), np.array([str(voice) for voice in voices])
