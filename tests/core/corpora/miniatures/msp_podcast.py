"""MSP-Podcast in small: folders, names and lines as releases 1.6 to 2.0 have them."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .links import Clips
from .sound import write_clip

HEADER = ("FileName", "EmoClass", "EmoAct", "EmoVal", "EmoDom", "SpkrID", "Gender", "Split_Set")
WORDS = {
    "A": "Angry",
    "S": "Sad",
    "H": "Happy",
    "U": "Surprise",
    "F": "Fear",
    "D": "Disgust",
    "C": "Contempt",
    "N": "Neutral",
    "O": "Other",
    "X": "Other-not sure, really",
}


@dataclass(frozen=True)
class Release:
    """How a release names things."""

    folder: str = "Labels"
    consensus: str = "consensus"
    development: str = "Development"
    tests: tuple[str, ...] = ("Test1", "Test2")
    detailed: str = "EmoDetail"


RELEASES = {
    "1.6": Release("label", "concensus", "Validation", ("Test",), "Workers"),
    "1.8": Release("Labels", "concensus", "Validation"),
    "1.9": Release("labels", "concensus", "Development"),
    "1.11": Release(),
    "1.12": Release(tests=("Test1", "Test2", "Test3")),
    "2.0": Release(tests=("Test1", "Test2"), detailed="WorkerID"),
}


def rows(release: Release) -> list[tuple[str, ...]]:
    """Every label in every partition, each with its own speakers; in the second test set nobody is known."""
    made: list[tuple[str, ...]] = []
    for place, split in enumerate(("Train", release.development, *release.tests)):
        for number, label in enumerate(WORDS):
            known = split != "Test2" and number % 5 != 4
            speaker = (str(10 * place + number % 2), ("Male", "Female")[number % 2]) if known else ("Unknown",) * 2
            made.append((f"MSP-PODCAST_{place:04d}_{number:04d}.wav", label, "2.2", "4.0", "7.0", *speaker, split))
    return made


def write(root: Path, release: str = "1.12", table: Sequence[tuple[str, ...]] | None = None, kind: str = "csv") -> Path:
    """Writes the corpus with labels as ``csv``, ``json`` or ``txt``. Gives ``root``.

    Each clip has three raters, of whom the first rated twice. One clip is stereo at 44.1 kHz; every third one has no
    transcript, every fourth transcript is Latin-1.
    """
    form = RELEASES[release]
    table = rows(form) if table is None else table
    clips = Clips(root)
    (root / form.folder).mkdir(parents=True)
    (root / "Transcripts").mkdir()
    for number, row in enumerate(table):
        path = root / "Audios" / row[0]
        if number == 1:
            write_clip(path, 0.1, rate=44_100, channels=2)
        else:
            clips.put(path)
        if number % 3:
            said = f"Café {number}, you know?".encode("latin-1" if number % 4 == 0 else "utf-8")
            (root / "Transcripts" / f"{path.stem}.txt").write_bytes(said + b"\n")
    _labels(root, form, table, kind)
    _earlier(root, clips, form, table)
    return root


def _labels(root: Path, form: Release, table: Sequence[tuple[str, ...]], kind: str) -> None:
    folder = root / form.folder
    if kind == "csv":
        _csv(folder / f"labels_{form.consensus}.csv", [HEADER, *table])
        _csv(folder / "labels_detailed.csv", _detailed(form, table))
    elif kind == "json":
        content = {row[0]: dict(zip(HEADER[1:], row[1:], strict=True)) for row in table}
        (folder / f"labels_{form.consensus}.json").write_text(json.dumps(content), encoding="utf-8")
    if kind != "csv":
        _text(folder / "labels.txt", table)
    if kind == "txt":
        lines = [f"{row[-1]}; {row[0]}" for row in table]
        (root / "Partition.txt").write_text("\n".join(lines), encoding="utf-8")


def _detailed(form: Release, table: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    if form.detailed == "EmoDetail":
        made = [("FileName", "EmoDetail")]
        for row in table:
            for worker, word in _votes(row[1]):
                made.append((row[0], f"{worker}; {word}; {word},Excited; A:2.000000; V:4.000000; D:3.000000;"))
        return made
    header = ("FileName", form.detailed, "EmoClass_Major", "EmoClass_Second", "EmoAct", "EmoVal", "EmoDom")
    return [header, *((row[0], *vote, "Excited,Sad", "2", "4", "3") for row in table for vote in _votes(row[1]))]


def _text(path: Path, table: Sequence[tuple[str, ...]]) -> None:
    lines: list[str] = []
    for name, label, act, val, dom, *_ in table:
        lines.append(f"{name}; {label}; A:{float(act):.6f}; V:{float(val):.6f}; D:{float(dom):.6f};")
        lines += [f"{worker}; {word}; {word},; A:2.000000; V:4.000000; D:3.0;" for worker, word in _votes(label)]
        lines.append("")
    path.write_text("\n".join(lines), encoding="utf-8")


def _votes(label: str) -> list[tuple[str, str]]:
    word = WORDS.get(label, "Neutral")
    return [("WORKER0000001", word), ("WORKER0000001", word), ("WORKER0000002", word), ("WORKER0000003", "Neutral")]


def _earlier(root: Path, clips: Clips, form: Release, table: Sequence[tuple[str, ...]]) -> None:
    """Labels of an earlier release, and a clip that was removed since: neither belongs to the corpus."""
    before = root / "Previous_releases_information"
    clips.put(before / "files_removed_from_prev_versions" / "v1.4_removed_files" / "MSP-PODCAST_9999_0001.wav")
    old = before / "previous_releases_info" / "v1.4" / f"labels_{form.consensus}.csv"
    _csv(old, [HEADER, *((row[0], "D", *row[2:]) for row in table)])


def _csv(path: Path, lines: Sequence[Sequence[str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(lines)
