"""Which class runs which architecture."""

from __future__ import annotations

from typing import Any

from core.encoders.audio import AudioEncoder
from core.errors import BadInputError


def families() -> dict[str, type[AudioEncoder]]:
    """The encoder classes by the transformers name of the architecture."""
    from core.encoders.spectrogram import SpectrogramEncoder
    from core.encoders.wav2vec import FAMILY, Wav2VecEncoder
    from core.encoders.wav2vec_bert import Wav2VecBertEncoder
    from core.encoders.whisper import WhisperEncoder

    return {
        "whisper": WhisperEncoder,
        **dict.fromkeys(FAMILY, Wav2VecEncoder),
        "wav2vec2-bert": Wav2VecBertEncoder,
        "audio-spectrogram-transformer": SpectrogramEncoder,
    }


def family_of(config: Any, name: str) -> Any:
    """The class for a configuration.

    Raises:
        BadInputError: no speech encoder, or one that MIRAGE does not run.
    """
    known = families()
    if config.model_type in known:
        return known[config.model_type]
    reads = main_input(config)
    remedy = f"it runs {', '.join(known)}"
    if reads == "input_ids":
        remedy = (
            f"it reads text: give it as the text encoder (--text-encoder); for speech MIRAGE runs {', '.join(known)}"
        )
    elif reads == "pixel_values":
        remedy = f"it reads images; MIRAGE runs {', '.join(known)}"
    raise BadInputError(
        f"{name}: a model of type {config.model_type!r} is no speech encoder that MIRAGE can run; {remedy}"
    )


def main_input(config: Any) -> str | None:
    """What the base model of a configuration reads: ``input_ids``, ``input_values``, ``pixel_values`` ...; None where
    transformers has no base model for it."""
    from transformers import MODEL_MAPPING

    model: Any = MODEL_MAPPING.get(type(config), None)
    if isinstance(model, list | tuple):
        model = model[0]
    return getattr(model, "main_input_name", None)
