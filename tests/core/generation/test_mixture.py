"""The Gaussians at which generation begins."""

from __future__ import annotations

import json

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


def test_codes_take_their_share_of_what_tells_no_emotions_apart() -> None:
    x, labels = clusters(400)
    own = Mixture.fit(x, np.eye(3)[labels])
    noise, codes = own.shared_spread(8, 2, 0.25)
    assert (noise.shape, codes.shape) == ((8, 6), (2, 6))
    assert np.allclose(noise.T @ noise + codes.T @ codes, own.covariance)
    # The long direction that says nothing comes first; it and the next one leave every discriminant as it is.
    assert abs(codes[0, 5]) / np.linalg.norm(codes[0]) > 0.95
    away = np.stack([own.centres[0] + 3.0 * code for code in (codes[0], codes[1], -codes[1], 0.0 * codes[0])])
    assert np.allclose(own.posterior(away), own.posterior(own.centres[:1]), atol=1e-6)
    # More codes than such directions: the others begin with nothing. Nothing given: the noise has it all.
    many = own.shared_spread(8, 6, 0.25)[1]
    assert np.allclose(many[4:], 0.0)
    assert (np.abs(many[:4]).sum(axis=1) > 0).all()
    assert np.array_equal(own.shared_spread(8, 2, 0.0)[0], own.spread(8))


def test_a_generator_of_an_earlier_version_begins_without_its_codes(tmp_path) -> None:
    network = Generator(dim=6, noise=6, classes=3, codes=2, hidden=8, text=False, paired=False, base=True)
    network.save_pretrained(tmp_path / "g")
    path = tmp_path / "g" / "config.json"
    kept = json.loads(path.read_text())
    del kept["coded"]
    path.write_text(json.dumps(kept))
    assert Generator.from_pretrained(tmp_path / "g").config["coded"] is False


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
    noise, codes = own.shared_spread(6, 2, config.code_share)
    assert np.allclose(generator.spread.numpy(), noise, atol=1e-6)
    assert np.allclose(generator.code_spread.numpy(), codes, atol=1e-6)
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
