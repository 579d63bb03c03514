"""The Emotional Speech Dataset (Zhou et al., ICASSP 2021; Speech Communication 137, 2022).

Ten speakers of Mandarin (0001 to 0010) and ten of English (0011 to 0020) say 350 sentences in five emotions. Clips are
numbered through: 1-350 neutral, then angry, happy, sad, surprise; of each 350 the first 20 are the official evaluation
set, the next 30 the test set.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Any

from core.corpora.drafts import Draft, Loader, Row, audio_files
from core.corpora.loaders.copies import copies_remark, without_copies
from core.corpora.loaders.textfile import read_text
from core.corpora.problems import Problem, printable
from core.errors import BadInputError

EMOTIONS = ("neutral", "angry", "happy", "sad", "surprise")
"""In the order of the clips' numbers."""

SPLITS = {"train": "train", "evaluation": "dev", "test": "test"}
_MEN = frozenset(f"{number:04d}" for number in (4, 5, 6, 8, 10, 11, 12, 13, 14, 20))
_SENTENCES, _EVALUATION, _TEST = 350, 20, 30
_NAME = re.compile(r"(?P<speaker>00(?:0[1-9]|1\d|20))_(?P<number>\d{6})")
_LINE = re.compile(r"\s*(?P<id>\d{4}_\d{6})\s?(?P<rest>.*)")
_LABELS = frozenset((*EMOTIONS, "中立", "生气", "快乐", "伤心", "惊喜"))


def read(root: Path) -> Draft:
    """Reads the folder of the speakers' folders, with or without folders for the splits.

    Raises:
        BadInputError: there is no audio.
    """
    files, passed = without_copies(root, audio_files(root, depth=6), lambda file: PurePosixPath(file).stem)
    if not files:
        raise BadInputError(f"{printable(str(root))}: there is no audio in this folder (expected: {LOADER.layout})")
    rows: list[Row] = []
    problems: list[Problem] = []
    transcripts: dict[str, str] = {}
    looked_at: set[Path] = set()
    derived = silent = 0
    for audio in files:
        path = PurePosixPath(audio)
        match = _NAME.fullmatch(path.stem)
        number = int(match["number"]) if match else 0
        if match is None or not 1 <= number <= _SENTENCES * len(EMOTIONS):
            problems.append(Problem(audio, None, "is not named like a clip of ESD (for example 0011_000351)"))
            continue
        _add_transcripts(root, path, match["speaker"], transcripts, looked_at)
        values = _values(path, match["speaker"], number)
        derived += not any(part.lower() in SPLITS for part in path.parts[:-1])
        values["text"] = transcripts.get(path.stem)
        silent += values["text"] is None
        rows.append(Row(values, audio))
    remarks = copies_remark(passed)
    if derived:
        remarks.append(f"{derived} clips lie in no folder of a split: the official split is taken from their numbers")
    if silent:
        remarks.append(f"{silent} clips have no transcript")
    if rows:
        remarks.append("the official split has every speaker in training and in test: folds are made by speaker")
    return Draft(root, rows, problems, remarks)


def _values(path: PurePosixPath, speaker: str, number: int) -> dict[str, Any]:
    folders = [part.lower() for part in path.parts[:-1]]
    block, place = divmod(number - 1, _SENTENCES)
    by_number = "dev" if place < _EVALUATION else "test" if place < _EVALUATION + _TEST else "train"
    return {
        "utterance_id": path.stem,
        "audio": str(path),
        "emotion": next((name for name in EMOTIONS if name in folders), EMOTIONS[block]),
        "speaker": speaker,
        "gender": "male" if speaker in _MEN else "female",
        "language": "zh" if int(speaker) <= 10 else "en",
        "split": next((SPLITS[part] for part in reversed(folders) if part in SPLITS), by_number),
    }


def _add_transcripts(
    root: Path, audio: PurePosixPath, speaker: str, transcripts: dict[str, str], looked_at: set[Path]
) -> None:
    """Reads ``<speaker>.txt`` in any folder from the clip's up to the root, once."""
    for folder in audio.parents:
        place = root / folder / f"{speaker}.txt"
        if place in looked_at:
            return
        looked_at.add(place)
        if place.is_file():
            text = read_text(place, "gb18030" if int(speaker) <= 10 else "latin-1")
            transcripts.update(parse_transcripts(text))


def parse_transcripts(text: str) -> dict[str, str]:
    """Clip -> text, of lines ``id<TAB>text<TAB>emotion``; lines that have lost a tab are read as well.

    >>> parse_transcripts("0011_000351\\tThe nine the eggs.\\tAngry\\n0013_000431 Why.\\tAngry\\n0014_000001\\t\\tSad")
    {'0011_000351': 'The nine the eggs.', '0013_000431': 'Why.'}
    """
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = _LINE.fullmatch(line.rstrip())
        if match is None:
            continue
        said, tab, _ = match["rest"].rpartition("\t")
        words = (said if tab else match["rest"]).split()
        # Some lines of the release have lost the tab before the emotion.
        if not tab and words and words[-1].casefold() in _LABELS:
            words.pop()
        said = " ".join(words)
        if said:
            found.setdefault(match["id"], said)
    return found


LOADER = Loader(
    name="esd",
    title="ESD - Emotional Speech Dataset",
    description="35,000 acted utterances, 20 speakers, 5 emotions, Mandarin and English; parallel over emotions.",
    licence="research only (National University of Singapore)",
    layout="0011/Angry/test/0011_000371.wav or 0011/Angry/0011_000371.wav, and 0011/0011.txt",
    read=read,
)
