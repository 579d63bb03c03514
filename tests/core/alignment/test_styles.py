"""Speakers' offsets: estimated beside the emotions, drawn towards zero where little is known, swapped."""

from __future__ import annotations

import pytest
import torch

from core.alignment.styles import SpeakerStyles


def voices(sizes: tuple[int, ...], d: int = 30, noise: float = 0.5) -> tuple[torch.Tensor, ...]:
    """x, labels, speakers and the true offsets; the first speaker is mostly heard angry (0), the others mostly sad."""
    draw = torch.Generator().manual_seed(3)
    emotions, offsets = 3.0 * torch.randn(2, d, generator=draw), torch.randn(len(sizes), d, generator=draw)
    offsets -= offsets.mean(dim=0)
    speakers = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
    angry = torch.rand(len(speakers), generator=draw) < torch.where(speakers == 0, 0.7, 0.3)
    labels = (~angry).long()
    x = emotions[labels] + offsets[speakers] + noise * torch.randn(len(speakers), d, generator=draw)
    return x, labels, speakers, offsets


def test_the_offset_is_the_speakers_not_the_emotions() -> None:
    x, labels, speakers, offsets = voices((300, 300, 300, 300))
    found = SpeakerStyles(x, labels, speakers).offsets
    plain = torch.stack([x[speakers == speaker].mean(dim=0) for speaker in range(4)]) - x.mean(dim=0)
    error, plain_error = (found - offsets).square().mean(), (plain - offsets).square().mean()
    assert error < 0.4 * plain_error  # a plain mean carries that the first speaker is angrier than the others
    assert torch.cosine_similarity(found, offsets).min() > 0.8


def test_somebody_heard_once_has_less_style() -> None:
    x, labels, speakers, offsets = voices((200, 200, 200, 1), noise=3.0)
    found = SpeakerStyles(x, labels, speakers).offsets.norm(dim=1) / offsets.norm(dim=1)
    assert float(found[3]) < 0.5 * float(found[:3].min())


def test_a_swap_goes_at_most_the_share_of_the_way_to_another_speaker() -> None:
    x, labels, speakers, _ = voices((50, 50, 50))
    styles = SpeakerStyles(x, labels, speakers)
    moved = styles.swap(x, speakers, 0.5, torch.Generator().manual_seed(0)) - x
    ways = styles.offsets[None] - styles.offsets[speakers][:, None]
    amount = (moved[:, None] * ways).sum(-1) / ways.square().sum(-1).clamp_min(1e-9)
    residual = (moved[:, None] - amount[..., None] * ways).norm(dim=-1).min(dim=1).values
    assert residual.max() < 1e-4  # along the line to somebody
    assert moved.norm(dim=1).max() <= 0.5 * ways.norm(dim=-1).max() + 1e-5
    assert (moved.norm(dim=1) > 0).float().mean() > 0.5


def test_whose_speaker_is_unknown_is_left_alone() -> None:
    x, labels, speakers, _ = voices((50, 50, 50))
    speakers = torch.where(torch.arange(len(speakers)) % 2 == 0, speakers, -1)
    styles = SpeakerStyles.fit(x, labels, speakers)
    assert styles is not None
    moved = styles.swap(x, speakers, 1.0, torch.Generator().manual_seed(0))
    assert torch.equal(moved[speakers < 0], x[speakers < 0])
    assert not torch.equal(moved[speakers >= 0], x[speakers >= 0])


@pytest.mark.parametrize("speakers", [None, torch.full((150,), -1), torch.zeros(150, dtype=torch.long)])
def test_nothing_to_swap_with_fewer_than_two_speakers(speakers: torch.Tensor | None) -> None:
    x, labels, _, _ = voices((50, 50, 50))
    assert SpeakerStyles.fit(x, labels, speakers) is None
