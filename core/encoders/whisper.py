"""The encoder of Whisper on clips as long as they are, instead of padded to 30 seconds."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn.functional import gelu

from core.encoders.audio import AudioEncoder, Window
from core.encoders.checkpoint import Checkpoint, load_model
from core.encoders.layers import LayerSum

TAIL = 0.25
"""Seconds of silence after the clip: Whisper expects speech to end before its input does."""


class WhisperEncoder(AudioEncoder):
    """Radford et al. 2022, the encoder only, up to the wanted block.

    The table of positions is sliced to the clip. A clip's frames are those that cover the clip, without the tail.
    """

    window = 30.0 - TAIL

    def __init__(self, checkpoint: Checkpoint, config: Any, *, layer: int | str, pooling: str) -> None:
        super().__init__(checkpoint, config, depth=int(config.encoder_layers), layer=layer, pooling=pooling)
        # Blocks above the wanted one and the whole decoder are neither loaded nor run.
        config.encoder_layers = self.layers.top
        config.decoder_layers = 0
        whole = load_model(checkpoint, config, may_miss=("decoder.*", "model.decoder.*", "proj_out.*"))
        self.model = whole.get_encoder()
        self.hop = int(self.extractor.hop_length)
        self._sum = LayerSum(self.layers, self.model.layers)

    def _window(self, part: np.ndarray) -> Window:
        """Log-mel features (frames, bands) of the clip and its tail, 10 ms a frame."""
        longer = np.pad(part, (0, round(TAIL * self.rate)))
        features = self.extractor(longer, sampling_rate=self.rate, padding=False, truncation=False, return_tensors="np")
        values = np.asarray(features["input_features"][0], dtype=np.float32)
        own = min(-(-len(part) // (2 * self.hop)), (values.shape[1] - 1) // 2 + 1)
        return Window(torch.from_numpy(np.ascontiguousarray(values.T)), len(part) / self.rate, own)

    def _hidden(self, values: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        model, lengths = self.model, lengths.to(self.device)
        inside = torch.arange(values.shape[1], device=self.device)[None, :] < lengths[:, None]
        hidden = gelu(model.conv1(values.transpose(1, 2)))
        # Alone, a clip meets zeros after its end here as well; without this the first convolution's bias would leak.
        hidden = gelu(model.conv2(hidden * inside[:, None, :])).permute(0, 2, 1)
        frames = (lengths - 1) // 2 + 1
        hidden = hidden + model.embed_positions.weight[: hidden.shape[1]]
        mask = None
        if not bool(inside.all()):
            outside = torch.arange(hidden.shape[1], device=self.device)[None, :] >= frames[:, None]
            mask = torch.zeros(outside.shape, device=self.device, dtype=hidden.dtype)
            mask = mask.masked_fill(outside, torch.finfo(hidden.dtype).min)[:, None, None, :]
            mask = mask.expand(-1, 1, hidden.shape[1], -1)
        self._sum.begin()
        for block in model.layers:
            hidden = block(hidden, mask)
        if self.layers.top == self.depth:
            hidden = model.layer_norm(hidden)
        return self._sum.total(hidden)
