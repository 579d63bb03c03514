"""Speech to one vector per clip: the frames of one layer of a frozen encoder, pooled over the clip alone."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from core.encoders.checkpoint import Checkpoint, choose_device, find_checkpoint, loading
from core.errors import BadInputError, FailureError

POOLINGS = ("mean", "mean+std")
SHORTEST = 0.1  # seconds


class AudioEncoder(ABC):
    """A frozen speech encoder. Build it with ``AudioEncoder.load``; subclasses know one family of models each.

    A clip's vector does not depend on what else is in the batch: padding never reaches its frames.

    Attributes:
        checkpoint: where the weights come from.
        model_type: the transformers name of the architecture.
        layer: the block, counted from 1, whose output is pooled; of the last block, after the model's final norm.
        pooling: ``mean``, or ``mean+std`` (mean, then standard deviation, over the frames).
        rate: samples per second of the waveforms.
        dim: length of a vector.
    """

    modality: ClassVar[str] = "audio"
    window: ClassVar[float] = 30.0
    """Seconds that the model hears at once; longer clips are cut into equal windows and pooled over all of them."""

    def __init__(self, checkpoint: Checkpoint, config: Any, *, depth: int, layer: int | str, pooling: str) -> None:
        if pooling not in POOLINGS:
            raise BadInputError(f"pooling {pooling!r} is not known; use {' or '.join(POOLINGS)}")
        self.checkpoint = checkpoint
        self.model_type = str(config.model_type)
        self.depth = depth
        self.layer = choose_layer(layer, depth, checkpoint.name)
        self.pooling = pooling
        self.device = torch.device("cpu")
        from transformers import AutoFeatureExtractor

        with loading(checkpoint.name):
            self.extractor = AutoFeatureExtractor.from_pretrained(
                checkpoint.folder, local_files_only=True, trust_remote_code=False
            )
        self.rate = int(self.extractor.sampling_rate)

    @staticmethod
    def load(
        id_or_path: str | Path, layer: int | str = "auto", pooling: str = "mean", device: str = "auto"
    ) -> AudioEncoder:
        """The encoder of a hub id or a checkpoint's folder.

        Args:
            id_or_path: for example ``openai/whisper-tiny`` or a folder with config.json and model.safetensors.
            layer: a block from 1 to the depth, or ``auto``: three quarters of the depth, where emotion is told best.
            pooling: ``mean`` or ``mean+std``.
            device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.

        Raises:
            BadInputError: no such checkpoint, pickle weights, a type or a layer that is not there.
            FailureError: a hub id that is not on this machine while the hub cannot be reached.
        """
        from core.encoders.wav2vec import FAMILY, Wav2VecEncoder
        from core.encoders.whisper import WhisperEncoder

        target = choose_device(device)
        checkpoint = find_checkpoint(id_or_path)
        config = checkpoint.config()
        if config.model_type == "whisper":
            encoder: AudioEncoder = WhisperEncoder(checkpoint, config, layer=layer, pooling=pooling)
        elif config.model_type in FAMILY:
            encoder = Wav2VecEncoder(checkpoint, config, layer=layer, pooling=pooling)
        else:
            raise BadInputError(
                f"{checkpoint.name}: a model of type {config.model_type!r} is no speech encoder that MIRAGE can run; "
                f"it runs whisper, {', '.join(FAMILY)}"
            )
        encoder.device = target
        encoder.model.to(target)
        return encoder

    model: Any

    @property
    def width(self) -> int:
        """Length of one frame's vector."""
        return int(self.model.config.hidden_size)

    @property
    def dim(self) -> int:
        """Length of a clip's vector."""
        return self.width * (2 if self.pooling == "mean+std" else 1)

    @property
    def name(self) -> str:
        """The name of the store's folder, for example ``whisper-tiny-encoder@3-mean``."""
        return f"{self.checkpoint.short_name}@{self.layer}-{self.pooling}"

    def meta(self) -> dict[str, Any]:
        """What makes these vectors what they are, for the store's meta.json."""
        return {
            "modality": self.modality,
            "encoder": self.checkpoint.name,
            "revision": self.checkpoint.revision,
            "weights_sha256": self.checkpoint.sha256,
            "model_type": self.model_type,
            "layer": self.layer,
            "pooling": self.pooling,
            "dimension": self.dim,
            "sampling_rate": self.rate,
        }

    def encode(self, waveforms: Sequence[np.ndarray], batch: int = 16) -> np.ndarray:
        """One vector per clip, (n, dim) float32, in the order given.

        Args:
            waveforms: (samples,) each, mono, at ``rate``, about within [-1, 1].
            batch: at most so many windows at once; long ones go in smaller batches.

        Raises:
            BadInputError: a waveform is not one-dimensional, not finite or shorter than 0.1 s.
            FailureError: out of memory.
        """
        clips = [self._check(waveform, position) for position, waveform in enumerate(waveforms)]
        windows = [(position, part) for position, clip in enumerate(clips) for part in self._cut(clip)]
        # Neighbours in length share a batch: little padding. The order is stable, so the batches are too.
        order = sorted(range(len(windows)), key=lambda index: len(windows[index][1]))
        total = np.zeros((len(clips), self.width))
        squares = np.zeros((len(clips), self.width))
        frames = np.zeros((len(clips), 1))
        for group in self._groups([len(windows[index][1]) for index in order], max(1, batch)):
            chosen = [windows[order[index]] for index in group]
            hidden, lengths = self._run([part for _, part in chosen])
            mask = torch.arange(hidden.shape[1], device=hidden.device)[None, :] < lengths[:, None]
            kept = hidden * mask[:, :, None]
            # Sums, not means: the windows of one clip add up. Squares in float64 on the CPU, or they would cancel.
            sums = kept.sum(dim=1).cpu().double().numpy()
            square_sums = (kept.cpu().double() ** 2).sum(dim=1).numpy() if self.pooling == "mean+std" else None
            for row, (position, _) in enumerate(chosen):
                total[position] += sums[row]
                frames[position] += int(lengths[row])
                if square_sums is not None:
                    squares[position] += square_sums[row]
        mean = total / np.maximum(frames, 1)
        if self.pooling == "mean":
            return mean.astype(np.float32)
        deviation = np.sqrt(np.maximum(squares / np.maximum(frames, 1) - mean**2, 0.0))
        return np.concatenate([mean, deviation], axis=1).astype(np.float32)

    def _run(self, parts: list[np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
        try:
            with torch.inference_mode():
                return self._frames(parts)
        except torch.OutOfMemoryError:
            raise FailureError(f"{self.device}: out of memory with {len(parts)} clips; use a smaller batch") from None

    @abstractmethod
    def _frames(self, parts: list[np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
        """Frames of one layer (b, frames, width), and how many of them are each clip's own (b,)."""

    def _groups(self, lengths: list[int], batch: int) -> list[list[int]]:
        """Positions of ascending ``lengths`` cut into batches of at most ``batch`` and of bounded padded length."""
        groups: list[list[int]] = []
        limit = max(batch * 8.0, self.window) * self.rate
        for position, length in enumerate(lengths):
            full = not groups or len(groups[-1]) >= batch or (len(groups[-1]) + 1) * length > limit
            if full or not self._together(lengths[groups[-1][0]], length):
                groups.append([])
            groups[-1].append(position)
        return groups

    def _together(self, shorter: int, longer: int) -> bool:
        """Whether clips of these lengths may share a batch."""
        return True

    def _cut(self, clip: np.ndarray) -> list[np.ndarray]:
        parts = math.ceil(len(clip) / int(self.window * self.rate))
        return [clip] if parts == 1 else list(np.array_split(clip, parts))

    def _check(self, waveform: np.ndarray, position: int) -> np.ndarray:
        clip = np.asarray(waveform, dtype=np.float32)
        if clip.ndim != 1:
            raise BadInputError(f"waveform {position}: one channel is expected, found shape {clip.shape}")
        if len(clip) < SHORTEST * self.rate:
            raise BadInputError(f"waveform {position}: {len(clip) / self.rate:.3f} s is too short; 0.1 s at least")
        if not np.isfinite(clip).all():
            raise BadInputError(f"waveform {position}: holds NaN or infinite samples")
        return clip


def choose_layer(layer: int | str, depth: int, name: str) -> int:
    """The block to pool, from 1 to ``depth``; ``auto`` is three quarters of the depth.

    >>> [choose_layer("auto", depth, "x") for depth in (4, 12, 24, 32)]
    [3, 9, 18, 24]

    Raises:
        BadInputError: not ``auto`` and not a block of the model.
    """
    if layer == "auto":
        return max(1, round(0.75 * depth))
    try:
        chosen = int(layer)
    except ValueError:
        raise BadInputError(f"layer {layer!r}: use 'auto' or a number from 1 to {depth}") from None
    if not 1 <= chosen <= depth:
        raise BadInputError(f"layer {chosen}: {name} has the layers 1 to {depth}")
    return chosen
