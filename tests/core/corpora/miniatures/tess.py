"""TESS as the archive that goes round has it: folders by actress and emotion, and all of it once more inside itself."""

from __future__ import annotations

import shutil
from pathlib import Path

from .sound import write_clip

FOLDERS = {
    "OAF_angry": "angry",
    "OAF_Fear": "fear",
    "OAF_Pleasant_surprise": "ps",
    "OAF_Sad": "sad",
    "YAF_disgust": "disgust",
    "YAF_happy": "happy",
    "YAF_pleasant_surprised": "ps",
}
WORDS = ("back", "bite", "young")
_TITLE = "TESS Toronto emotional speech set data"


def build(root: Path, *, nested: bool = True) -> Path:
    """Writes the folder and gives it."""
    outer = root / _TITLE
    seed = 0
    for folder, emotion in FOLDERS.items():
        for word in WORDS:
            seed += 1
            write_clip(outer / folder / f"{folder[:3]}_{word}_{emotion}.wav", rate=24_414, seed=seed)
    # The one misspelt name of the release.
    write_clip(outer / "OAF_neutral" / "OA_bite_neutral.wav", rate=24_414, seed=99)
    if nested:
        shutil.copytree(outer, root / "copy")
        shutil.move(root / "copy", outer / _TITLE)
    return root
