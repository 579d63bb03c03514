"""Audio spectrogram transformers on clips as long as they are, instead of padded to their 10 seconds."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from core.encoders.audio import AudioEncoder, Window
from core.encoders.checkpoint import Checkpoint, load_model
from core.encoders.layers import LayerSum

_FRAME, _HOP = 400, 160  # samples; the extractor's are not settable


class SpectrogramEncoder(AudioEncoder):
    """AST (Gong, Chung and Glass 2021): patches of a log-mel spectrogram, up to the wanted block.

    The table of positions is cut to the clip, as its authors cut it for shorter input. The clip's vector is pooled over
    the patches; the two tokens for classification are heard by the patches but not pooled. What ends inside a patch
    is filled up with the extractor's own padding. A longer clip than the table reaches is windowed.
    """

    def __init__(self, checkpoint: Checkpoint, config: Any, *, layer: int | str, pooling: str) -> None:
        super().__init__(checkpoint, config, depth=int(config.num_hidden_layers), layer=layer, pooling=pooling)
        config.num_hidden_layers = self.layers.top
        self.model = load_model(checkpoint, config, may_miss=("layernorm.*",) if self.layers.top < self.depth else ())
        if self.layers.top < self.depth:
            # This norm belongs after the last block of the whole model.
            self.model.layernorm = torch.nn.Identity()
        self._patch, self._stride = int(config.patch_size), int(config.time_stride)
        self._bands, self._times = self.model.embeddings.get_shape(config)
        spectra = self._patch + (self._times - 1) * self._stride
        self.window = (_FRAME + (spectra - 1) * _HOP) / self.rate
        self._sum = LayerSum(self.layers, self.model.layers)

    def _window(self, part: np.ndarray) -> Window:
        # Shorter than one spectrum of 25 ms it never is; the extractor pads to its full length.
        frames = 1 + (len(part) - _FRAME) // _HOP
        times = max(0, -(-(frames - self._patch) // self._stride)) + 1
        features = self.extractor(part, sampling_rate=self.rate, return_tensors="np")["input_values"][0]
        values = np.asarray(features, dtype=np.float32)[: self._patch + (times - 1) * self._stride]
        return Window(torch.from_numpy(values), len(part) / self.rate, times * self._bands)

    def _hidden(self, values: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """The patches ordered by time, all bands of one time together, so that a clip's own come first."""
        embeddings = self.model.embeddings
        times = (values.shape[1] - self._patch) // self._stride + 1
        own = (lengths - self._patch) // self._stride + 1
        patches = self._by_time(embeddings.patch_embeddings(values), times)
        table = embeddings.position_embeddings
        patches = patches + self._by_time(table[:, 2:], self._times)[:, : times * self._bands]
        special = torch.cat([embeddings.cls_token, embeddings.distillation_token], dim=1) + table[:, :2]
        hidden = torch.cat([special.expand(len(values), -1, -1), patches], dim=1)
        # Among the blocks, the order of the tokens does not matter: where they are is in their values.
        reach = torch.arange(hidden.shape[1])[None, :] < (2 + own * self._bands)[:, None]
        mask = torch.zeros(reach.shape, dtype=hidden.dtype).masked_fill(~reach, torch.finfo(hidden.dtype).min)
        mask = mask.to(self.device)[:, None, None, :].expand(-1, 1, hidden.shape[1], -1)
        self._sum.begin()
        for block in self.model.layers:
            hidden = block(hidden, mask)
        return self._sum.total(self.model.layernorm(hidden))[:, 2:]

    def _by_time(self, patches: torch.Tensor, times: int) -> torch.Tensor:
        """(b, bands * times, width), band by band, to the same time by time."""
        return patches.unflatten(1, (self._bands, times)).transpose(1, 2).flatten(1, 2)
