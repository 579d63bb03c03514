"""SAVEE: as released, and as the flat copies have it."""

from __future__ import annotations

from pathlib import Path

from .sound import write_clip

SPEAKERS = ("DC", "JE", "JK", "KL")
CODES = ("a", "d", "f", "h", "n", "sa", "su")


def build(root: Path, *, flat: bool = False) -> Path:
    """Writes the folder and gives it."""
    for k, speaker in enumerate(SPEAKERS):
        for n, code in enumerate(CODES):
            place = root / f"{speaker}_{code}01.wav" if flat else root / "AudioData" / speaker / f"{code}01.wav"
            write_clip(place, rate=44_100, seed=10 * k + n)
    if not flat:
        (root / "AudioData" / "Info.txt").write_text("Surrey Audio-Visual Expressed Emotion\n", encoding="utf-8")
    return root
