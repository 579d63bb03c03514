"""The reported figure: a critic that shares no weight with training, fitted on one half and read on the other."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from core.errors import BadInputError, FailureError
from core.information.contrastive import InfoNCECritic
from core.information.estimate import Estimate
from core.information.estimators import Estimator
from core.information.variational import VariationalDiscrete, VariationalGaussian

Kind = Literal["discrete", "continuous"]
Array = Any  # array-like: numpy, torch, list or pandas

ESTIMATORS: dict[str, dict[str, Callable[..., Estimator]]] = {
    "discrete": {"variational": VariationalDiscrete},
    "continuous": {"infonce": InfoNCECritic, "variational": VariationalGaussian},
}
"""For each kind of y the estimators by key; the first one is what ``auto`` takes."""

_LEAST = 40
_CHUNK = 1 << 22


@dataclass(frozen=True)
class Fitted:
    """A fitted estimator with the scales of its inputs, to be asked about new samples."""

    estimator: Estimator
    kind: Kind
    names: tuple[Any, ...]  # class labels of a discrete y
    x_scale: tuple[Tensor, Tensor]
    y_scale: tuple[Tensor, Tensor] | None

    def prepare(self, x: Array, y: Array) -> tuple[Tensor, Tensor]:
        """x (n, d) and y standardised, or turned to class indices, as the critic saw them in fitting.

        Raises:
            BadInputError: a width or a class that the critic has not seen.
        """
        x_tensor = _matrix(x, "x")
        if x_tensor.shape[1] != len(self.x_scale[0]):
            raise BadInputError(f"x has {x_tensor.shape[1]} columns, the critic was fitted on {len(self.x_scale[0])}")
        x_tensor = _scaled(x_tensor, self.x_scale)
        if self.kind == "discrete":
            return x_tensor, _indices(y, self.names).to(x_tensor.device)
        y_tensor = _matrix(y, "y").to(x_tensor.device)
        return x_tensor, y_tensor if self.y_scale is None else _scaled(y_tensor, self.y_scale)


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

    Args:
        x: (n, d) features.
        y: (n,) labels (``discrete``), or (n,) or (n, m) values (``continuous``).
        kind: what y is.
        estimator: a key of ``ESTIMATORS[kind]``. ``auto`` is the variational bound for a discrete y and InfoNCE for a
            continuous one; for latent codes drawn from N(0, 1) prefer ``variational``, which has no ceiling.
        seed: of the split, the critic and the bootstrap; PyTorch's global random state is neither used nor changed.
        steps, batch: of the critic; log batch is the ceiling of InfoNCE.
        bootstrap: repetitions of the interval.
        quantity: the name of the figure.

    Raises:
        BadInputError: fewer than 40 rows, NaN in the data, an unknown estimator.
        FailureError: the critic diverged.
    """
    generator = torch.Generator().manual_seed(seed)
    x_tensor, target, names = _checked(x, y, kind)
    fitting, reading = _halves(target if kind == "discrete" else None, len(x_tensor), generator)
    fitted = _fit(x_tensor[fitting], target[fitting], kind, names, estimator, steps, batch, generator)
    x_read, y_read = x_tensor[reading], target[reading]
    x_read = _scaled(x_read, fitted.x_scale)
    if fitted.y_scale is not None:
        y_read = _scaled(y_read, fitted.y_scale)
    statistics = fitted.estimator.statistics(x_read, y_read, generator)
    if not bool(torch.isfinite(statistics).all()):
        raise FailureError(f"{quantity}: the {fitted.estimator.name} critic gave values that are not finite")
    low, high = _interval(fitted.estimator, statistics, bootstrap, generator)
    return Estimate(
        quantity=quantity,
        value=float(fitted.estimator.reduce(statistics.mean(dim=0))),
        low=low,
        high=high,
        kind=fitted.estimator.kind,
        ceiling=fitted.estimator.ceiling(y_read),
        estimator=fitted.estimator.name,
        samples=len(x_read),
    )


def fit_estimator(
    x: Array, y: Array, *, kind: Kind, estimator: str = "auto", seed: int = 0, steps: int = 400, batch: int = 256
) -> Fitted:
    """A critic fitted on all the rows, for ``pointwise_mi`` of other ones. Arguments as for ``held_out_mi``."""
    x_tensor, target, names = _checked(x, y, kind)
    return _fit(x_tensor, target, kind, names, estimator, steps, batch, torch.Generator().manual_seed(seed))


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
    steps: int,
    batch: int,
    generator: torch.Generator,
) -> Fitted:
    known = ESTIMATORS[kind]
    key = next(iter(known)) if key == "auto" else key.lower()
    if key not in known:
        raise BadInputError(f"there is no estimator {key!r} for a {kind} y; there are: auto, {', '.join(known)}")
    x_scale = _scale(x)
    # The variational bound knows the entropy of codes that are N(0, 1) as they come: they are not touched.
    y_scale = _scale(y) if kind == "continuous" and key != "variational" else None
    estimator = known[key](steps=steps, batch=batch)
    estimator.fit(_scaled(x, x_scale), y if y_scale is None else _scaled(y, y_scale), generator)
    return Fitted(estimator, kind, names, x_scale, y_scale)


