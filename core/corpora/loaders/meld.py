"""MELD (Poria et al., ACL 2019): scenes of the series Friends, seven emotions, official splits.

Three tables ``{train,dev,test}_sent_emo.csv``; clips ``dia0_utt0.mp4`` in a folder for each split. Their numbers begin
anew in each split. StartTime and EndTime are places in the episode, not in the clip: they are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from core.corpora import video
from core.corpora.audio import EXTENSIONS, VIDEO_EXTENSIONS, read_native
from core.corpora.drafts import Draft, Loader, Row, audio_files
from core.corpora.loaders.copies import copies_remark, without_copies
from core.corpora.loaders.csvfile import Sheet, parse_sheet
from core.corpora.loaders.meld_speakers import gender_of, speaker_of
from core.corpora.loaders.textfile import read_text
from core.corpora.problems import Problem, printable
from core.corpora.vocabulary import read_emotion
from core.errors import BadInputError

SPLITS = ("train", "dev", "test")
COLUMNS = ("Utterance", "Speaker", "Emotion", "Dialogue_ID", "Utterance_ID", "Season", "Episode")
MISSING = {("dev", "dia110_utt7")}
"""Rows whose clip the release lacks."""

BROKEN = {("train", "dia125_utt3")}
"""Rows whose clip in the release cannot be decoded; copies that were repaired are read."""

_CLIP = re.compile(r"dia\d+_utt\d+")
_FOLDER = re.compile(r"train|dev|test")

Clips = dict[tuple[str, str], str]


def read(root: Path) -> Draft:
    """Reads the folder that holds the tables and the folders of the clips; sound files are taken before videos.

    Raises:
        BadInputError: no table, no clips, or the clips are videos and PyAV is not installed.
    """
    shown = printable(str(root))
    files = [
        file
        for file in audio_files(root, depth=4, extensions=EXTENSIONS | VIDEO_EXTENSIONS)
        if _CLIP.fullmatch(PurePosixPath(file).stem) and _split(file) is not None
    ]
    tables = _tables(root)
    if not files:
        raise BadInputError(f"{shown}: there is no clip of MELD in this folder (expected: {LOADER.layout})")
    if not tables:
        raise BadInputError(f"{shown}: there is no train_sent_emo.csv, dev_ or test_ beside the clips; copy them there")
    kept, passed = without_copies(root, files, lambda file: f"{_split(file)}/{PurePosixPath(file).stem}")
    clips: Clips = {}
    for file in kept:
        clips.setdefault((_split(file) or "", PurePosixPath(file).stem), file)
    videos = sum(PurePosixPath(file).suffix.lower() in VIDEO_EXTENSIONS for file in clips.values())
    if videos and not video.available():
        raise BadInputError(f"{shown}: {videos} clips are videos, and PyAV is not installed; {video.REMEDY}")
    rows: list[Row] = []
    problems: list[Problem] = []
    used: set[tuple[str, str]] = set()
    for split, path in tables.items():
        _read_table(root, split, parse_sheet(read_text(path), path.name), clips, used, rows, problems)
    return Draft(root, rows, problems, copies_remark(passed) + _remarks(rows, tables, len(clips.keys() - used)))


def _read_table(
    root: Path,
    split: str,
    sheet: Sheet,
    clips: Clips,
    used: set[tuple[str, str]],
    rows: list[Row],
    problems: list[Problem],
) -> None:
    at = _columns(sheet)
    for number, cells in sheet.rows:
        cell = {name: cells[place].strip() if place < len(cells) else "" for name, place in at.items()}
        if not (cell["Dialogue_ID"].isdecimal() and cell["Utterance_ID"].isdecimal()):
            reason = "Dialogue_ID and Utterance_ID are not numbers"
            problems.append(Problem(sheet.name, number, reason, "check the quotes of this row"))
            continue
        stem = f"dia{int(cell['Dialogue_ID'])}_utt{int(cell['Utterance_ID'])}"
        try:
            emotion = read_emotion(cell["Emotion"])
        except ValueError:
            reason = f"the emotion {cell['Emotion']!r} is not one of MELD's seven"
            problems.append(Problem(sheet.name, number, reason, "copy the table again"))
            continue
        audio = clips.get((split, stem))
        if audio is None:
            known = ": the release lacks it" if (split, stem) in MISSING else ""
            problems.append(Problem(sheet.name, number, f"{stem}: there is no clip of this name in {split}{known}"))
            continue
        used.add((split, stem))
        if (split, stem) in BROKEN and not _decodes(root / audio):
            problems.append(Problem(sheet.name, number, f"{audio}: is broken in the release and cannot be decoded"))
            continue
        values = {
            "utterance_id": f"{split}_{stem}",
            "audio": audio,
            "text": cell["Utterance"] or None,
            "emotion": emotion,
            "speaker": speaker_of(cell["Speaker"], cell["Season"], cell["Episode"]),
            "gender": gender_of(cell["Speaker"]),
            "language": "en",
            "split": split,
        }
        rows.append(Row(values, sheet.name, number))


def _decodes(path: Path) -> bool:
    try:
        read_native(path)
    except BadInputError:
        return False
    return True


def _columns(sheet: Sheet) -> dict[str, int]:
    there = [name.strip().casefold() for name in sheet.header]
    missing = [name for name in COLUMNS if name.casefold() not in there]
    if missing:
        raise BadInputError(f"{sheet.name}: is not a table of MELD, it has no column {', '.join(missing)}")
    return {name: there.index(name.casefold()) for name in COLUMNS}


def _tables(root: Path) -> dict[str, Path]:
    """Split -> table: beside the clips' folders, or in them, as the archives leave them."""
    found: dict[str, Path] = {}
    for split in SPLITS:
        name = f"{split}_sent_emo.csv"
        places: Iterable[Path] = (folder / name for folder in (root, *sorted(_folders(root))))
        path = next((place for place in places if place.is_file()), None)
        if path is not None:
            found[split] = path
    return found


def _folders(root: Path) -> list[Path]:
    children = [child for child in root.iterdir() if child.is_dir() and not child.name.startswith(".")]
    return children + [grandchild for child in children for grandchild in child.iterdir() if grandchild.is_dir()]


def _split(file: str) -> str | None:
    """By the nearest folder that names one: ``output_repeated_splits_test`` is test."""
    for part in reversed(PurePosixPath(file).parts[:-1]):
        match = _FOLDER.search(part.lower())
        if match is not None:
            return match[0]
    return None


def _remarks(rows: list[Row], tables: Iterable[str], unused: int) -> list[str]:
    remarks = []
    missing = [split for split in SPLITS if split not in tables]
    if missing:
        remarks.append(f"there is no table for {', '.join(missing)}: its clips are not read")
    elif unused:
        remarks.append(f"{unused} clips are in no table and were passed over")
    speakers = {split: {row.values["speaker"] for row in rows if row.values["split"] == split} for split in SPLITS}
    shared = (speakers["train"] & speakers["test"]) - {None}
    if shared:
        remarks.append(
            f"the official split has {len(shared)} speakers both in training and in test: folds are made by speaker"
        )
    return remarks


LOADER = Loader(
    name="meld",
    title="MELD - Multimodal EmotionLines Dataset",
    description="13,708 utterances of a television series, 7 emotions, English; natural text that carries emotion.",
    licence="GPL-3.0 for the annotations; the clips are the broadcaster's",
    layout="train_sent_emo.csv, train_splits/dia0_utt0.mp4 (or .wav) ..., the same for dev and test",
    read=read,
)
