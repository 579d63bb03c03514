"""KSG: nearest neighbours instead of a critic, for a few columns."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import torch
from scipy.spatial import KDTree
from scipy.special import digamma
from torch import Tensor

from core.errors import BadInputError
from core.information.estimate import BoundKind
from core.information.estimators import Estimator, MeanEstimator, UnsuitedError, row_entropy

MOST_COLUMNS = 12
"""Columns of x and y together: beyond, neighbours are far away and the figure falls short without a sign."""

# Disjoint parts whose figures tell the variance, and how often the samples are dealt to them anew.
_PARTS, _DEALS = 10, 5


class KSG(MeanEstimator):
    """psi(k) + psi(n) - < psi(n_x + 1) + psi(n_y + 1) > (Kraskov, Stoegbauer and Grassberger 2004, eq. 8).

    n_x and n_y count the samples that lie nearer in x, and in y, than the k-th neighbour in (x, y), by the greatest
    coordinate difference. For a discrete y the form of Ross 2014, psi(n) - < psi(n_class) > + psi(k) - < psi(m) >,
    with the k-th neighbour among the samples of the same class and m counted among all. Nothing is fitted, so every
    sample takes part.
    """

    name: ClassVar[str] = "KSG"
    kind: ClassVar[BoundKind] = "biased"
    trained: ClassVar[bool] = False

    def __init__(self, *, steps: int = 0, batch: int = 0, neighbours: int = 3) -> None:
        # steps and batch: for the common protocol.
        self.neighbours = neighbours
        self.x: np.ndarray
        self.y: np.ndarray
        self._shared = 0.0

    def fit(self, x: Tensor, y: Tensor, generator: torch.Generator) -> Estimator:
        """Keeps the samples, for ``pointwise`` of others.

        Raises:
            UnsuitedError: more columns than neighbours can tell apart.
            BadInputError: fewer samples than neighbours.
        """
        columns = x.shape[1] + (y.shape[1] if y.ndim == 2 else 0)
        if columns > MOST_COLUMNS:
            raise UnsuitedError(
                f"KSG is for low dimension: {columns} columns, at most {MOST_COLUMNS}; use SMILE or InfoNCE"
            )
        if len(x) <= self.neighbours + 1:
            raise BadInputError(f"KSG with {self.neighbours} neighbours needs more than {len(x)} samples")
        self.x, self.y = _array(x), _array(y)
        return self

    def statistics(self, x: Tensor, y: Tensor, generator: torch.Generator) -> Tensor:
        """(n, 1) the term of each sample."""
        self._shared = 0.0
        if y.ndim == 1:
            return torch.from_numpy(self._discrete(_array(x), _array(y)))[:, None]
        terms = self._continuous(_array(x), _array(y))
        self._shared = self._shared_variance(_array(x), _array(y), terms, generator)
        return torch.from_numpy(terms)[:, None]

    def fit_error(self, means: Tensor) -> float:
        """What the bootstrap does not see: neighbours share samples, so that their terms vary together."""
        return math.sqrt(self._shared)

    def _shared_variance(self, x: np.ndarray, y: np.ndarray, terms: np.ndarray, generator: torch.Generator) -> float:
        """Variance of the figure less that of a mean of independent terms.

        By the figures of disjoint parts, whose variance falls as one over the samples (Holmes and Nemenman 2019,
        "Estimation of mutual information for real-valued data with error bars and controlled bias").
        """
        if len(x) < 10 * _PARTS * self.neighbours:
            return 0.0
        found = []
        for _ in range(_DEALS):
            order = torch.randperm(len(x), generator=generator).numpy()
            figures = [self._continuous(x[rows], y[rows]).mean() for rows in np.array_split(order, _PARTS)]
            found.append(np.var(figures, ddof=1) / _PARTS)
        return max(0.0, float(np.mean(found) - terms.var(ddof=1) / len(terms)))

    def pointwise(self, x: Tensor, y: Tensor) -> Tensor:
        """(n,) the term of each sample, its neighbours sought among the samples of ``fit``."""
        terms = [
            self._discrete(self.x, self.y, _array(x), _array(y))
            if y.ndim == 1
            else self._continuous(self.x, self.y, _array(x), _array(y))
        ]
        return torch.from_numpy(terms[0])

    def ceiling(self, y: Tensor) -> float | None:
        """H(c) for a discrete y, else None."""
        return row_entropy(y) if y.ndim == 1 else None

    def _continuous(
        self, x: np.ndarray, y: np.ndarray, at_x: np.ndarray | None = None, at_y: np.ndarray | None = None
    ) -> np.ndarray:
        own = at_x is None  # a sample is its own nearest neighbour
        at_x, at_y = (x, y) if at_x is None or at_y is None else (at_x, at_y)
        k = self.neighbours + own
        radius = KDTree(np.hstack([x, y])).query(np.hstack([at_x, at_y]), k=[k], p=np.inf)[0][:, 0]
        n_x, n_y = (_within(values, at, radius) - own for values, at in ((x, at_x), (y, at_y)))
        count = len(x) + (not own)
        return digamma(self.neighbours) + digamma(count) - digamma(n_x + 1) - digamma(n_y + 1)

    def _discrete(
        self, x: np.ndarray, y: np.ndarray, at_x: np.ndarray | None = None, at_y: np.ndarray | None = None
    ) -> np.ndarray:
        own = at_x is None
        at_x, at_y = (x, y) if at_x is None or at_y is None else (at_x, at_y)
        radius, near, members = np.zeros(len(at_x)), np.ones(len(at_x)), np.ones(len(at_x))
        for label in np.unique(at_y):
            rows, same = at_y == label, x[y == label]
            # A class of few samples has fewer neighbours; the only sample of its class tells nothing.
            near[rows] = k = min(self.neighbours, len(same) - own)
            members[rows] = len(same) + (not own)
            if k > 0:
                radius[rows] = KDTree(same).query(at_x[rows], k=[k + own], p=np.inf)[0][:, 0]
        alone = near <= 0
        found = np.maximum(_within(x, at_x, radius) - own + 1, 1)
        count = len(x) + (not own)
        terms = digamma(count) - digamma(members) + digamma(np.maximum(near, 1)) - digamma(found)
        terms[alone] = 0.0
        return terms


def _array(values: Tensor) -> np.ndarray:
    array = values.detach().cpu().numpy()
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def _within(values: np.ndarray, at: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """How many of ``values`` lie strictly nearer to each of ``at`` than its radius; one column by sorting."""
    if values.shape[1] == 1:
        ranked, centre = np.sort(values[:, 0]), at[:, 0]
        low = np.searchsorted(ranked, centre - radius, side="right")
        return np.maximum(np.searchsorted(ranked, centre + radius, side="left") - low, 1)
    inner = np.nextafter(radius, 0.0)
    return KDTree(values).query_ball_point(at, inner, p=np.inf, return_length=True)
