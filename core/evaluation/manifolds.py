"""Does what is generated lie where real features lie, and everywhere they lie: precision, recall, density, coverage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors

from core.errors import BadInputError

PRECISION_NEIGHBOURS = 3
"""k of precision and recall, as Kynkaanniemi et al. recommend."""
DENSITY_NEIGHBOURS = 5
"""k of density and coverage, as Naeem et al. recommend."""

_PIECE = 10_000_000


@dataclass(frozen=True)
class Manifolds:
    """How two sets of features lie to one another. Around each row lies a ball that reaches its k-th nearest other row.

    Attributes:
        precision: share of generated rows in the ball of some real row: fidelity (Kynkaanniemi et al. 2019, eq. 2).
        recall: share of real rows in the ball of some generated row: variety (eq. 2 of the same).
        density: real balls that a generated row lies in, as a multiple of k; may exceed 1. Unlike precision it is not
            led astray by one outlier with a wide ball (Naeem et al. 2020, eq. 3).
        coverage: share of real rows whose ball holds a generated row (eq. 4 of the same).
    """

    precision: float
    recall: float
    density: float
    coverage: float


def manifolds(real: np.ndarray, generated: np.ndarray) -> Manifolds:
    """Precision and recall with 3 neighbours, density and coverage with 5.

    All four depend on the number of rows: compare only figures of like numbers.

    Args:
        real: (n, d). generated: (m, d). Both of more than five rows.

    Raises:
        BadInputError: fewer rows.
    """
    if min(len(real), len(generated)) <= DENSITY_NEIGHBOURS:
        raise BadInputError(
            f"precision, recall, density and coverage need more than {DENSITY_NEIGHBOURS} rows of each side, "
            f"there are {len(real)} real and {len(generated)} generated"
        )
    between = cdist(real, generated)
    ranked = np.sort(cdist(real, real), axis=1)  # column 0 is the row itself
    narrow, wide = ranked[:, PRECISION_NEIGHBOURS], ranked[:, DENSITY_NEIGHBOURS]
    reach = np.sort(cdist(generated, generated), axis=1)[:, PRECISION_NEIGHBOURS]
    inside = between <= wide[:, None]
    return Manifolds(
        precision=float((between <= narrow[:, None]).any(axis=0).mean()),
        recall=float((between <= reach[None, :]).any(axis=1).mean()),
        density=float(inside.sum(axis=0).mean() / DENSITY_NEIGHBOURS),
        coverage=float(inside.any(axis=1).mean()),
    )


def reach(real: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(m,) how many real rows have each of ``rows`` in their ball, which reaches the 5th nearest other real row.

    Its mean over 5 is the density (Naeem et al. 2020, eq. 3). Of fewer than six real rows the balls reach the farthest.

    Args:
        real: (n, d), at least two. rows: (m, d).

    Raises:
        BadInputError: fewer than two real rows.
    """
    if len(real) < 2:
        raise BadInputError(f"density needs at least two real rows, there are {len(real)}")
    neighbours = min(DENSITY_NEIGHBOURS, len(real) - 1)
    radii = NearestNeighbors(n_neighbors=neighbours + 1, algorithm="brute").fit(real).kneighbors(real)[0][:, -1]
    # In pieces: real rows may be many.
    step = max(1, _PIECE // len(real))
    pieces = [(cdist(rows[start : start + step], real) <= radii).sum(axis=1) for start in range(0, len(rows), step)]
    return np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.int64)
