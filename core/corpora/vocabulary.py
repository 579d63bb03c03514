"""The emotions MIRAGE knows, and the other words corpora have for them."""

from __future__ import annotations

from collections.abc import Mapping

EMOTIONS: tuple[str, ...] = (
    "angry",
    "happy",
    "sad",
    "neutral",
    "fear",
    "disgust",
    "surprise",
    "contempt",
    "boredom",
    "calm",
    "frustrated",
    "excited",
    "other",
)
"""Every value the column ``emotion`` may hold, besides null. The order is the one tables and charts use."""

_SYNONYMS: dict[str, tuple[str, ...]] = {
    "angry": ("anger", "ang", "rage", "mad"),
    "happy": ("happiness", "joy", "joyful", "hap", "amusement", "amused"),
    "sad": ("sadness", "unhappy"),
    "neutral": ("neu", "neutrality"),
    "fear": ("fearful", "afraid", "scared", "anxious", "anxiety", "fea"),
    "disgust": ("disgusted", "dis"),
    "surprise": ("surprised", "pleasant surprise", "sur", "ps"),
    "contempt": ("contemptuous",),
    "boredom": ("bored",),
    "calm": ("calmness",),
    "frustrated": ("frustration", "fru"),
    "excited": ("excitement", "exc"),
    "other": ("oth",),
}

_KNOWN = {name: name for name in EMOTIONS} | {word: name for name, words in _SYNONYMS.items() for word in words}
_NO_EMOTION = frozenset({"", "none", "null", "nan", "n/a", "-", "xxx", "no agreement"})


def read_emotion(value: str | None, labels: Mapping[str, str | None] | None = None) -> str | None:
    """The emotion that ``value`` stands for; None where it says that there is none.

    Case, surrounding space and ``_`` do not matter. ``labels`` (keys as given by ``label_key``) comes first.

    Raises:
        ValueError: ``value`` is not known.

    >>> read_emotion("Happiness"), read_emotion("wut", {"wut": "angry"}), read_emotion("xxx")
    ('happy', 'angry', None)
    """
    key = label_key(value or "")
    if labels is not None and key in labels:
        return labels[key]
    if key in _NO_EMOTION:
        return None
    if key in _KNOWN:
        return _KNOWN[key]
    raise ValueError(value)


def label_key(value: str) -> str:
    """``value`` as labels are compared: without case, ``_`` or needless space.

    >>> label_key(" Pleasant_Surprise ")
    'pleasant surprise'
    """
    return " ".join(value.replace("_", " ").casefold().split())
