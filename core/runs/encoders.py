"""The pre-trained encoders that a run was trained on, loaded when something new is to be embedded as its corpus was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import soxr

from core.errors import BadInputError
from core.files import read_json


class RunEncoders:
    """The encoders of a run, by what ``environment.json`` of its folder says.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "environment.json"
        self._audio: Any = None
        self._text: Any = None

    def audio(self, waveform: np.ndarray, rate: int) -> np.ndarray:
        """A clip (samples,) at ``rate`` Hz as the audio encoder's pooled embedding (1, d_a).

        Raises:
            BadInputError: the clip is too short or no sound, or what the run names is no encoder.
            FailureError: the encoder is not on this machine and cannot be fetched.
        """
        from core.encoders import AudioEncoder

        if self._audio is None:
            encoder, layer, pooling = self._named(0)
            self._audio = AudioEncoder.load(encoder, layer=layer, pooling=pooling)
        samples = np.asarray(waveform, dtype=np.float32)
        if rate != self._audio.rate:
            samples = soxr.resample(samples, rate, self._audio.rate, quality="HQ")
        return self._audio.encode([samples])

    def text(self, sentences: list[str]) -> np.ndarray:
        """Sentences as the text encoder's pooled embeddings (n, d_s).

        Raises:
            BadInputError: what the run names is no encoder.
            FailureError: the encoder is not on this machine and cannot be fetched.
        """
        from core.encoders import TextEncoder

        if self._text is None:
            self._text = TextEncoder.load(self._named(1)[0])
        return self._text.encode(sentences)

    def _named(self, place: int) -> tuple[str, str, str]:
        """Encoder, layer and pooling of the embeddings at a place: 0 audio, 1 text."""
        content = read_json(self._file)
        try:
            entry = content["embeddings"][place]
            encoder, store = str(entry["encoder"]), str(entry["name"])
        except (KeyError, IndexError, TypeError):
            kind = ("audio", "text")[place]
            raise BadInputError(f"{self._file}: the {kind} encoder is not named; the file is damaged") from None
        # The store's name says them: whisper-tiny.en@3-mean (see core.encoders.layers.Layers.label).
        label, _, pooling = store.partition("@")[2].rpartition("-")
        if label.startswith("weighted"):
            raise BadInputError(
                f"run {self._file.parent.name!r}: the weights of its encoder's layers are not kept in it"
            )
        return encoder, label.replace("x", ":").replace("+", ","), pooling
