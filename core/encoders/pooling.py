"""Frames to one vector per clip: over the clip's own frames, window by window, in float32 and better."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from core.errors import BadInputError

POOLINGS = ("mean", "mean+std", "attention")
"""``mean`` of the frames; ``mean+std``, with their standard deviation behind it; ``attention``, the mean weighted by
how much each frame is like the clip as a whole."""


def check_pooling(pooling: str) -> str:
    """Returns ``pooling`` if it is one.

    Raises:
        BadInputError: it is not.
    """
    if pooling not in POOLINGS:
        raise BadInputError(f"pooling {pooling!r} is not known; use {', '.join(POOLINGS[:-1])} or {POOLINGS[-1]}")
    return pooling


def attention_weights(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Weights of the frames, (b, frames), zero outside ``mask`` and of sum 1.

    Scaled dot-product attention with one query, the clip's own mean frame, over frames normalised to zero mean and
    unit variance across dimensions: SimPool (Psomas et al., ICCV 2023, "Keep It SimPool", eq. 6 to 9) with its two
    projections left at identity, since nothing is learnt here. Pauses and noise, which are unlike the rest, count less.

    Args:
        hidden: (b, frames, width) float32.
        mask: (b, frames) bool, the clip's own frames.
    """
    width = hidden.shape[-1]
    count = mask.sum(dim=1, keepdim=True).clamp(min=1)
    mean = (hidden * mask[:, :, None]).sum(dim=1) / count
    keys = torch.nn.functional.layer_norm(hidden, (width,))
    query = torch.nn.functional.layer_norm(mean, (width,))
    scores = (keys @ query[:, :, None]).squeeze(-1) / width**0.5
    return torch.softmax(scores.masked_fill(~mask, float("-inf")), dim=1)


class Pooler:
    """Collects the windows of n clips into n vectors.

    The windows of a clip add up to what one window over all of its frames would give (mean and deviation, by Chan,
    Golub and LeVeque 1979); with attention, the windows' vectors are averaged by their numbers of frames.
    """

    def __init__(self, clips: int, width: int, pooling: str) -> None:
        self._pooling = pooling
        self._mean = np.zeros((clips, width))
        self._squares = np.zeros((clips, width)) if pooling == "mean+std" else None
        self._frames = np.zeros(clips)

    def add(self, clips: Sequence[int], hidden: torch.Tensor, frames: torch.Tensor) -> None:
        """Takes a batch of windows.

        Args:
            clips: the clip of each window (b).
            hidden: (b, frames, width) float32, on any device.
            frames: (b,) how many frames are each window's own.
        """
        mask = torch.arange(hidden.shape[1], device=hidden.device)[None, :] < frames[:, None]
        squares = None
        if self._pooling == "attention":
            weights = attention_weights(hidden, mask)
            mean = (hidden.masked_fill(~mask[:, :, None], 0.0) * weights[:, :, None]).sum(dim=1)
        else:
            mean = hidden.masked_fill(~mask[:, :, None], 0.0).sum(dim=1) / frames[:, None].clamp(min=1)
        if self._squares is not None:
            # Around the window's own mean, or large offsets of single dimensions would cancel the digits.
            squares = (((hidden - mean[:, None]) * mask[:, :, None]) ** 2).sum(dim=1).cpu().numpy()
        self._merge(clips, mean.cpu().numpy(), squares, frames.cpu().numpy())

    def vectors(self) -> np.ndarray:
        """(n, width) float32, of twice the width with the deviation."""
        if self._squares is None:
            return self._mean.astype(np.float32)
        deviation = np.sqrt(self._squares / np.maximum(self._frames, 1)[:, None])
        return np.concatenate([self._mean, deviation], axis=1).astype(np.float32)

    def _merge(self, clips: Sequence[int], mean: np.ndarray, squares: np.ndarray | None, frames: np.ndarray) -> None:
        for row, clip in enumerate(clips):
            before, new = self._frames[clip], float(frames[row])
            total = max(before + new, 1.0)
            delta = mean[row].astype(np.float64) - self._mean[clip]
            self._mean[clip] += delta * (new / total)
            if self._squares is not None and squares is not None:
                self._squares[clip] += squares[row] + delta**2 * (before * new / total)
            self._frames[clip] = before + new
