"""ESD: speakers' folders with emotions, with and without folders for the splits, transcripts in mixed encodings."""

from __future__ import annotations

from pathlib import Path

from .sound import write_clip

EMOTIONS = ("Neutral", "Angry", "Happy", "Sad", "Surprise")
CHINESE = {"Neutral": "中立", "Angry": "生气", "Happy": "快乐", "Sad": "伤心", "Surprise": "惊喜"}
PLACES = {1: "evaluation", 21: "test", 51: "train"}
"""Of each 350: the first of the evaluation, test and training set."""

ENCODINGS = {"0001": "gb2312", "0003": "utf-16", "0011": "utf-8", "0012": "utf-16", "0016": "latin-1"}
"""As in the release; 0001 and 0003 speak Mandarin."""

TEXTS = {
    "zh": {1: "打远一看，它们的确很是美丽。", 21: "他对谁都那么友好。", 51: "他想吃中国的包子。"},
    "en": {1: "The nine the eggs, I keep.", 21: "A raven sat upon the café’s tree.", 51: "I am sad."},
}


def language(speaker: str) -> str:
    """zh or en."""
    return "zh" if int(speaker) <= 10 else "en"


def text_of(speaker: str, place: int) -> str:
    """What the transcript says; Latin-1 has no curly apostrophe, so there it is Windows-1252's byte."""
    return TEXTS[language(speaker)][place]


def build(root: Path, *, splits: bool = True, folders: bool = True) -> Path:
    """Writes the folder and gives it."""
    for speaker, encoding in ENCODINGS.items():
        lines = []
        for block, emotion in enumerate(EMOTIONS):
            for place, split in PLACES.items():
                name = f"{speaker}_{350 * block + place:06d}"
                parts = [speaker, *([emotion] if folders else []), *([split] if splits else []), f"{name}.wav"]
                write_clip(root.joinpath(*parts), seed=350 * block + place)
                label = CHINESE[emotion] if language(speaker) == "zh" else emotion
                lines.append(f"{name}\t{text_of(speaker, place)}\t{label}")
        if speaker == "0011":
            lines[0] = lines[0].replace("\t", " ", 1)  # lines of the release have lost a tab
            lines[1] = " ".join(lines[1].split("\t"))
            lines[2] = ""  # and some are missing
        content = "\r\n".join(lines) + "\r\n"
        raw = content.encode("cp1252" if encoding == "latin-1" else encoding)
        (root / speaker / f"{speaker}.txt").write_bytes(raw)
    return root