def _checked(x: Array, y: Array, kind: Kind) -> tuple[Tensor, Tensor, tuple[Any, ...]]:
    if kind not in ESTIMATORS:
        raise BadInputError(f"kind must be one of {', '.join(ESTIMATORS)}: {kind!r}")
    x_tensor = _matrix(x, "x")
    names: tuple[Any, ...] = ()
    if kind == "discrete":
        labels = _labels(y)
        if len(labels):
            names = tuple(np.unique(labels))
        target = _indices(labels, names)
    else:
        target = _matrix(y, "y")
    if len(x_tensor) != len(target):
        raise BadInputError(f"x has {len(x_tensor)} rows and y {len(target)}")
    if len(target) < _LEAST:
        raise BadInputError(f"mutual information needs at least {_LEAST} samples, there are {len(target)}")
    return x_tensor, target.to(x_tensor.device), names


def _matrix(values: Array, what: str) -> Tensor:
    tensor = values.detach() if isinstance(values, Tensor) else torch.from_numpy(np.array(values, dtype=np.float32))
    tensor = tensor.float()
    tensor = tensor[:, None] if tensor.ndim == 1 else tensor
    if tensor.ndim != 2 or tensor.shape[1] == 0:
        raise BadInputError(f"{what} must be a table of samples by columns: {tuple(tensor.shape)}")
    if not bool(torch.isfinite(tensor).all()):
        row = int((~torch.isfinite(tensor)).any(dim=1).nonzero()[0])
        raise BadInputError(f"{what} holds NaN or infinity (row {row}): mutual information cannot be measured on it")
    return tensor


def _labels(y: Array) -> np.ndarray:
    labels = y.detach().cpu().numpy() if isinstance(y, Tensor) else np.asarray(y)
    if labels.ndim != 1:
        raise BadInputError(f"a discrete y must be one label for each sample: {labels.shape}")
    return labels.astype(str) if labels.dtype.kind in "OU" else labels


def _indices(y: Array, names: tuple[Any, ...]) -> Tensor:
    labels, known = _labels(y), np.asarray(names)
    index = np.searchsorted(known, labels).clip(0, max(0, len(known) - 1))
    if len(labels) and not np.array_equal(known[index], labels):
        strange = labels[known[index] != labels][0]
        raise BadInputError(f"class {strange!r} was not there when the critic was fitted; classes: {list(names)}")
    return torch.from_numpy(index.astype(np.int64))


def _scale(values: Tensor) -> tuple[Tensor, Tensor]:
    deviation = values.std(dim=0, correction=0)
    return values.mean(dim=0), torch.where(deviation > 1e-6, deviation, torch.ones_like(deviation))


def _scaled(values: Tensor, scale: tuple[Tensor, Tensor]) -> Tensor:
    return (values - scale[0]) / scale[1]


def _halves(labels: Tensor | None, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Two random halves of the rows; with labels, each class is halved (an odd one goes to the fitting half)."""
    order = torch.randperm(count, generator=generator)
    if labels is None:
        return order[: count // 2], order[count // 2 :]
    order = order[torch.argsort(labels.cpu()[order], stable=True)]
    ranked = labels.cpu()[order]
    starts = torch.searchsorted(ranked, ranked)  # where the class of each row begins
    even = (torch.arange(count) - starts) % 2 == 0
    return order[even], order[~even]


def _interval(
    estimator: Estimator, statistics: Tensor, repetitions: int, generator: torch.Generator
) -> tuple[float, float]:
    """Percentile interval (2.5 % to 97.5 %) of the figure over resampled rows."""
    count, values = len(statistics), []
    table = statistics.cpu()
    for start in range(0, repetitions, step := max(1, _CHUNK // max(1, count))):
        rows = torch.randint(count, (min(step, repetitions - start), count), generator=generator)
        values.append(estimator.reduce(table[rows].mean(dim=1)))
    quantiles = torch.quantile(torch.cat(values), torch.tensor([0.025, 0.975], dtype=torch.float64))
    low, high = float(quantiles[0]), float(quantiles[1])
    if not (math.isfinite(low) and math.isfinite(high)):
        raise FailureError(f"the bootstrap interval of the {estimator.name} estimator is not finite")
    return low, high
