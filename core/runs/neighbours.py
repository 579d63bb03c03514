"""Nearest utterances in the full dimension."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from core.errors import BadInputError

_CHUNK = 4_000_000
_TYPICAL_ROWS = 2000
_NEAREST = 5


class Neighbourhood:
    """Exact Euclidean neighbours among n points (n, d), in pieces that fit the memory."""

    def __init__(self, points: np.ndarray) -> None:
        """Raises BadInputError where there are no points."""
        if not len(points):
            raise BadInputError(
                "no utterances to lie near: the run was published without their features; train on the corpus for a "
                "run of your own"
            )
        self._points = points
        self._squares = np.einsum("ij,ij->i", points, points)

    def nearest(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows (m, k) and distances (m, k) of the nearest points, nearest first; at most all n of them."""
        if k < 1:
            raise BadInputError(f"k = {k}: at least one neighbour")
        if queries.ndim != 2 or queries.shape[1] != self._points.shape[1]:
            raise BadInputError(f"expected features of shape (n, {self._points.shape[1]}), found {queries.shape}")
        k = min(k, len(self._points))
        step = max(1, _CHUNK // max(len(self._points), k * queries.shape[1]))
        rows, distances = [], []
        for start in range(0, len(queries), step):
            part = queries[start : start + step]
            squared = self._squares - 2.0 * part @ self._points.T + np.einsum("ij,ij->i", part, part)[:, None]
            near = np.argpartition(squared, k - 1, axis=1)[:, :k]
            # The expanded square loses the small distances to rounding: those that are kept are taken again.
            values = np.linalg.norm(part[:, None, :] - self._points[near], axis=2)
            order = np.argsort(values, axis=1, kind="stable")
            rows.append(np.take_along_axis(near, order, axis=1))
            distances.append(np.take_along_axis(values, order, axis=1))
        if not rows:
            return np.zeros((0, k), dtype=np.int64), np.zeros((0, k), dtype=np.float32)
        return np.concatenate(rows), np.concatenate(distances)

    def novelty(self, queries: np.ndarray) -> np.ndarray:
        """(m,) mean distance to the 5 nearest points, as a multiple of what is typical among the points."""
        return self._nearness(queries) / self.typical

    def _nearness(self, queries: np.ndarray) -> np.ndarray:
        """(m,) mean distance to the 5 nearest points; a query that is one of the points does not count itself."""
        _, distances = self.nearest(queries, _NEAREST + 1)
        if distances.shape[1] < 2:
            return distances.mean(axis=1)
        return np.where(distances[:, 0] == 0.0, distances[:, 1:].mean(axis=1), distances[:, :-1].mean(axis=1))

    @cached_property
    def typical(self) -> float:
        """What is usual: the median over points of the mean distance to their 5 nearest others."""
        rows = np.random.default_rng(0).permutation(len(self._points))[:_TYPICAL_ROWS]
        return max(float(np.median(self._nearness(self._points[rows]))), 1e-9)
