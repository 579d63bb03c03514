"""Is one method better than another? Paired differences over folds, with an interval and a test."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import stats

from core.errors import BadInputError


@dataclass(frozen=True)
class PairedGain:
    """The gain of a method over another, in the unit of the scores given.

    Attributes:
        mean: mean paired difference.
        low, high: 95 % bootstrap interval over folds.
        t, p_value: corrected resampled t-test, two-sided.
        by_fold: the mean difference of each fold.
        seeds: how many seeds each of them was averaged over.
    """

    mean: float
    low: float
    high: float
    t: float
    p_value: float
    by_fold: tuple[float, ...]
    seeds: int

    @property
    def folds(self) -> int:
        """Number of folds."""
        return len(self.by_fold)

    @property
    def clear(self) -> bool:
        """True where the interval does not hold zero."""
        return self.low > 0.0 or self.high < 0.0

    def to_dict(self) -> dict[str, Any]:
        """All fields, ready for JSON."""
        return {**asdict(self), "by_fold": list(self.by_fold), "folds": self.folds, "clear": self.clear}


def paired_gain(
    method: np.ndarray,
    baseline: np.ndarray,
    *,
    test_to_train: float | None = None,
    bootstrap: int = 10_000,
    seed: int = 0,
) -> PairedGain:
    """Mean of ``method - baseline`` over folds.

    The fold is the unit: seeds of one fold share its speakers, so they are averaged first, and counting each of them
    as a fold of its own would make any interval too narrow.

    >>> gain = paired_gain([0.74, 0.71, 0.78, 0.73], [0.63, 0.62, 0.66, 0.64])
    >>> round(gain.mean, 4), gain.clear, gain.folds
    (0.1025, True, 4)

    Args:
        method, baseline: (folds,) or (seeds, folds) scores; the same seeds and folds in the same order. Where each
            seed has splits of its own, give all splits as one (folds,) array.
        test_to_train: test rows over training rows, for the correction; 1 / (folds - 1) by default, as in a
            cross-validation.
        bootstrap: repetitions, each of which draws the folds anew with replacement (percentile interval).
        seed: of the bootstrap.

    Raises:
        BadInputError: shapes that differ, fewer than two folds, a score that is not finite.
    """
    first, second = np.atleast_2d(np.asarray(method, float)), np.atleast_2d(np.asarray(baseline, float))
    if first.shape != second.shape or first.ndim != 2:
        raise BadInputError(f"paired scores must have one shape: {first.shape} and {second.shape}")
    if first.shape[1] < 2:
        raise BadInputError("a paired comparison needs at least two folds")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise BadInputError("a score is missing (not finite): compare only seeds and folds that both methods have")
    differences = (first - second).mean(axis=0)
    folds = len(differences)
    draws = np.random.default_rng(seed).integers(folds, size=(bootstrap, folds))
    low, high = np.quantile(differences[draws].mean(axis=1), [0.025, 0.975])
    t, p_value = corrected_t_test(differences, 1.0 / (folds - 1) if test_to_train is None else test_to_train)
    return PairedGain(
        mean=float(differences.mean()),
        low=float(low),
        high=float(high),
        t=t,
        p_value=p_value,
        by_fold=tuple(differences.tolist()),
        seeds=first.shape[0],
    )


def corrected_t_test(differences: np.ndarray, test_to_train: float) -> tuple[float, float]:
    """The corrected resampled t-test of Nadeau and Bengio (2003, section 5.1): t and the two-sided p-value.

    t = mean / sqrt((1 / J + n_test / n_train) * variance), J - 1 degrees of freedom. The second term is there because
    the training parts of different splits overlap.

    Args:
        differences: (J,) paired differences, J >= 2.
        test_to_train: n_test / n_train.

    >>> t, p = corrected_t_test(np.array([1.0, 2.0, 3.0]), 0.5)
    >>> round(t, 4), round(p, 4)
    (2.1909, 0.1598)
    """
    values = np.asarray(differences, float)
    mean = float(values.mean())
    spread = math.sqrt((1.0 / len(values) + test_to_train) * float(values.var(ddof=1)))
    if spread == 0.0:
        # Every fold says the same: certain, or exactly nothing.
        return (0.0, 1.0) if mean == 0.0 else (math.copysign(math.inf, mean), 0.0)
    t = mean / spread
    return t, float(2.0 * stats.t.sf(abs(t), len(values) - 1))
