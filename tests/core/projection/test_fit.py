"""The map: neighbours stay neighbours, new points land beside their like, and its quality is what is measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from core.config import ProjectionConfig
from core.projection import Map, Projector, fit_map, trustworthiness
from core.projection.fit import _exact_neighbours

CONFIG = ProjectionConfig(projector_steps=400)


def clouds(n: int = 150, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    means = np.random.default_rng(42).normal(size=(3, 10)) * 4
    return (means[labels] + generator.normal(size=(n, 10))).astype(np.float32), labels


@pytest.fixture(scope="module")
def fitted() -> Map:
    return fit_map(clouds()[0], CONFIG, seed=0)


def test_neighbours_stay_neighbours(fitted: Map) -> None:
    assert fitted.coordinates.shape == (150, 2)
    assert fitted.coordinates.dtype == np.float32
    assert np.isfinite(fitted.coordinates).all()
    assert fitted.quality["trustworthiness"] > 0.85
    assert (fitted.quality["points"], fitted.quality["neighbours"]) == (150, 15)


def test_the_same_seed_gives_the_same_map(fitted: Map) -> None:
    again = fit_map(clouds()[0], CONFIG, seed=0)
    np.testing.assert_array_equal(again.coordinates, fitted.coordinates)
    assert again.quality == fitted.quality


def test_new_points_land_among_their_like(fitted: Map) -> None:
    points, labels = clouds(90, seed=1)
    with torch.no_grad():
        places = fitted.projector(torch.from_numpy(points)).numpy()
    _, known = clouds()
    centres = np.stack([fitted.coordinates[known == label].mean(axis=0) for label in range(3)])
    nearest = np.linalg.norm(places[:, None] - centres[None], axis=2).argmin(axis=1)
    assert (nearest == labels).mean() > 0.95


def test_the_error_is_that_of_points_held_out(fitted: Map) -> None:
    points = clouds()[0]
    with torch.no_grad():
        distance = np.linalg.norm(fitted.projector(torch.from_numpy(points)).numpy() - fitted.coordinates, axis=1)
    error, share = fitted.quality["projector_error"], fitted.quality["projector_error_share"]
    # Points it was fitted on lie nearer than those it was not.
    assert np.median(distance) <= error
    assert error < 0.25 * np.linalg.norm(np.ptp(fitted.coordinates, axis=0))
    assert share == pytest.approx(error / np.linalg.norm(np.ptp(fitted.coordinates, axis=0)), rel=1e-5)


def test_projector_round_trip(fitted: Map, tmp_path: Path) -> None:
    fitted.projector.save_pretrained(tmp_path / "p")
    x = torch.randn((4, 10), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(Projector.from_pretrained(tmp_path / "p")(x), fitted.projector(x), rtol=0, atol=0)


@pytest.mark.parametrize("n", [2, 3, 5, 17, 18, 19])
def test_few_points(n: int) -> None:
    fitted = fit_map(clouds(n)[0], ProjectionConfig(projector_steps=10), seed=0)
    assert fitted.coordinates.shape == (n, 2)
    assert np.isfinite(fitted.coordinates).all()
    assert 0.0 <= fitted.quality["trustworthiness"] <= 1.0
    assert np.isfinite(fitted.quality["projector_error"])


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_points_that_coincide(metric: str) -> None:
    points = clouds(4)[0][np.arange(60) % 4]
    fitted = fit_map(points, ProjectionConfig(projector_steps=10, metric=metric), seed=0)  # type: ignore[arg-type]
    assert np.isfinite(fitted.coordinates).all()
    same = fit_map(np.ones((40, 6), np.float32), ProjectionConfig(projector_steps=10), seed=0)
    assert np.isfinite(same.coordinates).all()


def test_neighbours_that_umap_is_given() -> None:
    points = clouds(40)[0]
    rows, distances, *_ = (*_exact_neighbours(points, ProjectionConfig(neighbours=7)), None)
    assert rows is not None
    assert distances is not None
    every = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.testing.assert_allclose(distances, np.sort(every, axis=1)[:, :7], atol=1e-3)
    np.testing.assert_allclose(np.take_along_axis(every, rows, axis=1), distances, atol=1e-3)
    assert _exact_neighbours(np.zeros((4001, 2), np.float32), ProjectionConfig())[0] is None


def test_trustworthiness() -> None:
    points = clouds(60)[0]
    assert trustworthiness(points, points, 5) == pytest.approx(1.0)
    shuffled = np.random.default_rng(0).permutation(points)
    assert trustworthiness(points, shuffled, 5) < 0.7
    assert trustworthiness(points[:2], points[:2], 5) == 1.0


def test_threads_and_random_state_are_left_as_they_were() -> None:
    # UMAP's numba would set PyTorch's threads to the number of cores, which is many times slower on shared ones.
    threads = torch.get_num_threads()
    told: list[tuple[int, int, str]] = []
    fit_map(
        clouds(60)[0],
        ProjectionConfig(projector_steps=10),
        seed=0,
        progress=lambda done, total, message="": told.append((done, total, message)),
    )
    assert torch.get_num_threads() == threads
    assert [entry[:2] for entry in told] == [(0, 3), (1, 3), (2, 3), (3, 3)]
