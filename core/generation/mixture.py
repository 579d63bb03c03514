"""Gaussians of the emotions with one covariance for all: where generation begins, and how it learns from speech
whose emotion nobody has told.

It is the model behind linear discriminant analysis: x | c ~ N(mu_c, S). What labels are too few to say, how features
vary within an emotion, unlabelled ones say as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SHRINKAGE = 0.1
"""Share of the covariance that is replaced by equal variances (Friedman 1989)."""
_SHARPNESS = 0.5
_ROUNDS = 16


@dataclass(frozen=True, eq=False)
class Mixture:
    """Equally likely Gaussians.

    Attributes:
        centres: (k, d). covariance: (d, d).
    """

    centres: np.ndarray
    covariance: np.ndarray

    @classmethod
    def fit(cls, x: np.ndarray, shares: np.ndarray, shrinkage: float = SHRINKAGE) -> Mixture:
        """Centres and the pooled covariance around them.

        Args:
            x: (n, d). shares: (n, k) not negative: how much of a row is of a class; every class has some.
        """
        x, shares = np.asarray(x, dtype=np.float64), np.asarray(shares, dtype=np.float64)
        sizes = shares.sum(axis=0)
        centres = (shares.T @ x) / sizes[:, None]
        # Sums of squares less those of the means, without a pass for each class.
        around = x - x.mean(axis=0)
        middle = centres - x.mean(axis=0)
        covariance = ((around * shares.sum(axis=1)[:, None]).T @ around - (middle.T * sizes) @ middle) / sizes.sum()
        d = len(covariance)
        covariance = (1.0 - shrinkage) * covariance + shrinkage * np.trace(covariance) / d * np.eye(d)
        return cls(centres, covariance)

    def posterior(self, x: np.ndarray, sharpness: float = 1.0) -> np.ndarray:
        """(n, k) shares of the classes for x (n, d); log likelihoods are multiplied by ``sharpness``."""
        # A class without any variation leaves nothing to divide by.
        precision = np.linalg.pinv(self.covariance, hermitian=True)
        toward = self.centres @ precision
        logits = np.asarray(x, dtype=np.float64) @ toward.T - 0.5 * (toward * self.centres).sum(axis=1)
        return _softmax(sharpness * logits)

    def spread(self, directions: int) -> np.ndarray:
        """(directions, d): z @ spread has the covariance of the Gaussians for standard normal z (directions,).

        With fewer directions than dimensions the widest ones are kept; what is left over adds no variance.
        """
        values, vectors = np.linalg.eigh(self.covariance)
        widest = np.argsort(values)[::-1][:directions]
        found = np.zeros((directions, len(values)))
        found[: len(widest)] = (vectors[:, widest] * np.sqrt(np.clip(values[widest], 0.0, None))).T
        return found


def told_apart(x: np.ndarray, labels: np.ndarray, classes: int, unlabelled: np.ndarray) -> np.ndarray:
    """(m, classes) shares of the emotions for unlabelled features (m, d), learnt together with labelled ones.

    Expectation maximisation with the labels held fast (Nigam et al. 2000): the unlabelled rows are dealt out by the
    Gaussians, these are fitted anew to all rows, and so on. It begins with the distances to the labelled centres.
    Likelihoods are flattened to the power 1/2, as the dimensions are not as independent as the Gaussians make them.

    Args:
        x: (n, d). labels: (n,) class indices, every class at least once.
    """
    x, more = np.asarray(x, dtype=np.float64), np.asarray(unlabelled, dtype=np.float64)
    told = np.eye(classes)[labels]
    centres = (told.T @ x) / told.sum(axis=0)[:, None]
    distances = ((more[:, None, :] - centres) ** 2).mean(axis=2)
    scale = max(float(distances.min(axis=1).mean()), 1e-12)
    shares = _softmax(-0.5 * _SHARPNESS * x.shape[1] * distances / scale)
    both = np.concatenate([x, more])
    for _ in range(_ROUNDS):
        shares = Mixture.fit(both, np.concatenate([told, shares])).posterior(more, _SHARPNESS)
    return shares


def _softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)
