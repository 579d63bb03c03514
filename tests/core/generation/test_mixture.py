"""The Gaussians at which generation begins."""

from __future__ import annotations

import numpy as np
import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from core.config import Config, InformationConfig
from core.generation import GenerationData, GenerationStage, Generator, Mixture


def clusters(rows: int, seed: int = 0, scale: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Three classes in six dimensions, long in one direction that says nothing."""
    rng = np.random.default_rng(seed)
    labels = np.arange(rows) % 3
    centres = np.eye(3, 6) * 3.0
    x = centres[labels] + rng.standard_normal((rows, 6)) * [1, 1, 1, 1, 1, 4] * scale
    return x, labels


def test_centres_and_covariance_are_those_of_discriminant_analysis() -> None:
    x, labels = clusters(300)
    own = Mixture.fit(x, np.eye(3)[labels], shrinkage=0.0)
    theirs = LinearDiscriminantAnalysis(solver="lsqr", priors=[1 / 3] * 3).fit(x, labels)
    assert np.allclose(own.centres, theirs.means_)
    assert np.allclose(own.covariance, theirs.covariance_)


def test_draws_have_the_covariance() -> None:
    x, labels = clusters(400)
    own = Mixture.fit(x, np.eye(3)[labels])
    spread = own.spread(8)
    assert spread.shape == (8, 6)
    assert np.allclose(spread.T @ spread, own.covariance)
    widest = own.spread(1)
    assert np.isclose((widest**2).sum(), np.linalg.eigvalsh(own.covariance)[-1])


def test_a_generator_begins_at_the_gaussians_and_keeps_them_in_its_file(tmp_path) -> None:
    x, labels = clusters(90, scale=0.2)
    h = torch.nn.functional.layer_norm(torch.from_numpy(x).float(), (6,))
    config = Config().changed(generation={"steps": 5, "hidden": 16, "batch": 16, "noise": 6, "codes": 2}).generation
    data = GenerationData(h, torch.from_numpy(labels), None, torch.full((90,), -1))
    stage = GenerationStage(data, 3, "free", config, InformationConfig(), seed=0, device=torch.device("cpu"))
    own = Mixture.fit(h.numpy(), np.eye(3)[labels])
    assert np.allclose(stage.generator.centres.numpy(), own.centres, atol=1e-6)
    for _ in range(5):
        stage.step()
    generator, _ = stage.finished()
    assert np.allclose(generator.spread.numpy(), own.spread(6), atol=1e-6)
    generator.save_pretrained(tmp_path / "generator")
    again = Generator.from_pretrained(tmp_path / "generator")
    z, u, c = torch.randn(200, 6), torch.randn(200, 2), torch.eye(3)[torch.arange(200) % 3]
    with torch.no_grad():
        made, _ = again(z, c, u)
        assert torch.equal(made, generator(z, c, u)[0])
    # Each draw of the noise is another feature: the spread within a class is near that of the real ones.
    spread = torch.stack([made[c[:, k] == 1].std(dim=0).mean() for k in range(3)]).mean()
    real = torch.stack([h[torch.from_numpy(labels) == k].std(dim=0).mean() for k in range(3)]).mean()
    assert 0.5 < float(spread / real) < 2.0
