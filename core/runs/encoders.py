"""The pre-trained encoders that a run was trained on, loaded when something new is to be embedded as its corpus was."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soxr

from core.errors import BadInputError
from core.files import read_json
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.encoders.checkpoint import Checkpoint

_MOST = 1 << 20


class RunEncoders:
    """The encoders of a run, by what ``environment.json`` of its folder says.

    A run from somebody else may name anything. A hub id is looked for on the hub and in its cache alone, never as a
    folder that lies here; a folder is opened only where an embedding store of the corpus in the workspace was made by
    that very encoder.

    Args:
        folder: of the run. workspace, corpus: where the run's corpus would be.
    """

    def __init__(self, folder: Path, workspace: Workspace, corpus: str) -> None:
        self._file = folder / "environment.json"
        self._workspace, self._corpus = workspace, corpus
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
            self._audio = AudioEncoder.load(self._found(encoder, "audio"), layer=layer, pooling=pooling)
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
            self._text = TextEncoder.load(self._found(self._named(1)[0], "text"))
        return self._text.encode(sentences)

    def _found(self, encoder: str, modality: str) -> Checkpoint:
        """The encoder's files on this machine.

        Raises:
            BadInputError: it is a folder that this workspace never embedded the run's corpus with.
        """
        from core.encoders.checkpoint import find_checkpoint, find_on_hub, is_hub_id
        from core.encoders.store import readable_stores

        if is_hub_id(encoder):
            return find_on_hub(encoder)
        if any(
            meta["encoder"] == encoder and meta["modality"] == modality
            for meta in readable_stores(self._corpus, self._workspace)[0].values()
        ):
            return find_checkpoint(encoder)
        raise BadInputError(
            f"run {self._file.parent.name!r} names its {modality} encoder by a folder, {encoder[:200]!r}, which is not "
            f"opened on its word; where that encoder is here, run `mirage embed {self._corpus} --{modality}-encoder "
            "...` with it, in this workspace"
        )

    def _named(self, place: int) -> tuple[str, str, str]:
        """Encoder, layer and pooling of the embeddings at a place: 0 audio, 1 text."""
        content = read_json(self._file, _MOST)
        try:
            entry = content["embeddings"][place]
            encoder, store = entry["encoder"], entry["name"]
            if not all(
                isinstance(name, str) and name.isprintable() and 0 < len(name) < 1000 for name in entry.values()
            ):
                raise TypeError
        except (KeyError, IndexError, TypeError, AttributeError):
            kind = ("audio", "text")[place]
            raise BadInputError(f"{self._file}: the {kind} encoder is not named; the file is damaged") from None
        # The store's name says them: whisper-tiny.en@3-mean (see core.encoders.layers.Layers.label).
        label, _, pooling = store.partition("@")[2].rpartition("-")
        if label.startswith("weighted"):
            raise BadInputError(
                f"run {self._file.parent.name!r}: the weights of its encoder's layers are not kept in it"
            )
        return encoder, label.replace("x", ":").replace("+", ","), pooling
