"""The branches: what is done to the inputs, with and without a hidden layer."""

from __future__ import annotations

import pytest
import torch

from core.alignment import Aligner
from core.alignment.networks import Branch, Whiten


def voices(n: int = 600, d: int = 12, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Two emotions that differ a little in dimension 1, under a large shift shared by all in dimension 0."""
    draw = torch.Generator().manual_seed(seed)
    labels = torch.randint(2, (n,), generator=draw)
    x = 0.3 * torch.randn(n, d, generator=draw)
    x[:, 0] += 5.0 * torch.randn(n, generator=draw)
    x[:, 1] += labels.float()
    return x - x.mean(dim=0), labels


def within(x: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return sum(torch.cov(x[labels == label].T, correction=0) * (labels == label).sum() for label in (0, 1)) / len(x)


def test_whitening_makes_the_covariance_within_classes_even() -> None:
    x, labels = voices()
    whiten = Whiten(12)
    whiten.fit(x, labels, 0.01)
    values = torch.linalg.eigvalsh(within(whiten(x), labels))
    before = torch.linalg.eigvalsh(within(x, labels))
    assert values.max() / values.min() < 0.05 * before.max() / before.min()
    assert whiten(x).square().mean() == pytest.approx(1.0, abs=1e-3)
    # What tells the emotions apart was a small part of all that varies; now it is a larger one.
    assert share(whiten(x), labels) > 3 * share(x, labels)


def share(x: torch.Tensor, labels: torch.Tensor) -> float:
    between = (x[labels == 1].mean(dim=0) - x[labels == 0].mean(dim=0)).square().sum()
    return float(between / x.square().sum(dim=1).mean())


def test_more_shrinkage_whitens_less() -> None:
    x, labels = voices()
    spread = []
    for shrinkage in (0.01, 0.1, 0.5, 1.0):
        whiten = Whiten(12)
        whiten.fit(x, labels, shrinkage)
        values = torch.linalg.eigvalsh(within(whiten(x), labels))
        spread.append(float(values.max() / values.min()))
    assert spread == sorted(spread)
    # All the way: one factor for every direction.
    assert torch.allclose(whiten.matrix, whiten.matrix[0, 0] * torch.eye(12), atol=1e-5)


def test_whitening_bears_fewer_rows_than_dimensions_and_nothing_that_varies() -> None:
    x, labels = torch.randn(6, 40), torch.tensor([0, 0, 0, 1, 1, 1])
    whiten = Whiten(40)
    whiten.fit(x - x.mean(dim=0), labels, 0.5)
    assert torch.isfinite(whiten.matrix).all()
    alone = Whiten(40)
    alone.fit(x[:2], torch.tensor([0, 1]), 0.5)
    assert torch.equal(alone.matrix, torch.eye(40))


def test_a_linear_branch_has_no_hidden_layer() -> None:
    x = torch.randn(9, 12)
    linear, deep = Branch(12, 4, 0, 0.3, whitened=True), Branch(12, 4, 16, 0.3)
    assert linear.correction is None
    assert linear(x).shape == deep(x).shape == (9, 4)
    assert {name for name, _ in linear.named_parameters()} == {"linear.weight", "linear.bias"}
    assert torch.allclose(linear(x).mean(dim=1), torch.zeros(9), atol=1e-5)


@pytest.mark.parametrize(("shrinkage", "hidden"), [(0.5, 0), (0.5, 8), (1.0, 0), (1.0, 8)])
def test_every_form_is_written_and_read(tmp_path, shrinkage: float, hidden: int) -> None:
    aligner = Aligner(
        audio=12,
        text=7,
        classes=["angry", "sad"],
        dim=4,
        hidden=hidden,
        dropout=0.3,
        temperature=0.1,
        shrinkage=shrinkage,
    ).eval()
    x, labels = voices()
    aligner.audio.fit_inputs(x, labels, shrinkage)
    aligner.save_pretrained(tmp_path / "aligner")
    again = Aligner.from_pretrained(tmp_path / "aligner")
    assert torch.equal(again.audio(x), aligner.audio(x))


def test_an_aligner_of_before_whitening_is_still_read(tmp_path) -> None:
    """Its config.json has no key ``shrinkage``, its file no matrix."""
    from core.files import read_json, write_json

    aligner = Aligner(audio=5, text=0, classes=["angry", "sad"], dim=4, hidden=8, dropout=0.1, temperature=0.1).eval()
    aligner.save_pretrained(tmp_path / "aligner")
    config = read_json(tmp_path / "aligner" / "config.json")
    del config["shrinkage"]
    write_json(tmp_path / "aligner" / "config.json", config)
    x = torch.randn(3, 5)
    assert torch.equal(Aligner.from_pretrained(tmp_path / "aligner").audio(x), aligner.audio(x))
