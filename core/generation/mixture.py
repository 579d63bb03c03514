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

    def shared_spread(self, directions: int, codes: int, share: float) -> tuple[np.ndarray, np.ndarray]:
        """``spread`` dealt out between noise and codes: z @ noise + u @ codes has the same covariance.

        The codes take ``share`` of the variance of the widest directions, one each, along which the shares of the
        classes stay as they are: the linear discriminants, (mu_c - mean) S^-1 x, do not move with them.

        Args:
            directions: of the noise. codes: how many. share: from 0 to 1.

        Returns:
            of the noise (directions, d), of the codes (codes, d): zeros where there are fewer such directions.
        """
        spread = self.spread(directions)
        # In the coordinates z, in which everything varies alike, discriminants are the centres themselves.
        apart = (self.centres - self.centres.mean(axis=0)) @ np.linalg.pinv(spread)
        _, sizes, rows = np.linalg.svd(apart, full_matrices=False)
        telling = rows[sizes > 1e-9 * max(float(sizes.max()), 1e-300)]
        free = np.eye(directions) - telling.T @ telling
        values, vectors = np.linalg.eigh(free @ (spread @ spread.T) @ free)
        order = np.argsort(values)[::-1][:codes]
        widest = vectors[:, order[values[order] > 1e-9]].T
        own = np.zeros((codes, spread.shape[1]))
        own[: len(widest)] = np.sqrt(share) * (widest @ spread)
        return spread - (1.0 - np.sqrt(1.0 - share)) * widest.T @ (widest @ spread), own


def shares_of(logits: np.ndarray) -> np.ndarray:
    """Softmax over the classes, (n, k) to (n, k)."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)
