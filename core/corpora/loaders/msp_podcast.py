"""MSP-Podcast, releases 1.6 to 2.0 (Lotfian and Busso, IEEE Transactions on Affective Computing 10(4), 2019).

Layouts after the releases' readme and the public readers of them; how releases differ is kept in the constants below.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.corpora.drafts import Draft, Loader, Row
from core.corpora.loaders.annotations import Scale, Transcripts, child, clips_by_stem, scale_remark, unlabelled
from core.corpora.loaders.podcast_labels import Labels, read_labels, read_votes
from core.corpora.problems import Problem
from core.errors import BadInputError

LETTERS: dict[str, str | None] = {
    "A": "angry",
    "S": "sad",
    "H": "happy",
    "U": "surprise",
    "F": "fear",
    "D": "disgust",
    "C": "contempt",
    "N": "neutral",
    "O": "other",
    "X": None,
}
_FOLDERS = ("Labels", "label")
_AUDIO = ("Audios", "Audio")
_SPLITS = {"train": "train", "validation": "dev", "development": "dev", "dev": "dev"}
_TEST = re.compile(r"test\s*(\d*)")
_GENDERS = {"male": "male", "female": "female"}
# `Unknown` is said of thousands of people: it is no speaker. Hidden labels are empty.
_NOBODY = frozenset({"", "unknown", "nan", "none"})


def read(root: Path) -> Draft:
    """Reads the folder that holds ``Labels`` (or ``labels``, ``label``), ``Audios`` and ``Transcripts``.

    Labels of earlier releases and removed clips (``Previous_releases_information``) are not looked at.

    Raises:
        BadInputError: there is no label file, it cannot be read, or there is no audio.
    """
    folder = child(root, *_FOLDERS)
    if folder is None or not folder.is_dir():
        raise BadInputError(f"{root}: there is no folder Labels (expected: {LOADER.layout})")
    audio = child(root, *_AUDIO)
    clips, problems = clips_by_stem(root, audio, depth=2) if audio is not None else ({}, [])
    if not clips:
        raise BadInputError(f"{root}: there is no audio in a folder Audios (expected: {LOADER.layout})")
    labels = read_labels(root, folder)
    votes, remarks = read_votes(folder)
    scales = {name: Scale(1, 7) for name in ("arousal", "valence", "dominance")}
    draft = Draft(root, [], problems, remarks, {name: [1.0, 7.0] for name in scales})
    for file, number, record in labels.records:
        result = _values(file, record, clips, scales)
        if isinstance(result, str):
            draft.problems.append(Problem(labels.file, number, result, "compare it with the release"))
            continue
        result["emotion_votes"] = votes.pop(result["utterance_id"], None)
        draft.rows.append(Row(result, labels.file, number))
    names = [row.values["utterance_id"] for row in draft.rows]
    for row, text in zip(draft.rows, Transcripts(child(root, "Transcripts")).many(names), strict=True):
        row.values["text"] = text
    draft.problems.extend(unlabelled(clips, names, labels.file))
    draft.remarks.extend(scale_remark(scales.values()))
    draft.remarks.extend(_split_remark(draft, labels))
    return draft


def _values(
    file: str, record: Mapping[str, Any], clips: Mapping[str, str], scales: Mapping[str, Scale]
) -> dict[str, Any] | str:
    """The columns of an utterance, or what is wrong with it."""
    stem = file.rpartition(".")[0] or file
    if not stem:
        return "names no file"
    letter = _cell(record, "emoclass")
    if letter not in LETTERS and letter.casefold() not in _NOBODY:
        return f"{file}: the label {letter!r} is not one of {', '.join(LETTERS)}"
    speaker = _cell(record, "spkrid")
    return {
        "utterance_id": stem,
        "audio": clips.get(stem, f"Audios/{file}"),
        "emotion": LETTERS.get(letter),
        "speaker": None if speaker.casefold() in _NOBODY else speaker,
        "gender": _GENDERS.get(_cell(record, "gender").casefold()),
        "language": "en",
        "split": _split(_cell(record, "split_set")),
        "arousal": scales["arousal"](record.get("emoact")),
        "valence": scales["valence"](record.get("emoval")),
        "dominance": scales["dominance"](record.get("emodom")),
    }


def _cell(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    return "" if value is None else str(value).strip()


def _split(name: str) -> str | None:
    """Validation and Development are both dev; release 1.6 has one test set.

    >>> _split("Development"), _split("Test2"), _split("Test")
    ('dev', 'test2', 'test1')
    """
    key = name.casefold()
    match = _TEST.fullmatch(key)
    return f"test{match[1] or 1}" if match is not None else _SPLITS.get(key)


def _split_remark(draft: Draft, labels: Labels) -> list[str]:
    without = sum(row.values["split"] is None for row in draft.rows)
    return [f"{without} utterances are in no partition of {labels.file}"] if without else []


LOADER = Loader(
    name="msp-podcast",
    title="MSP-Podcast - natural emotional speech from podcasts",
    description="Releases 1.6 to 2.0, up to 264,705 labelled utterances, 8 emotions, official partitions, English.",
    licence="by agreement with UT Dallas, academic or commercial",
    layout="Labels/labels_consensus.csv, Audios/MSP-PODCAST_0001_0008.wav ..., Transcripts/; as released, unpacked",
    read=read,
)
