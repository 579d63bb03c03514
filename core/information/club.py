"""CLUB: an upper bound, the contrastive log-ratio."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from core.information.critics import Perceptron, fit
from core.information.estimate import BoundKind
from core.information.estimators import Estimator, MeanEstimator

_LOG_VARIANCE = (-9.0, 3.0)
_SPLITS = 3


class CLUB(MeanEstimator):
    """I(x; y) <= mean_p log q(y | x) - mean_q log q(y | x), q fitted by likelihood (vCLUB).

    Cheng et al. 2020, section 3.1 (I_CLUB = E_p(x,y) log p(y | x) - E_p(x) E_p(y) log p(y | x)) and 3.2 (the same with
    a fitted q). q is a factored Gaussian whose mean and variance are functions of x, or a softmax for a discrete y.
    It bounds from above where q is close to p(y | x); a poor q can bring it below the truth (their theorem 3.2 asks
    for KL(p(x, y) | q(x, y)) <= KL(p(x) p(y) | q(x, y))). It may lie far above: 53 nats for two Gaussians that share 2.

    The second mean is over all pairs of different samples: the quadratic form makes it a sum of moments.

    The figure follows the fitted variance closely, so that which samples q was fitted on adds as much chance as which
    samples it is read on. Six more networks, each on a random half of the fitting samples, tell how much: the spread
    over half-samples is that of the whole fit (half-sampling, McCarthy 1969), and widens the interval.
    """

    name: ClassVar[str] = "CLUB"
    kind: ClassVar[BoundKind] = "upper bound"
    trained: ClassVar[bool] = True

    def __init__(self, *, steps: int = 400, batch: int = 256, hidden: int = 128) -> None:
        self.steps, self.batch, self.hidden = steps, batch, hidden
        self.network: Perceptron
        self.halves: list[Perceptron] = []
        self.moments: tuple[Tensor, Tensor]

    def fit(self, x: Tensor, y: Tensor, generator: torch.Generator) -> Estimator:
        """x (n, d); y (n, m), or (n,) class indices."""
        outputs = int(y.max()) + 1 if y.ndim == 1 else 2 * y.shape[1]
        self.network = self._fitted(x, y, outputs, generator)
        self.halves = []
        for _ in range(_SPLITS):
            order = torch.randperm(len(y), generator=generator).to(y.device)
            self.halves += [self._fitted(x[rows], y[rows], outputs, generator) for rows in order.tensor_split(2)]
        values = functional.one_hot(y, outputs).float() if y.ndim == 1 else y
        self.moments = values.mean(dim=0), values.square().mean(dim=0)
        return self

    @torch.no_grad()
    def statistics(self, x: Tensor, y: Tensor, generator: torch.Generator) -> Tensor:
        """(n, 7): log q(y | x) of the pair - mean over the row - mean over the column + mean over all.

        The mean of it is the bound, and its scatter counts the chance of both partners of a pair. The first column is
        of the network itself, the others of those on half the samples.
        """
        return torch.stack([self._terms(network(x).double(), y) for network in (self.network, *self.halves)], dim=1)

    def reduce(self, means: Tensor) -> Tensor:
        """(..., 7) to (...): the first."""
        return means[..., 0]

    def fit_error(self, means: Tensor) -> float:
        """The deviation of the bounds of the half-sample networks."""
        return float(means[1:].std())

    @torch.no_grad()
    def pointwise(self, x: Tensor, y: Tensor) -> Tensor:
        """(n,) log q(y | x) - E_y' log q(y' | x), y' from the samples of ``fit``: on average the bound, not I."""
        out = self.network(x).double()
        first, second = (moment.double() for moment in self.moments)
        if y.ndim == 1:
            return self._own(out, y) - out.log_softmax(dim=1) @ first
        mean, log_variance = _gaussian(out)
        spread = second - 2.0 * first * mean + mean.square()
        return self._own(out, y.double()) + 0.5 * (spread * (-log_variance).exp() + log_variance).sum(dim=1)

    def ceiling(self, y: Tensor) -> float | None:
        """None."""
        return None

    def _fitted(self, x: Tensor, y: Tensor, outputs: int, generator: torch.Generator) -> Perceptron:
        network = Perceptron(x.shape[1], outputs, hidden=self.hidden, zero=True, generator=generator).to(x.device)

        def likelihood(x: Tensor, y: Tensor) -> Tensor:
            return self._own(network(x), y).mean()

        fit(network, likelihood, likelihood, x, y, steps=self.steps, batch=self.batch, generator=generator)
        return network

    def _terms(self, out: Tensor, y: Tensor) -> Tensor:
        count, y = len(out), y.double() if y.ndim == 2 else y
        own = self._own(out, y)
        # Means over all n rows include the pair itself: taken out again.
        row, column = ((count * mean - own) / (count - 1) for mean in self._margins(out, y))
        return own - row - column + row.mean()

    def _own(self, out: Tensor, y: Tensor) -> Tensor:
        """(n,) log q(y_i | x_i) up to a constant."""
        if y.ndim == 1:
            return out.log_softmax(dim=1).gather(1, y[:, None])[:, 0]
        mean, log_variance = _gaussian(out)
        return -0.5 * ((y - mean).square() * (-log_variance).exp() + log_variance).sum(dim=1)

    def _margins(self, out: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """(n,) means of log q(y_j | x_i) over j, and (n,) means over i for each j."""
        if y.ndim == 1:
            table = out.log_softmax(dim=1)
            shares = torch.bincount(y, minlength=table.shape[1]).to(table.dtype) / len(y)
            return table @ shares, table.mean(dim=0)[y]
        mean, log_variance = _gaussian(out)
        precision = (-log_variance).exp()
        spread = y.var(dim=0, correction=0) + (y.mean(dim=0) - mean).square()
        row = -0.5 * (spread * precision + log_variance).sum(dim=1)
        linear, constant = (precision * mean).mean(dim=0), (precision * mean.square() + log_variance).mean(dim=0)
        column = -0.5 * (y.square() * precision.mean(dim=0) - 2.0 * y * linear + constant).sum(dim=1)
        return row, column


def _gaussian(out: Tensor) -> tuple[Tensor, Tensor]:
    mean, log_variance = out.chunk(2, dim=1)
    return mean, log_variance.clamp(*_LOG_VARIANCE)
