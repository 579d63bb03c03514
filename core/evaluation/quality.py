"""How generated features compare with real ones. Everything is measured in the space of the features given."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from core.errors import BadInputError

_AUC_ROWS = 1000
_LEAST = 10


@dataclass(frozen=True)
class Closeness:
    """Distances from generated features to the closest real one, against memorising.

    Attributes:
        to_train, to_held_out: median distance to the closest real feature of the training part, and of the part that
            the generator has never seen.
        ratio: the first over the second; far below ``honest_ratio``, the generator copies what it was trained on.
        honest_ratio: the same for the training features themselves, each without itself: what fresh draws from the
            training distribution would show. It is below 1 where the held-out part has other speakers.
        copies: share of generated features that are closer to a training feature than 99 % of the training features
            are to one another; 0.01 is what fresh draws would show.
    """

    to_train: float
    to_held_out: float
    ratio: float
    honest_ratio: float
    copies: float


@dataclass(frozen=True)
class Quality:
    """The report of one set of generated features; None where a part has too few rows (fewer than ten).

    Attributes:
        frechet: Frechet distance to the held-out real features (0 = same mean and covariance).
        frechet_real: the same distance between the two real parts, to compare with.
        auc: two-sample classifier AUC against the held-out real features (0.5 = cannot be told apart).
        closeness: against memorising.
        n_generated, n_train, n_held_out: rows.
    """

    frechet: float | None
    frechet_real: float | None
    auc: float | None
    closeness: Closeness | None
    n_generated: int
    n_train: int
    n_held_out: int

    def to_dict(self) -> dict[str, Any]:
        """All fields, ready for JSON."""
        return asdict(self)


def quality(generated: np.ndarray, train: np.ndarray, held_out: np.ndarray, *, seed: int = 0) -> Quality:
    """Compares generated features with the real ones of the training part and of a held-out part.

    Args:
        generated, train, held_out: (n, d) features.
        seed: of the draws that make parts of equal size.
    """
    parts = [_features(part) for part in (generated, train, held_out)]
    made, seen, unseen = parts
    full = min(map(len, parts)) >= _LEAST
    return Quality(
        frechet=frechet_distance(unseen, made) if full else None,
        frechet_real=frechet_distance(unseen, seen) if full else None,
        auc=two_sample_auc(unseen, made, seed=seed) if full else None,
        closeness=closeness(made, seen, unseen, seed=seed) if full else None,
        n_generated=len(made),
        n_train=len(seen),
        n_held_out=len(unseen),
    )


def quality_by_class(
    generated: np.ndarray,
    generated_labels: np.ndarray,
    train: np.ndarray,
    train_labels: np.ndarray,
    held_out: np.ndarray,
    held_out_labels: np.ndarray,
    *,
    classes: list[str],
    seed: int = 0,
) -> dict[str, Quality]:
    """``quality`` for ``"all"`` and then for each class by itself."""
    made, seen, unseen = np.asarray(generated_labels), np.asarray(train_labels), np.asarray(held_out_labels)
    report = {"all": quality(generated, train, held_out, seed=seed)}
    for name in classes:
        report[name] = quality(generated[made == name], train[seen == name], held_out[unseen == name], seed=seed)
    return report


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Squared Frechet distance between Gaussians fitted to two sets (Heusel et al. 2017, eq. 6).

    |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)), (n, d) each. With few rows for the dimension it is biased upwards:
    compare only sets of like size.
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


def closeness(generated: np.ndarray, train: np.ndarray, held_out: np.ndarray, *, seed: int = 0) -> Closeness:
    """Distance to the closest training feature against distance to the closest held-out one.

    The greater real part is cut to the size of the smaller one, since more rows are closer rows by number alone.
    """
    rng = np.random.default_rng(seed)
    made, seen, unseen = _features(generated), _features(train), _features(held_out)
    if min(len(made), len(seen), len(unseen)) < 3:
        raise BadInputError("closeness needs at least three rows of each part")
    count = min(len(seen) - 1, len(unseen))
    queries, bank = seen, _draw(unseen, count, rng)
    # One row more than the held-out part: each row loses itself.
    kept = _draw(seen, count + 1, rng)
    within = cdist(kept, kept)
    np.fill_diagonal(within, np.inf)
    honest = float(np.median(within.min(axis=1)) / _positive(np.median(cdist(queries, bank).min(axis=1))))
    whole = cdist(seen, seen)
    np.fill_diagonal(whole, np.inf)
    to_all = cdist(made, seen).min(axis=1)
    to_train = float(np.median(cdist(made, kept[:count]).min(axis=1)))
    to_held_out = float(np.median(cdist(made, bank).min(axis=1)))
    return Closeness(
        to_train=to_train,
        to_held_out=to_held_out,
        ratio=to_train / _positive(to_held_out),
        honest_ratio=honest,
        copies=float((to_all < np.quantile(whole.min(axis=1), 0.01)).mean()),
    )


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
