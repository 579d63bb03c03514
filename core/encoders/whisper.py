"""The encoder of Whisper on clips as long as they are, instead of padded to 30 seconds."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch
from torch.nn.functional import gelu

from core.encoders.audio import AudioEncoder
from core.encoders.checkpoint import Checkpoint, load_model

TAIL = 0.25
"""Seconds of silence after the clip: Whisper expects speech to end before its input does."""


class WhisperEncoder(AudioEncoder):
    """Radford et al. 2022, the encoder only, up to the wanted block.

    The table of positions is sliced to the clip. A clip's frames are those that cover the clip, without the tail.
    """

    window: ClassVar[float] = 30.0 - TAIL

    def __init__(self, checkpoint: Checkpoint, config: Any, *, layer: int | str, pooling: str) -> None:
        super().__init__(checkpoint, config, depth=int(config.encoder_layers), layer=layer, pooling=pooling)
        # Blocks above the wanted one and the whole decoder are neither loaded nor run.
        config.encoder_layers = self.layer
        config.decoder_layers = 0
        whole = load_model(checkpoint, config, may_miss=("decoder.*", "model.decoder.*", "proj_out.*"))
        self.model = whole.get_encoder()
        self.hop = int(self.extractor.hop_length)

    def _frames(self, parts: list[np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
        mels = [self._mel(part) for part in parts]
        model, device = self.model, self.device
        lengths = torch.tensor([mel.shape[-1] for mel in mels], device=device)
        padded = torch.zeros(len(mels), mels[0].shape[0], int(lengths.max()))
        for row, mel in enumerate(mels):
            padded[row, :, : mel.shape[-1]] = mel
        inside = torch.arange(padded.shape[-1], device=device)[None, :] < lengths[:, None]
        hidden = gelu(model.conv1(padded.to(device)))
        # Alone, a clip meets zeros after its end here as well; without this the first convolution's bias would leak.
        hidden = gelu(model.conv2(hidden * inside[:, None, :])).permute(0, 2, 1)
        frames = (lengths - 1) // 2 + 1
        hidden = hidden + model.embed_positions.weight[: hidden.shape[1]]
        outside = torch.arange(hidden.shape[1], device=device)[None, :] >= frames[:, None]
        mask = torch.zeros(outside.shape, device=device).masked_fill(outside, torch.finfo(torch.float32).min)
        for block in model.layers:
            hidden = block(hidden, mask[:, None, None, :].expand(-1, 1, hidden.shape[1], -1))
        if self.layer == self.depth:
            hidden = model.layer_norm(hidden)
        own = torch.tensor([-(-len(part) // (2 * self.hop)) for part in parts], device=device)
        return hidden, torch.minimum(own, frames)

    def _mel(self, part: np.ndarray) -> torch.Tensor:
        """Log-mel features (bands, frames) of the clip and its tail, 10 ms a frame."""
        longer = np.pad(part, (0, round(TAIL * self.rate)))
        features = self.extractor(longer, sampling_rate=self.rate, padding=False, truncation=False, return_tensors="np")
        return torch.from_numpy(np.asarray(features["input_features"][0], dtype=np.float32))
