"""Variational lower bounds (Barber and Agakov 2003): how well y can be told from x, against its entropy."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from core.information.bounds import gaussian_gain
from core.information.critics import Perceptron, fit
from core.information.estimate import BoundKind
from core.information.estimators import Estimator, MeanEstimator, UnsuitedError, row_entropy

_LOG_VARIANCE = (-9.0, 3.0)
# More than this from mean 0 and deviation 1, and the codes are not the standard normal ones that the bound is for.
_TOLERANCE = 0.2


class VariationalDiscrete(MeanEstimator):
    """I(c; x) >= H(c) + E log q(c | x), q a classifier fitted afresh. Ceiling H(c).

    p(c) is the share of each class among the samples that are looked at, so the figure never passes its ceiling.
    """

    name: ClassVar[str] = "variational"
    kind: ClassVar[BoundKind] = "lower bound"

    def __init__(self, *, steps: int = 400, batch: int = 256, hidden: int = 128) -> None:
        self.steps, self.batch, self.hidden = steps, batch, hidden
        self.critic: Perceptron
        self.log_prior: Tensor

    def fit(self, x: Tensor, y: Tensor, generator: torch.Generator) -> Estimator:
        """x (n, d), y (n,) class indices from 0 up."""
        classes = int(y.max()) + 1
        shares = torch.bincount(y, minlength=classes).to(x.dtype) / len(y)
        self.log_prior = shares.clamp_min(1e-9).log()
        self.critic = Perceptron(x.shape[1], classes, hidden=self.hidden, zero=True, generator=generator).to(x.device)
        with torch.no_grad():
            # Zero weights and the prior as bias: zero nats before the first step.
            self.critic.direct.bias.copy_(self.log_prior)

        def objective(x: Tensor, y: Tensor) -> Tensor:
            return -functional.cross_entropy(self.critic(x), y)

        fit(self.critic, objective, objective, x, y, steps=self.steps, batch=self.batch, generator=generator)
        return self

    @torch.no_grad()
    def log_posterior(self, x: Tensor) -> Tensor:
        """(n, k) log q(c | x)."""
        return functional.log_softmax(self.critic(x), dim=1)

    def statistics(self, x: Tensor, y: Tensor, generator: torch.Generator) -> Tensor:
        """(n, 1) log q(c | x) - log p(c), p(c) from these samples."""
        posterior = self.log_posterior(x)
        shares = torch.bincount(y, minlength=posterior.shape[1]).to(posterior.dtype) / len(y)
        return (posterior.gather(1, y[:, None]) - shares.log()[y][:, None]).double()

    def pointwise(self, x: Tensor, y: Tensor) -> Tensor:
        """(n,) log q(c | x) - log p(c), p(c) from the samples of ``fit``."""
        return (self.log_posterior(x).gather(1, y[:, None])[:, 0] - self.log_prior[y]).double()

    def ceiling(self, y: Tensor) -> float | None:
        """H(c)."""
        return row_entropy(y)


class VariationalGaussian(MeanEstimator):
    """I(u; x) >= sum_k H(u_k) + E log q(u_k | x) for codes u ~ N(0, I), q a factored Gaussian fitted afresh.

    It has no ceiling. It stays below the truth where the posterior of a code is not Gaussian.
    """

    name: ClassVar[str] = "variational"
    kind: ClassVar[BoundKind] = "lower bound"

    def __init__(self, *, steps: int = 400, batch: int = 256, hidden: int = 128) -> None:
        self.steps, self.batch, self.hidden = steps, batch, hidden
        self.critic: Perceptron

    def fit(self, x: Tensor, y: Tensor, generator: torch.Generator) -> Estimator:
        """x (n, d), y (n, m) codes drawn from N(0, I).

        Raises:
            UnsuitedError: the codes do not have mean 0 and deviation 1, for which the bound does not hold.
        """
        mean, deviation = y.mean(dim=0), y.std(dim=0)
        worst = max(float(mean.abs().max()), float((deviation - 1.0).abs().max()))
        if worst > _TOLERANCE + 3.0 / len(y) ** 0.5:
            raise UnsuitedError(
                f"the variational bound needs codes drawn from N(0, 1): mean {_range(mean)}, deviation "
                f"{_range(deviation)}; use the InfoNCE estimator"
            )
        codes = y.shape[1]
        self.critic = Perceptron(x.shape[1], 2 * codes, hidden=self.hidden, zero=True, generator=generator)
        self.critic.to(x.device)

        def objective(x: Tensor, y: Tensor) -> Tensor:
            return self.gains(x, y).sum(dim=1).mean()

        fit(self.critic, objective, objective, x, y, steps=self.steps, batch=self.batch, generator=generator)
        return self

    def gains(self, x: Tensor, y: Tensor) -> Tensor:
        """(n, m) log q(u_k | x) + H(u_k), element by element."""
        mean, log_variance = self.critic(x).chunk(2, dim=1)
        return gaussian_gain(mean, log_variance.clamp(*_LOG_VARIANCE), y)

    def statistics(self, x: Tensor, y: Tensor, generator: torch.Generator) -> Tensor:
        """(n, 1) log q(u | x) - log p(u).

        H(u) would do as well as -log p(u), whose mean it is; this way a code that is not there costs no noise.
        """
        return self.pointwise(x, y)[:, None]

    @torch.no_grad()
    def pointwise(self, x: Tensor, y: Tensor) -> Tensor:
        """(n,) log q(u | x) - log p(u)."""
        # -log p(u) = H(u) + (u^2 - 1) / 2 for each code.
        return (self.gains(x, y) + 0.5 * (y.square() - 1.0)).double().sum(dim=1)

    def ceiling(self, y: Tensor) -> float | None:
        """None."""
        return None


def _range(values: Tensor) -> str:
    """All of them in a few words, however many."""
    low, high = float(values.min()), float(values.max())
    return f"{low:.2f}" if len(values) == 1 else f"{low:.2f} to {high:.2f}"
