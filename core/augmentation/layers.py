"""At which layer rows are made: aligned features as they are generated, or embeddings that would give them."""

from __future__ import annotations

from typing import Literal

import numpy as np
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.preprocessing import StandardScaler

Layer = Literal["auto", "aligned", "input"]
LAYERS: tuple[Layer, ...] = ("auto", "aligned", "input")

_ALPHAS = np.logspace(-1.0, 5.0, 13)
_FOLDS = 5


class Decoder:
    """From aligned features back to embeddings: a ridge regression, and what it cannot say drawn at random.

    Alignment keeps what speaks of emotion and drops the rest. A row that only had the regression's part would lie in
    a thin sheet among real embeddings, so the rest is drawn from a Gaussian with the covariance of what the regression
    leaves over on rows that it has not seen. No row is a real one's leftover.
    """

    def __init__(self, X: np.ndarray, h: np.ndarray, labels: np.ndarray, classes: int) -> None:
        """From embeddings X (n, d_x), their aligned features h (n, d) and emotions (n,), indices below ``classes``."""
        self._classes = classes
        self._scaler = StandardScaler().fit(X)
        given, wanted = self._given(h, labels), self._scaler.transform(X)
        self._model = RidgeCV(_ALPHAS).fit(given, wanted)
        folds = KFold(min(_FOLDS, len(X)), shuffle=True, random_state=0)
        left = wanted - cross_val_predict(RidgeCV(_ALPHAS), given, wanted, cv=folds).reshape(wanted.shape)
        values, vectors = np.linalg.eigh(np.atleast_2d(np.cov(left, rowvar=False)))
        self._root = (vectors * np.sqrt(values.clip(0.0))).T

    def __call__(self, h: np.ndarray, label: int, rng: np.random.Generator) -> np.ndarray:
        """Embeddings (n, d_x) for aligned features h (n, d) of one emotion."""
        said = self._model.predict(self._given(h, np.full(len(h), label))).reshape(len(h), -1)
        return self._scaler.inverse_transform(said + rng.standard_normal((len(h), len(self._root))) @ self._root)

    def _given(self, h: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return np.concatenate([h.astype(np.float64), np.eye(self._classes)[labels]], axis=1)
