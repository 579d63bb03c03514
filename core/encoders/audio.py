"""Speech to one vector per clip: the frames of chosen layers of a frozen encoder, pooled over the clip alone."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from core.encoders.checkpoint import Checkpoint, find_checkpoint, loading
from core.encoders.device import choose_device, choose_precision
from core.encoders.layers import choose_layers
from core.encoders.pooling import Pooler, check_pooling
from core.errors import BadInputError, FailureError

SHORTEST = 0.1  # seconds

# Frames of so much padded speech pass through the model at once, in seconds: on the CPU they share the memory with
# everything else, and larger batches are no faster there.
_CPU_SECONDS = 20.0
_SECONDS_PER_CLIP = 8.0


@dataclass(frozen=True)
class Window:
    """A stretch of a clip that the model hears at once.

    ``values`` is what goes in, time first; ``frames`` is how many of the frames that come out are its own.
    """

    values: torch.Tensor
    seconds: float
    frames: int


class AudioEncoder(ABC):
    """A frozen speech encoder. Build it with ``AudioEncoder.load``; subclasses know one family of models each.

    A clip's vector does not depend on what else is in the batch: padding never reaches its frames.

    Attributes:
        checkpoint: where the weights come from.
        model_type: the transformers name of the architecture.
        depth: the number of its blocks.
        layers: the blocks that are pooled; the output of the last one is taken after the model's final norm.
        pooling: one of ``core.encoders.pooling.POOLINGS``.
        rate: samples per second of the waveforms.
        dim: length of a vector.
        precision: number format of weights and frames; vectors are always pooled in float32.
    """

    modality: ClassVar[str] = "audio"
    window: float = 30.0
    """Seconds that the model hears at once; longer clips are cut into equal windows and pooled over all of them."""

    def __init__(self, checkpoint: Checkpoint, config: Any, *, depth: int, layer: int | str, pooling: str) -> None:
        self.checkpoint = checkpoint
        self.model_type = str(config.model_type)
        self.depth = depth
        self.layers = choose_layers(layer, depth, checkpoint.name)
        self.pooling = check_pooling(pooling)
        self.device = torch.device("cpu")
        self.dtype = torch.float32
        from transformers import AutoFeatureExtractor

        with loading(checkpoint.name):
            self.extractor = AutoFeatureExtractor.from_pretrained(
                checkpoint.folder, local_files_only=True, trust_remote_code=False
            )
        self.rate = int(self.extractor.sampling_rate)

    @staticmethod
    def load(
        id_or_path: str | Path | Checkpoint,
        layer: int | str = "auto",
        pooling: str = "mean",
        device: str = "auto",
        precision: str = "auto",
    ) -> AudioEncoder:
        """The encoder of a hub id or a checkpoint's folder.

        Args:
            id_or_path: for example ``openai/whisper-tiny`` or a folder with config.json and model.safetensors.
            layer: see ``core.encoders.layers.choose_layers``.
            pooling: ``mean``, ``mean+std`` or ``attention``.
            device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
            precision: ``auto``, ``float32``, ``bfloat16`` or ``float16``.

        Raises:
            BadInputError: no such checkpoint, pickle weights, a type or a layer that is not there.
            FailureError: a hub id that is not on this machine while the hub cannot be reached.
        """
        from core.encoders.families import family_of

        target = choose_device(device)
        dtype = choose_precision(precision, target)
        checkpoint = find_checkpoint(id_or_path)
        config = checkpoint.config()
        encoder = family_of(config, checkpoint.name)(checkpoint, config, layer=layer, pooling=pooling)
        encoder.place(target, dtype)
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
    def layer(self) -> int | str:
        """The chosen block, or how several are written."""
        return self.layers.value

    @property
    def precision(self) -> str:
        """``float32``, ``bfloat16`` or ``float16``."""
        return str(self.dtype).removeprefix("torch.")

    @property
    def name(self) -> str:
        """The name of the store's folder, for example ``whisper-tiny-encoder@3-mean``."""
        return f"{self.checkpoint.short_name}@{self.layers.label}-{self.pooling}"

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
            "precision": self.precision,
            "dimension": self.dim,
            "sampling_rate": self.rate,
        }

    def place(self, device: torch.device, dtype: torch.dtype) -> None:
        """Moves the model to a device and into a number format; ``load`` does so, once."""
        self.device, self.dtype = device, dtype
        self.model.to(device=device, dtype=dtype)

    def prepare(self, waveform: np.ndarray) -> list[Window]:
        """What the model takes of one clip, made on the CPU; any thread may do it while the model runs.

        Args:
            waveform: (samples,), mono, at ``rate``, about within [-1, 1].

        Raises:
            BadInputError: not one-dimensional, not finite or shorter than 0.1 s.
        """
        clip = np.asarray(waveform, dtype=np.float32)
        if clip.ndim != 1:
            raise BadInputError(f"one channel is expected, found shape {clip.shape}")
        if len(clip) < SHORTEST * self.rate:
            raise BadInputError(f"{len(clip) / self.rate:.3f} s is too short; 0.1 s at least")
        if not np.isfinite(clip).all():
            raise BadInputError("holds NaN or infinite samples")
        parts = math.ceil(len(clip) / round(self.window * self.rate))
        return [self._window(part) for part in ([clip] if parts == 1 else np.array_split(clip, parts))]

    def encode(self, waveforms: Sequence[np.ndarray], batch: int = 16) -> np.ndarray:
        """One vector per clip, (n, dim) float32, in the order given.

        Args:
            waveforms: as ``prepare`` takes them.
            batch: at most so many windows at once; long ones go in smaller batches.

        Raises:
            BadInputError: a waveform cannot be encoded; the message names its position.
            FailureError: out of memory.
        """
        prepared = []
        for position, waveform in enumerate(waveforms):
            try:
                prepared.append(self.prepare(waveform))
            except BadInputError as error:
                raise BadInputError(f"waveform {position}: {error}") from None
        return self.encode_prepared(prepared, batch)

    def encode_prepared(self, clips: Sequence[list[Window]], batch: int = 16) -> np.ndarray:
        """As ``encode``, from what ``prepare`` gave."""
        windows = [(position, window) for position, clip in enumerate(clips) for window in clip]
        # Neighbours in length share a batch: little padding. The order is stable, so the batches are too.
        windows.sort(key=lambda entry: entry[1].seconds)
        pooler = Pooler(len(clips), self.width, self.pooling)
        for group in self._groups([window.seconds for _, window in windows], max(1, batch)):
            chosen = [windows[index] for index in group]
            hidden = self._run([window for _, window in chosen])
            frames = torch.tensor([window.frames for _, window in chosen], device=hidden.device)
            pooler.add([position for position, _ in chosen], hidden, frames.clamp(max=hidden.shape[1]))
        return pooler.vectors()

    def _run(self, windows: list[Window]) -> torch.Tensor:
        lengths = torch.tensor([len(window.values) for window in windows])
        values = torch.nn.utils.rnn.pad_sequence([window.values for window in windows], batch_first=True)
        try:
            with torch.inference_mode():
                return self._hidden(values.to(device=self.device, dtype=self.dtype), lengths)
        except torch.OutOfMemoryError:
            raise FailureError(f"{self.device}: out of memory with {len(windows)} clips; use a smaller batch") from None

    @abstractmethod
    def _window(self, part: np.ndarray) -> Window:
        """What the model takes of a stretch no longer than ``window``."""

    @abstractmethod
    def _hidden(self, values: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Frames of the chosen layers, (b, frames, width) float32.

        Args:
            values: (b, time, ...) padded with zeros, on the device.
            lengths: (b,) of each before padding, on the CPU.
        """

    def _groups(self, seconds: list[float], batch: int) -> list[list[int]]:
        """Positions of ascending ``seconds`` cut into batches of at most ``batch`` and of bounded padded length."""
        groups: list[list[int]] = []
        limit = batch * _SECONDS_PER_CLIP
        if self.device.type == "cpu":
            limit = min(limit, _CPU_SECONDS)
        for position, length in enumerate(seconds):
            if not groups or len(groups[-1]) >= batch or (len(groups[-1]) + 1) * length > limit:
                groups.append([])
            groups[-1].append(position)
        return groups
