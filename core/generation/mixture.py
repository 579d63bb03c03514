"""Gaussians of the emotions with one covariance for all, x | c ~ N(mu_c, S): where generation begins.

It is the model behind linear discriminant analysis (Fisher 1936; Hastie, Tibshirani and Friedman 2009, 4.3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SHRINKAGE = 0.1
"""Share of the covariance that is replaced by equal variances (Friedman 1989)."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """A Gaussian for each class, all with one covariance.

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
        """(n, k) shares of equally likely classes for x (n, d); log likelihoods are multiplied by ``sharpness``."""
        # A class without any variation leaves nothing to divide by.
        toward = self.centres @ np.linalg.pinv(self.covariance, hermitian=True)
        logits = np.asarray(x, dtype=np.float64) @ toward.T - 0.5 * (toward * self.centres).sum(axis=1)
        return shares_of(sharpness * logits)

    def spread(self, directions: int) -> np.ndarray:
        """(directions, d): z @ spread has the covariance of the Gaussians for standard normal z (directions,).

        With fewer directions than dimensions the widest ones are kept; what is left over adds no variance.
        """
        values, vectors = np.linalg.eigh(self.covariance)
        widest = np.argsort(values)[::-1][:directions]
        found = np.zeros((directions, len(values)))
        found[: len(widest)] = (vectors[:, widest] * np.sqrt(np.clip(values[widest], 0.0, None))).T
        return found


def shares_of(logits: np.ndarray) -> np.ndarray:
    """Softmax over the classes, (n, k) to (n, k)."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)
