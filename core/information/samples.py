"""Samples as estimators take them: checked, as tensors, on one scale, in halves."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from core.errors import BadInputError

Kind = Literal["discrete", "continuous"]
KINDS: tuple[Kind, ...] = ("discrete", "continuous")
Array = Any  # array-like: numpy, torch, list or pandas

_LEAST = 40
_KURTOSIS = 4.0
_QUARTILES = 1.349  # distance of the quartiles of a standard normal


def checked(x: Array, y: Array, kind: Kind) -> tuple[Tensor, Tensor, tuple[Any, ...]]:
    """x (n, d), y as class indices (n,) or values (n, m), and the names of the classes.

    Raises:
        BadInputError: fewer than 40 rows, rows that do not match, NaN, an unknown kind.
    """
    if kind not in KINDS:
        raise BadInputError(f"kind must be one of {', '.join(KINDS)}: {kind!r}")
    x_tensor = matrix(x, "x")
    names: tuple[Any, ...] = ()
    if kind == "discrete":
        given = label_array(y)
        if len(given):
            names = tuple(np.unique(given))
        target = indices(given, names)
    else:
        target = matrix(y, "y")
    if len(x_tensor) != len(target):
        raise BadInputError(f"x has {len(x_tensor)} rows and y {len(target)}")
    if len(target) < _LEAST:
        raise BadInputError(f"mutual information needs at least {_LEAST} samples, there are {len(target)}")
    return x_tensor, target.to(x_tensor.device), names


def matrix(values: Array, what: str) -> Tensor:
    """Samples by columns, float32, finite."""
    tensor = values.detach() if isinstance(values, Tensor) else torch.from_numpy(np.array(values, dtype=np.float32))
    tensor = tensor.float()
    tensor = tensor[:, None] if tensor.ndim == 1 else tensor
    if tensor.ndim != 2 or tensor.shape[1] == 0:
        raise BadInputError(f"{what} must be a table of samples by columns: {tuple(tensor.shape)}")
    if not bool(torch.isfinite(tensor).all()):
        row = int((~torch.isfinite(tensor)).any(dim=1).nonzero()[0])
        raise BadInputError(f"{what} holds NaN or infinity (row {row}): mutual information cannot be measured on it")
    return tensor


def label_array(y: Array) -> np.ndarray:
    """One label for each sample; names become strings."""
    labels = y.detach().cpu().numpy() if isinstance(y, Tensor) else np.asarray(y)
    if labels.ndim != 1:
        raise BadInputError(f"a discrete y must be one label for each sample: {labels.shape}")
    return labels.astype(str) if labels.dtype.kind in "OU" else labels


def indices(y: Array, names: tuple[Any, ...]) -> Tensor:
    """The index of each label among ``names``, (n,) int64."""
    labels, known = label_array(y), np.asarray(names)
    index = np.searchsorted(known, labels).clip(0, max(0, len(known) - 1))
    if len(labels) and not np.array_equal(known[index], labels):
        strange = labels[known[index] != labels][0]
        raise BadInputError(f"class {strange!r} was not there when the critic was fitted; classes: {list(names)}")
    return torch.from_numpy(index.astype(np.int64))


class Standard:
    """Columns to mean 0 and deviation 1, as the fitting samples have them; a constant column keeps its unit."""

    def __init__(self, values: Tensor) -> None:
        deviation = values.std(dim=0, correction=0)
        self.mean = values.mean(dim=0)
        self.deviation = torch.where(deviation > 1e-6, deviation, torch.ones_like(deviation))
        self.columns = values.shape[1]

    def __call__(self, values: Tensor) -> Tensor:
        """(n, d) to (n, d)."""
        return (values - self.mean) / self.deviation


class ShortTails(Standard):
    """As ``Standard``, but columns with long tails go through asinh((x - median) / robust deviation) first.

    A rising function of each column leaves I(x; y) as it is (Kraskov et al. 2004, appendix), while a critic with exp f
    goes astray on values a hundred deviations out. Long tails are a kurtosis of more than 4 (normal: 3). Ranks would
    make every margin normal, at the price of spreading clusters over each other: features of a class do cluster.
    """

    def __init__(self, values: Tensor) -> None:
        wide = values.double()
        centred = wide - wide.mean(dim=0)
        variance = centred.square().mean(dim=0)
        self.long = (centred**4).mean(dim=0) > _KURTOSIS * variance.square().clamp_min(1e-24)
        ranked = values.sort(dim=0).values
        lower, self.median, upper = (ranked[int(share * (len(ranked) - 1))] for share in (0.25, 0.5, 0.75))
        # Half of a column may be one value: its deviation then, which is not robust but there.
        robust = (upper - lower) / _QUARTILES
        self.unit = torch.where(
            robust > 1e-6 * variance.sqrt(), robust.double(), variance.sqrt().clamp_min(1e-6)
        ).float()
        super().__init__(self._bent(values))

    def __call__(self, values: Tensor) -> Tensor:
        """(n, d) to (n, d)."""
        return super().__call__(self._bent(values))

    def _bent(self, values: Tensor) -> Tensor:
        return torch.where(self.long, torch.asinh((values - self.median) / self.unit), values)


def halves(labels: Tensor | None, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Two random halves of the rows; with labels, each class is halved (an odd one goes to the fitting half)."""
    order = torch.randperm(count, generator=generator)
    if labels is None:
        return order[: count // 2], order[count // 2 :]
    order = order[torch.argsort(labels.cpu()[order], stable=True)]
    ranked = labels.cpu()[order]
    starts = torch.searchsorted(ranked, ranked)  # where the class of each row begins
    even = (torch.arange(count) - starts) % 2 == 0
    return order[even], order[~even]
