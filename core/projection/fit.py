"""The map: UMAP of audio and text features together, and a projector with its error measured."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import smooth_l1_loss

from core.config import ProjectionConfig
from core.progress import Progress, silent
from core.projection.networks import Projector

_HELD_OUT = 0.15
_TRUSTWORTHINESS_POINTS = 3000
# The same for every map, so that maps of different settings can be compared.
_TRUSTED_NEIGHBOURS = 15
_BATCH = 256
_EXACT_POINTS = 4000


@dataclass(frozen=True)
class Map:
    """A fitted map.

    Attributes:
        coordinates: (n, 2) of the points that were given. projector: for new ones.
        quality: ``trustworthiness`` (0 to 1, share of map neighbours that are true ones, Venna and Kaski 2001),
            ``projector_error`` (median distance on points held out from the projector, in units of the map),
            ``projector_error_share`` (the same as a share of the map's diameter), ``neighbours`` (of the
            trustworthiness), ``points``.
    """

    coordinates: np.ndarray
    projector: Projector
    quality: dict[str, float]


def fit_map(points: np.ndarray, config: ProjectionConfig, *, seed: int, progress: Progress = silent) -> Map:
    """Fits UMAP to ``points`` (n, d) and a projector to the result.

    The projector is fitted on 85 % of the points and its error measured on the rest; the one that is kept is that
    very network, so the error is the error of what is used.
    """
    progress(0, 3, "fitting the map (UMAP)")
    coordinates = _umap(points, config, seed)
    progress(1, 3, "fitting the projector for new points")
    projector, error = _fit_projector(points, coordinates, config.projector_steps, seed)
    progress(2, 3, "measuring the map")
    spread = float(np.linalg.norm(np.ptp(coordinates, axis=0)))
    quality = {
        "trustworthiness": trustworthiness(points, coordinates, _TRUSTED_NEIGHBOURS, seed),
        "projector_error": error,
        "projector_error_share": error / spread if spread else 0.0,
        "neighbours": _TRUSTED_NEIGHBOURS,
        "points": len(points),
    }
    progress(3, 3, "the map is ready")
    return Map(coordinates, projector, quality)


def trustworthiness(points: np.ndarray, coordinates: np.ndarray, neighbours: int, seed: int = 0) -> float:
    """How far map neighbours are neighbours in truth, 0 to 1 (Venna and Kaski 2001); on at most 3,000 points."""
    from sklearn.manifold import trustworthiness as measure

    if len(points) < 3:
        return 1.0
    if len(points) > _TRUSTWORTHINESS_POINTS:
        chosen = np.random.default_rng(seed).choice(len(points), _TRUSTWORTHINESS_POINTS, replace=False)
        points, coordinates = points[chosen], coordinates[chosen]
    return float(measure(points, coordinates, n_neighbors=max(1, min(neighbours, (len(points) - 1) // 2))))


def _umap(points: np.ndarray, config: ProjectionConfig, seed: int) -> np.ndarray:
    if len(points) <= config.neighbours + 2:
        # Too few points for a neighbour graph: principal axes say as much as can be said.
        centred = points - points.mean(axis=0)
        _, _, axes = np.linalg.svd(centred, full_matrices=False)
        flat = centred @ axes[:2].T
        return np.ascontiguousarray(np.pad(flat, ((0, 0), (0, 2 - flat.shape[1]))), dtype=np.float32)
    from umap import UMAP

    with warnings.catch_warnings():
        # A fixed seed means one thread, and given neighbours no later transform; UMAP warns of both each time.
        warnings.simplefilter("ignore")
        reducer = UMAP(
            n_neighbors=config.neighbours,
            min_dist=config.min_dist,
            metric=config.metric,
            random_state=seed,
            n_jobs=1,
            precomputed_knn=_exact_neighbours(points, config),
        )
        threads = torch.get_num_threads()
        try:
            return np.asarray(reducer.fit_transform(points), dtype=np.float32)
        finally:
            # UMAP's numba shares PyTorch's OpenMP and resets its number of threads.
            torch.set_num_threads(threads)


def _exact_neighbours(points: np.ndarray, config: ProjectionConfig) -> tuple[np.ndarray | None, ...]:
    """The neighbours and their distances, (n, k) each; for many points none, then UMAP approximates them itself.

    UMAP is exact for few points too, but first compiles its own search: some six seconds in every process.
    """
    if len(points) > _EXACT_POINTS:
        return (None, None, None)
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=config.neighbours, metric=config.metric, algorithm="brute").fit(points)
    distances, rows = search.kneighbors(points)
    return rows, distances.astype(np.float32)


def _fit_projector(points: np.ndarray, coordinates: np.ndarray, steps: int, seed: int) -> tuple[Projector, float]:
    generator = torch.Generator().manual_seed(seed)
    x, y = torch.from_numpy(points).float(), torch.from_numpy(coordinates).float()
    order = torch.randperm(len(x), generator=generator)
    held = order[: max(1, int(_HELD_OUT * len(x)))]
    fitted = order[len(held) :] if len(x) > 3 else order
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        projector = Projector(dim=x.shape[1])
    projector.place(y)
    optimiser = torch.optim.AdamW(projector.parameters(), lr=2e-3, weight_decay=1e-2, foreach=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        rows = fitted[torch.randint(len(fitted), (_BATCH,), generator=generator)]
        # A little noise: generated points lie beside the real ones, not on them.
        inputs = x[rows] + 0.1 * torch.randn((len(rows), x.shape[1]), generator=generator)
        loss = smooth_l1_loss((projector(inputs) - y[rows]) / projector.scale, torch.zeros_like(y[rows]), beta=0.1)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
    projector.eval()
    with torch.no_grad():
        error = (projector(x[held]) - y[held]).norm(dim=1).median()
    return projector, float(error)
