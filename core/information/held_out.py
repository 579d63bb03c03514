"""The reported figure: a critic that shares no weight with training, fitted on one half and read on the other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.errors import BadInputError, FailureError
from core.information.estimate import Estimate
from core.information.estimators import Estimator, UnsuitedError
from core.information.registry import build_estimator
from core.information.samples import Array, Kind, ShortTails, Standard, checked, halves, indices, matrix

LEAST_VALUE = -1.0
"""Nats below which a figure is called diverged: truth is at least 0, and sampling errors are far smaller."""

_CHUNK = 1 << 22


@dataclass(frozen=True)
class Fitted:
    """A fitted estimator with the scales of its inputs, to be asked about new samples."""

    estimator: Estimator
    kind: Kind
    names: tuple[Any, ...]  # class labels of a discrete y
    x_scale: Standard
    y_scale: Standard | None

    def prepare(self, x: Array, y: Array) -> tuple[Tensor, Tensor]:
        """x (n, d) and y standardised, or turned to class indices, as the critic saw them in fitting.

        Raises:
            BadInputError: a width or a class that the critic has not seen.
        """
        x_tensor = matrix(x, "x")
        if x_tensor.shape[1] != self.x_scale.columns:
            raise BadInputError(f"x has {x_tensor.shape[1]} columns, the critic was fitted on {self.x_scale.columns}")
        x_tensor = self.x_scale(x_tensor)
        if self.kind == "discrete":
            return x_tensor, indices(y, self.names).to(x_tensor.device)
        y_tensor = matrix(y, "y").to(x_tensor.device)
        return x_tensor, y_tensor if self.y_scale is None else self.y_scale(y_tensor)


def held_out_mi(
    x: Array,
    y: Array,
    *,
    kind: Kind,
    estimator: str = "auto",
    seed: int = 0,
    steps: int = 400,
    batch: int = 256,
    bootstrap: int = 500,
    quantity: str = "I(x; y)",
) -> Estimate:
    """Mutual information of samples (x, y), measured by a fresh critic on samples that it was not fitted on.

    The rows are split into halves (for a discrete y, class by class). One half fits the critic, a fifth of it deciding
    when to stop; the other gives the figure and its bootstrap interval. The rows must be independent draws.

    >>> rng = np.random.default_rng(0)
    >>> c = rng.integers(4, size=2000)
    >>> found = held_out_mi(np.eye(4)[c] + 0.1 * rng.normal(size=(2000, 4)), c, kind="discrete", steps=200)
    >>> round(found.value, 1), round(found.ceiling, 2), found.kind, found.saturated
    (1.4, 1.39, 'lower bound', True)

    Args:
        x: (n, d) features.
        y: (n,) labels (``discrete``), or (n,) or (n, m) values (``continuous``).
        kind: what y is.
        estimator: a key of ``ESTIMATORS``. ``auto`` is the variational bound for a discrete y and InfoNCE for a
            continuous one; for latent codes drawn from N(0, 1) prefer ``variational``, which has no ceiling.
            Those that fit nothing (KSG) read all rows.
        seed: of the split, the critic and the bootstrap; PyTorch's global random state is neither used nor changed.
        steps, batch: of the critic; log batch is the ceiling of InfoNCE.
        bootstrap: repetitions of the interval.
        quantity: the name of the figure.

    Raises:
        BadInputError: fewer than 40 rows, NaN in the data, an unknown estimator; of these ``UnsuitedError`` where the
            estimator is not for such variables.
        FailureError: the critic diverged.
    """
    generator = torch.Generator().manual_seed(seed)
    x_tensor, target, names = checked(x, y, kind)
    key, fresh = build_estimator(estimator, kind, steps=steps, batch=batch)
    if fresh.trained:
        fitting, reading = halves(target if kind == "discrete" else None, len(x_tensor), generator)
    else:
        fitting = reading = torch.arange(len(x_tensor))
    fitted = _fit(x_tensor[fitting], target[fitting], kind, names, key, fresh, generator)
    x_read, y_read = x_tensor[reading], target[reading]
    x_read = fitted.x_scale(x_read)
    if fitted.y_scale is not None:
        y_read = fitted.y_scale(y_read)
    statistics = fitted.estimator.statistics(x_read, y_read, generator)
    if not bool(torch.isfinite(statistics).all()):
        raise FailureError(f"{quantity}: the {fitted.estimator.name} critic gave values that are not finite")
    value = float(fitted.estimator.reduce(statistics.mean(dim=0)))
    if value < LEAST_VALUE:
        raise FailureError(
            f"{quantity}: the {fitted.estimator.name} critic diverged: {value:.3g} nats, where there cannot be less "
            "than 0; use more samples, fewer steps or another estimator"
        )
    low, high = _interval(fitted.estimator, statistics, bootstrap, generator)
    return Estimate(
        quantity=quantity,
        value=value,
        low=low,
        high=high,
        kind=fitted.estimator.kind,
        ceiling=fitted.estimator.ceiling(y_read),
        estimator=fitted.estimator.name,
        samples=len(x_read),
        saturates_from=fitted.estimator.saturates_from(y_read),
    )


def measured_mi(
    x: Array, y: Array, *, kind: Kind, estimator: str = "auto", quantity: str = "I(x; y)", **options: Any
) -> Estimate:
    """``held_out_mi`` that reports what goes wrong with an estimator instead of raising it.

    Returns:
        The estimate; ``diverged`` where the critic did, ``unsuited`` where the estimator is not for such variables
        (KSG in high dimension, the variational bound on values that are not N(0, 1)). Both without a value.

    Raises:
        BadInputError: the samples themselves are at fault, or there is no such estimator.
    """
    fresh = build_estimator(estimator, kind, steps=1, batch=2)[1]
    try:
        return held_out_mi(x, y, kind=kind, estimator=estimator, quantity=quantity, **options)
    except (FailureError, UnsuitedError) as error:
        return Estimate.missing(
            quantity=quantity,
            estimator=fresh.name,
            kind=fresh.kind,
            status="diverged" if isinstance(error, FailureError) else "unsuited",
            reason=str(error),
        )


def fit_estimator(
    x: Array, y: Array, *, kind: Kind, estimator: str = "auto", seed: int = 0, steps: int = 400, batch: int = 256
) -> Fitted:
    """A critic fitted on all the rows, for ``pointwise_mi`` of other ones. Arguments as for ``held_out_mi``."""
    x_tensor, target, names = checked(x, y, kind)
    key, fresh = build_estimator(estimator, kind, steps=steps, batch=batch)
    return _fit(x_tensor, target, kind, names, key, fresh, torch.Generator().manual_seed(seed))


def pointwise_mi(fitted: Fitted, x: Array, y: Array) -> np.ndarray:
    """log p(x, y) / (p(x) p(y)) of each pair in nats, (n,) float64, as the fitted critic sees it.

    For a discrete y it is log q(c | x) - log p(c): at most -log p(c), below zero where x speaks against c.
    """
    x_tensor, y_tensor = fitted.prepare(x, y)
    return fitted.estimator.pointwise(x_tensor, y_tensor).cpu().numpy()


def posterior_pointwise_mi(posterior: Array, labels: Array, prior: Array) -> np.ndarray:
    """log q(c | x) - log p(c) in nats from a classifier's probabilities: for a posterior that is already there.

    Args:
        posterior: (n, k) probabilities.
        labels: (n,) indices into the k classes.
        prior: (k,) probabilities of the classes.

    >>> posterior_pointwise_mi([[1.0, 0.0], [0.5, 0.5]], [0, 1], [0.5, 0.5]).round(4).tolist()
    [0.6931, 0.0]
    """
    table = np.asarray(posterior, dtype=np.float64)
    index = np.asarray(labels, dtype=np.int64)
    shares = np.asarray(prior, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] != len(shares) or len(index) != len(table):
        raise BadInputError(f"posterior {table.shape}, labels {index.shape} and prior {shares.shape} do not fit")
    tiny = np.finfo(np.float64).tiny
    return np.log(np.maximum(table[np.arange(len(table)), index], tiny)) - np.log(np.maximum(shares[index], tiny))


def _fit(
    x: Tensor,
    y: Tensor,
    kind: Kind,
    names: tuple[Any, ...],
    key: str,
    estimator: Estimator,
    generator: torch.Generator,
) -> Fitted:
    form = ShortTails if estimator.short_tails else Standard
    x_scale = form(x)
    # The variational bound knows the entropy of codes that are N(0, 1) as they come: they are not touched.
    y_scale = form(y) if kind == "continuous" and key != "variational" else None
    estimator.fit(x_scale(x), y if y_scale is None else y_scale(y), generator)
    return Fitted(estimator, kind, names, x_scale, y_scale)


def _interval(
    estimator: Estimator, statistics: Tensor, repetitions: int, generator: torch.Generator
) -> tuple[float, float]:
    """Percentile interval (2.5 % to 97.5 %) of the figure over resampled rows, widened by the error of the fit."""
    (count, columns), values = statistics.shape, []
    table = statistics.cpu()
    for start in range(0, repetitions, step := max(1, _CHUNK // max(1, count * columns))):
        rows = torch.randint(count, (min(step, repetitions - start), count), generator=generator)
        values.append(estimator.reduce(table[rows].mean(dim=1)))
    figures = torch.cat(values)
    deviation = estimator.fit_error(table.mean(dim=0))
    if deviation > 0.0:
        figures = figures + deviation * torch.randn(len(figures), generator=generator, dtype=figures.dtype)
    quantiles = torch.quantile(figures, torch.tensor([0.025, 0.975], dtype=torch.float64))
    low, high = float(quantiles[0]), float(quantiles[1])
    if not (math.isfinite(low) and math.isfinite(high)):
        raise FailureError(f"the bootstrap interval of the {estimator.name} estimator is not finite")
    return low, high
