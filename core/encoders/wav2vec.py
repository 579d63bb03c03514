"""The wav2vec 2.0 family: a convolutional front end on the raw waveform, then transformer blocks."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from torch import nn

from core.encoders.audio import AudioEncoder, Window
from core.encoders.checkpoint import Checkpoint, load_model
from core.encoders.layers import LayerSum
from core.encoders.packing import pack_linears

FAMILY = ("wav2vec2", "hubert", "wavlm", "data2vec-audio", "unispeech", "unispeech-sat")


class Wav2VecEncoder(AudioEncoder):
    """wav2vec 2.0, HuBERT, WavLM, data2vec-audio and UniSpeech, up to the wanted block.

    Whatever a model does with its padding, it is not heard: the front end, where a norm over time would mix it in, runs
    clip by clip, and the networks of positions meet zeros after a clip's end, as they do when it is alone.
    """

    # The first convolution gives 3,200 frames of 512 numbers for each second: 130 MB for 20 s, several times over.
    window = 20.0

    def __init__(self, checkpoint: Checkpoint, config: Any, *, layer: int | str, pooling: str) -> None:
        super().__init__(checkpoint, config, depth=int(config.num_hidden_layers), layer=layer, pooling=pooling)
        # Blocks above the wanted one are neither loaded nor run; an adapter would change the frame rate.
        config.num_hidden_layers = self.layers.top
        config.add_adapter = False
        model = load_model(checkpoint, config, may_miss=("*masked_spec_embed",))
        if self.layers.top < self.depth and getattr(config, "do_stable_layer_norm", False):
            # This norm belongs after the last block of the whole model.
            model.encoder.layer_norm = nn.Identity()
        self.model = model
        self._over_time = getattr(config, "feat_extract_norm", "layer") == "group"
        self._clip_by_clip = True
        self._front = _ClipByClip(model.feature_extractor)
        model.feature_extractor = self._front
        self._mask: torch.Tensor | None = None
        self._prepare_positions(model.encoder.pos_conv_embed)
        self._sum = LayerSum(self.layers, model.encoder.layers)

    def place(self, device: torch.device, dtype: torch.dtype) -> None:
        super().place(device, dtype)
        # Without a norm over time a GPU takes the batch at once; the frames that padding reaches are not a clip's own.
        self._clip_by_clip = self._over_time or device.type == "cpu"
        # WavLM's attention hands its weights to a function of PyTorch: they must stay what they are.
        if device.type == "cpu" and dtype == torch.float32 and self.model_type != "wavlm":
            pack_linears(self.model)

    def _prepare_positions(self, positions: nn.Module) -> None:
        conv = getattr(positions, "conv", None)
        if conv is not None and nn.utils.parametrize.is_parametrized(conv, "weight"):
            # Nothing is trained: the weight norm need not be computed again for each batch.
            nn.utils.parametrize.remove_parametrizations(conv, "weight")
        for layer in list(getattr(positions, "layers", []))[1:]:  # data2vec's positions are several layers deep
            layer.register_forward_pre_hook(lambda module, args: (self._silence(args[0]), *args[1:]))
        norm = getattr(positions, "batch_norm", None)  # some HuBERT: it would lift the zeros
        if norm is not None:
            norm.register_forward_hook(lambda module, args, output: self._silence(output))

    def _silence(self, hidden: torch.Tensor) -> torch.Tensor:
        return hidden if self._mask is None else hidden * self._mask[:, None, :]

    def _window(self, part: np.ndarray) -> Window:
        # One clip at a time: the extractor's normalisation is over the clip, and so it stays.
        values = self.extractor(part, sampling_rate=self.rate, padding=False, return_tensors="np")["input_values"][0]
        frames = int(self.model._get_feat_extract_output_lengths(len(part)))
        return Window(torch.from_numpy(np.asarray(values, dtype=np.float32)), len(part) / self.rate, frames)

    def _hidden(self, values: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        same = bool((lengths == lengths[0]).all())
        attention = torch.arange(values.shape[1])[None, :] < lengths[:, None]
        frames = self.model._get_feat_extract_output_lengths(lengths)
        self._front.lengths = None
        if not same and self._clip_by_clip:
            self._front.lengths = lengths.tolist()
        self._mask = None
        if not same:
            self._mask = (torch.arange(int(frames.max()))[None, :] < frames[:, None]).to(self.device, self.dtype)
        self._sum.begin()
        with warnings.catch_warnings():
            # WavLM hands PyTorch two masks of different types; PyTorch converts one and says so each time.
            warnings.filterwarnings("ignore", message="Support for mismatched key_padding_mask")
            hidden = self.model(
                values, attention_mask=None if same else attention.long().to(self.device)
            ).last_hidden_state
        return self._sum.total(hidden)


class _ClipByClip(nn.Module):
    """The front end on each clip alone, its frames padded with zeros; on a batch where ``lengths`` is None.

    On the CPU that is faster too: no padding is computed, and one clip's frames stay in the cache.
    """

    def __init__(self, front: nn.Module) -> None:
        super().__init__()
        self.front = front
        self.lengths: list[int] | None = None

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """(b, samples) to (b, channels, frames)."""
        if self.lengths is None:
            return self.front(values)
        parts = [self.front(values[row : row + 1, :length]) for row, length in enumerate(self.lengths)]
        longest = max(part.shape[-1] for part in parts)
        return torch.cat([nn.functional.pad(part, (0, longest - part.shape[-1])) for part in parts])
