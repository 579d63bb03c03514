"""w2v-BERT 2.0: conformer blocks on log-mel features, two 10 ms frames in one."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from core.encoders.audio import AudioEncoder, Window
from core.encoders.checkpoint import Checkpoint, load_model
from core.encoders.layers import LayerSum


class Wav2VecBertEncoder(AudioEncoder):
    """Seamless Communication et al. 2023 (facebook/w2v-bert-2.0), up to the wanted block; 50 frames a second.

    Its convolutions look back only and its attention takes a mask, so padding after a clip is not heard.
    """

    # Attention with relative keys holds frames x frames x head vectors: 164 MB for 16 s.
    window = 16.0

    def __init__(self, checkpoint: Checkpoint, config: Any, *, layer: int | str, pooling: str) -> None:
        super().__init__(checkpoint, config, depth=int(config.num_hidden_layers), layer=layer, pooling=pooling)
        config.num_hidden_layers = self.layers.top
        # Both come after the last block, for fine-tuned heads.
        config.add_adapter = False
        config.use_intermediate_ffn_before_adapter = False
        self.model = load_model(checkpoint, config, may_miss=("*masked_spec_embed",))
        self._sum = LayerSum(self.layers, self.model.encoder.layers)

    def _window(self, part: np.ndarray) -> Window:
        # Alone, so that the normalisation of each mel band is over this window.
        features = self.extractor(part, sampling_rate=self.rate, return_tensors="np")
        own = int(features["attention_mask"][0].sum())
        values = np.asarray(features["input_features"][0][:own], dtype=np.float32)
        return Window(torch.from_numpy(values), len(part) / self.rate, own)

    def _hidden(self, values: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        mask = torch.arange(values.shape[1])[None, :] < lengths[:, None]
        self._sum.begin()
        return self._sum.total(self.model(values, attention_mask=mask.long().to(self.device)).last_hidden_state)
