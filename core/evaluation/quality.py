"""How two sets of features compare, and whether one repeats the other. Measured in the space of the features given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from core.errors import BadInputError

_AUC_ROWS = 1000
_QUERIES = 4000
_COPIES = 0.05
_NEARER = 0.7


@dataclass(frozen=True)
class Closeness:
    """Distances from generated features to the closest real one, against memorising.

    Attributes:
        to_train, to_held_out: median distance to the closest real feature of the training part, and of the part that
            the generator has never seen.
        ratio: the first over the second; far below ``honest_ratio``, the generator copies what it was trained on.
        honest_ratio: the same for the training features themselves, each without itself: what fresh draws from the
            training distribution would show. It is below 1 where the held-out part has other speakers.
        copy_distance: what 99 % of the training features keep from one another.
        copies: share of generated features that are closer than that to a training feature; fresh draws show 0.01.
    """

    to_train: float
    to_held_out: float
    ratio: float
    honest_ratio: float
    copy_distance: float
    copies: float

    @property
    def copying(self) -> bool:
        """Whether it copies: five times the copies of fresh draws, or nearer to training features than 0.7 of honest.

        The share of copies finds some rows repeated among honest ones, the ratio a generator that strays a little
        around every training row.
        """
        return self.copies > _COPIES or self.ratio < _NEARER * self.honest_ratio


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Squared Frechet distance between Gaussians fitted to two sets (Heusel et al. 2017, eq. 6).

    |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)), (n, d) each. With few rows for the dimension it is biased upwards:
    compare only sets of like size.

    >>> rows = np.random.default_rng(0).normal(size=(500, 3))
    >>> round(frechet_distance(rows, rows + [3.0, 0.0, 0.0]), 6)
    9.0
    """
    first, second = _features(first), _features(second)
    gap = first.mean(axis=0) - second.mean(axis=0)
    one, two = np.atleast_2d(np.cov(first, rowvar=False)), np.atleast_2d(np.cov(second, rowvar=False))
    values, vectors = np.linalg.eigh(one)
    root = (vectors * np.sqrt(values.clip(0.0))) @ vectors.T
    # tr (S1 S2)^(1/2) = tr (S1^(1/2) S2 S1^(1/2))^(1/2), which is symmetric: no complex numbers.
    cross = np.sqrt(np.linalg.eigvalsh(root @ two @ root).clip(0.0)).sum()
    return float(max(0.0, gap @ gap + np.trace(one) + np.trace(two) - 2.0 * cross))


def two_sample_auc(real: np.ndarray, generated: np.ndarray, *, seed: int = 0, folds: int = 5) -> float:
    """AUC of a classifier that tells generated from real rows it was not fitted on (Lopez-Paz and Oquab 2017).

    A support vector machine with a Gaussian kernel, which sees means, variances and correlations alike; at most 1,000
    rows of each side, equally many. 0.5: they cannot be told apart; 1: always.
    """
    rng = np.random.default_rng(seed)
    real, generated = _features(real), _features(generated)
    count = min(len(real), len(generated), _AUC_ROWS)
    if count < 2 * folds:
        raise BadInputError(f"a two-sample test needs at least {2 * folds} rows of each side, there are {count}")
    rows = np.concatenate([_draw(real, count, rng), _draw(generated, count, rng)])
    side = np.repeat([0, 1], count)
    model = make_pipeline(StandardScaler(), SVC(kernel="rbf", C=1.0, gamma="scale"))
    splits = StratifiedKFold(folds, shuffle=True, random_state=seed)
    decision = cross_val_predict(model, rows, side, cv=splits, method="decision_function")
    return float(roc_auc_score(side, decision))


def closeness(
    generated: np.ndarray,
    train: np.ndarray,
    held_out: np.ndarray,
    *,
    copy_distance: float | None = None,
    seed: int = 0,
) -> Closeness:
    """Distance to the closest training feature against distance to the closest held-out one.

    The greater real part is cut to the size of the smaller one, since more rows are closer rows by number alone.
    Training features that are equal count once: what is said twice in a corpus is no copy that a generator made.

    Args:
        generated, train, held_out: (n, d) features, at least three of each; the same mix of emotions in the first two.
        copy_distance: where it is known from more training features than these; a percentile of few says little.
    """
    rng = np.random.default_rng(seed)
    made, seen, unseen = _features(generated), np.unique(_features(train), axis=0), _features(held_out)
    if min(len(made), len(seen), len(unseen)) < 3:
        raise BadInputError("closeness needs at least three rows of each part")
    count = min(len(seen) - 1, len(unseen))
    bank = _draw(unseen, count, rng)
    # One row more than the held-out part: each row loses itself.
    kept = _draw(seen, count + 1, rng)
    queries = _draw(seen, min(len(seen), _QUERIES), rng)
    within, across = _nearest(kept, kept, itself=True), _nearest(queries, bank)
    to_train, to_held_out = float(np.median(_nearest(made, kept[:count]))), float(np.median(_nearest(made, bank)))
    if copy_distance is None:
        copy_distance = float(np.quantile(_nearest(queries, seen, itself=True), 0.01))
    return Closeness(
        to_train=to_train,
        to_held_out=to_held_out,
        ratio=to_train / _positive(to_held_out),
        honest_ratio=float(np.median(within)) / _positive(np.median(across)),
        copy_distance=copy_distance,
        copies=float((_nearest(made, seen) < copy_distance).mean()),
    )


def _nearest(rows: np.ndarray, bank: np.ndarray, *, itself: bool = False) -> np.ndarray:
    """(n,) distance of each row to the closest one of the bank; ``itself``: the rows are of the bank, take another."""
    # In pieces that fit the memory, whatever the size of the corpus.
    search = NearestNeighbors(n_neighbors=1 + itself, algorithm="brute").fit(bank)
    return search.kneighbors(rows)[0][:, -1]


def _features(values: np.ndarray) -> np.ndarray:
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2:
        raise BadInputError(f"features must be a table of rows by dimensions: {table.shape}")
    if not np.isfinite(table).all():
        raise BadInputError("the features hold NaN or infinity")
    return table


def _draw(rows: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    return rows if len(rows) == count else rows[rng.permutation(len(rows))[:count]]


def _positive(value: Any) -> float:
    return max(float(value), 1e-12)
