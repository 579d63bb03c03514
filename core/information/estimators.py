"""What every estimator offers, so that a figure can be asked from any of them in the same way."""

from __future__ import annotations

from typing import ClassVar, Protocol, runtime_checkable

import torch
from torch import Tensor
from torch.nn import functional

from core.errors import BadInputError
from core.information.estimate import BoundKind


class UnsuitedError(BadInputError):
    """The estimator is not for such variables; another one is."""


@runtime_checkable
class Estimator(Protocol):
    """One way to estimate I(x; y) from samples, in nats.

    An estimate is ``reduce(mean of statistics over the samples)``. Most estimators are a plain mean of one statistic;
    those with a mean inside a logarithm or an exponential (NWJ, MINE, SMILE) carry two and combine them in
    ``reduce``. Either way the bootstrap resamples rows of ``statistics`` and needs no critic again.

    Attributes:
        name: as shown to people.
        kind: what the figure says about the truth.
        trained: whether ``fit`` learns from its samples. If not, no part of the samples is set aside for it.
        short_tails: whether columns with long tails are to be bent before they are standardised.
    """

    name: ClassVar[str]
    kind: ClassVar[BoundKind]
    trained: ClassVar[bool]
    short_tails: ClassVar[bool]

    def fit(self, x: Tensor, y: Tensor, generator: torch.Generator) -> Estimator:
        """Fits what is to be fitted, and returns itself. x (n, d) float32 standardised; y (n,) or (n, m)."""
        ...

    def statistics(self, x: Tensor, y: Tensor, generator: torch.Generator) -> Tensor:
        """(n, s) statistics of each sample; the samples must be other ones than those of ``fit``."""
        ...

    def reduce(self, means: Tensor) -> Tensor:
        """From (..., s) means of the statistics to (...) nats."""
        ...

    def pointwise(self, x: Tensor, y: Tensor) -> Tensor:
        """(n,) pointwise mutual information log p(x, y) / (p(x) p(y)) of each pair, in nats."""
        ...

    def ceiling(self, y: Tensor) -> float | None:
        """The greatest value there can be for these samples, None without one."""
        ...

    def fit_error(self, means: Tensor) -> float:
        """Standard deviation in nats that the choice of the fitting samples adds, from (s,) means; 0 where small."""
        ...

    def saturates_from(self, y: Tensor) -> float | None:
        """The value from which on it is no longer to be trusted to grow with the truth; None: 90 % of the ceiling."""
        ...


class MeanEstimator:
    """Shared by the estimators whose figure is the plain mean of one statistic."""

    trained: ClassVar[bool] = True
    short_tails: ClassVar[bool] = False

    def reduce(self, means: Tensor) -> Tensor:
        """(..., 1) to (...): the mean itself."""
        return means.squeeze(-1)

    def saturates_from(self, y: Tensor) -> float | None:
        """None: 90 % of the ceiling, where there is one."""
        return None

    def fit_error(self, means: Tensor) -> float:
        """0: the interval takes the critic as given."""
        return 0.0


def row_entropy(y: Tensor) -> float:
    """Plug-in entropy of the distinct rows of y, in nats: a ceiling for I(x; y) over these very samples.

    >>> round(row_entropy(torch.tensor([0, 0, 1, 1])), 4)
    0.6931
    """
    counts = torch.unique(y, dim=0, return_counts=True)[1].double()
    shares = counts / counts.sum()
    return max(0.0, float(-(shares * shares.log()).sum()))


def as_columns(y: Tensor, classes: int) -> Tensor:
    """A discrete y (n,) as (n, classes) of 0 and 1; a continuous one (n, m) as it is."""
    return functional.one_hot(y, classes).float() if y.ndim == 1 else y


def class_count(y: Tensor) -> int:
    """The number of classes of a discrete y (n,), 0 for a continuous one."""
    return int(y.max()) + 1 if y.ndim == 1 else 0
