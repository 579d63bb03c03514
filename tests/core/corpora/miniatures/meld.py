"""MELD: three tables and three folders of MP4 clips, with the gaps of the release."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from .sound import write_clip, write_video

HEADER = "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,StartTime,EndTime"
FOLDERS = {"train": "train_splits", "dev": "dev_splits_complete", "test": "output_repeated_splits_test"}
ROWS = {
    "train": [
        ("also I was the point person on my company’s transition", "Chandler", "neutral", 0, 0, 8, 21),
        ("You must’ve had your hands full.", "The Interviewer", "surprise", 0, 1, 8, 21),
        ("Hey!", "All", "joy", 1, 0, 4, 7),
        ('"Wanted. Female roommate." Nice!', "Joey", "joy", 1, 1, 4, 7),
        ("Oh no…", "Waiter", "fear", 2, 0, 3, 9),
        ("Yes?", "Waiter", "disgust", 3, 0, 5, 2),
        ("Go!", "Chandler and Joey", "anger", 3, 1, 5, 2),
        ("Lost.", "Ross", "sadness", 125, 3, 2, 2),
    ],
    "dev": [
        ("Oh my God, he’s lost it.", "Phoebe", "sadness", 0, 0, 4, 7),
        ("", "Mrs. Green", "anger", 0, 1, 4, 7),
        ("What?", "Monica", "surprise", 110, 7, 4, 7),
    ],
    "test": [
        ("Why do all you’re coffee mugs have numbers?", "Joey", "surprise", 0, 0, 3, 19),
        ("Oh.", "Monica", "neutral", 0, 1, 3, 19),
    ],
}
ENCODING = {"train": "cp1252", "dev": "utf-8", "test": "c1"}
"""``c1``: Windows-1252 that passed for Latin-1 before it was written as UTF-8."""

BROKEN, MISSING = ("train", "dia125_utt3"), ("dev", "dia110_utt7")


def table(split: str) -> bytes:
    """The CSV of a split."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(HEADER.split(","))
    for number, (text, speaker, emotion, dialogue, utterance, season, episode) in enumerate(ROWS[split], start=1):
        times = ("00:16:16,059", "00:21:01,927")  # of the episode, far outside the clip
        writer.writerow((number, text, speaker, emotion, "neutral", dialogue, utterance, season, episode, *times))
    if ENCODING[split] == "c1":
        return buffer.getvalue().encode("cp1252").decode("latin-1").encode("utf-8")
    return buffer.getvalue().encode(ENCODING[split])


def build(root: Path, *, video: bool = True, nested: bool = False) -> Path:
    """Writes the folder and gives it; ``nested``: each split unpacked into a folder of its own, tables as well."""
    for split, rows in ROWS.items():
        base = root / split if nested else root
        base.mkdir(parents=True, exist_ok=True)
        (base / f"{split}_sent_emo.csv").write_bytes(table(split))
        for _, _, _, dialogue, utterance, _, _ in rows:
            stem = f"dia{dialogue}_utt{utterance}"
            if (split, stem) == MISSING:
                continue
            if not video:
                write_clip(base / FOLDERS[split] / f"{stem}.wav", seed=dialogue + utterance)
            elif (split, stem) == BROKEN:
                (base / FOLDERS[split] / f"{stem}.mp4").write_bytes(b"\0\0\0\x20ftypisom" + bytes(4_000))
            else:
                write_video(base / FOLDERS[split] / f"{stem}.mp4", 0.5)
    # What else is in the archive: a second copy of some clips under another name, and what a Mac leaves.
    for extra in ("final_videos_testdia0_utt0.mp4", "._dia0_utt0.mp4"):
        folder = (root / "test" if nested else root) / FOLDERS["test"]
        (folder / extra).write_bytes(b"\0\0\0\x20ftypisom")
    return root
