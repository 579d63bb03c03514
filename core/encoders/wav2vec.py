"""The wav2vec 2.0 family: a convolutional front end on the raw waveform, then transformer blocks."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from torch import nn

from core.encoders.audio import AudioEncoder
from core.encoders.checkpoint import Checkpoint, load_model

FAMILY = ("wav2vec2", "hubert", "wavlm", "data2vec-audio", "unispeech", "unispeech-sat")


class Wav2VecEncoder(AudioEncoder):
    """wav2vec 2.0, HuBERT, WavLM, data2vec-audio and UniSpeech, up to the wanted block.

    Models whose front end normalises over time (``feat_extract_norm: group``) and those whose position network is deep
    cannot be padded without the padding being heard: their batches hold clips of one length only.
    """

    def __init__(self, checkpoint: Checkpoint, config: Any, *, layer: int | str, pooling: str) -> None:
        super().__init__(checkpoint, config, depth=int(config.num_hidden_layers), layer=layer, pooling=pooling)
        # Blocks above the wanted one are neither loaded nor run; an adapter would change the frame rate.
        config.num_hidden_layers = self.layer
        config.add_adapter = False
        self.model = load_model(checkpoint, config, may_miss=("*masked_spec_embed",))
        if self.layer < self.depth and getattr(config, "do_stable_layer_norm", False):
            # This norm belongs after the last block of the whole model.
            self.model.encoder.layer_norm = nn.Identity()
        self.padding = (
            getattr(config, "feat_extract_norm", "layer") == "layer"
            and config.model_type != "data2vec-audio"
            and not getattr(config, "conv_pos_batch_norm", False)
        )

    def _together(self, shorter: int, longer: int) -> bool:
        return self.padding or shorter == longer

    def _frames(self, parts: list[np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
        # One clip at a time: the extractor's normalisation is over the clip, and so it stays.
        signals = [
            np.asarray(
                self.extractor(part, sampling_rate=self.rate, padding=False, return_tensors="np")["input_values"][0],
                dtype=np.float32,
            )
            for part in parts
        ]
        lengths = torch.tensor([len(signal) for signal in signals])
        padded = torch.zeros(len(signals), int(lengths.max()))
        for row, signal in enumerate(signals):
            padded[row, : len(signal)] = torch.from_numpy(signal)
        mask = torch.arange(padded.shape[1])[None, :] < lengths[:, None]
        same = bool(mask.all())
        with warnings.catch_warnings():
            # WavLM hands PyTorch two masks of different types; PyTorch converts one and says so each time.
            warnings.filterwarnings("ignore", message="Support for mismatched key_padding_mask")
            hidden = self.model(
                padded.to(self.device), attention_mask=None if same else mask.long().to(self.device)
            ).last_hidden_state
        frames = torch.as_tensor(self.model._get_feat_extract_output_lengths(lengths)).to(self.device)
        return hidden, frames.clamp(max=hidden.shape[1])
