"""Which column of a table holds what."""

from __future__ import annotations

from collections.abc import Mapping

from core.corpora.loaders.csvfile import Sheet
from core.corpora.problems import printable
from core.corpora.table import COLUMNS
from core.errors import BadInputError

MAPPABLE = tuple(name for name in COLUMNS if name != "emotion_votes")
NEEDED = ("audio", "emotion")

_OTHER_NAMES = {
    "utterance_id": ("id", "utterance", "utt_id"),
    "audio": ("file", "path", "filename", "file_name", "filepath", "file_path", "wav", "audio_path"),
    "start": ("start_time", "begin", "onset"),
    "end": ("end_time", "stop", "offset"),
    "text": ("transcript", "transcription", "sentence"),
    "emotion": ("label", "emotion_label", "emo"),
    "speaker": ("speaker_id", "spk", "actor"),
    "session": ("session_id",),
    "gender": ("sex",),
    "language": ("lang",),
    "split": ("partition", "set", "subset"),
    "arousal": ("activation",),
}


def choose_columns(sheet: Sheet, mapping: Mapping[str, str]) -> dict[str, int]:
    """Our column -> position in the table: first what ``mapping`` says, then by name, without case.

    Raises:
        BadInputError: ``mapping`` names what is not there, or a needed column is not found.
    """
    there = [name.strip() for name in sheet.header]
    lower = [name.casefold().replace(" ", "_") for name in there]
    columns: dict[str, int] = {}
    for ours, theirs in mapping.items():
        if ours not in MAPPABLE:
            raise BadInputError(f"--map {ours}={theirs}: {ours!r} is not one of {', '.join(MAPPABLE)}")
        columns[ours] = _position(sheet, ours, theirs, there)
    for ours in MAPPABLE:
        if ours in columns:
            continue
        for name in (ours, *_OTHER_NAMES.get(ours, ())):
            places = [at for at, other in enumerate(lower) if other == name and at not in columns.values()]
            if len(places) > 1:
                raise BadInputError(f"{sheet.name}: the column {there[places[0]]!r} is there {len(places)} times")
            if places:
                columns[ours] = places[0]
                break
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        example = ",".join(f"{name}=COLUMN" for name in missing)
        raise BadInputError(
            f"{sheet.name}: no column for {' and '.join(missing)}; the columns are {_listed(there)}; "
            f"say --map {example}"
        )
    return {ours: columns[ours] for ours in MAPPABLE if ours in columns}


def _position(sheet: Sheet, ours: str, theirs: str, there: list[str]) -> int:
    wanted = theirs.strip()
    exact = [at for at, name in enumerate(there) if name == wanted]
    places = exact or [at for at, name in enumerate(there) if name.casefold() == wanted.casefold()]
    if not places:
        raise BadInputError(f"--map {ours}={theirs}: {sheet.name} has no such column; it has {_listed(there)}")
    if len(places) > 1:
        raise BadInputError(f"--map {ours}={theirs}: {sheet.name} has {len(places)} columns of that name")
    return places[0]


def _listed(names: list[str], most: int = 20) -> str:
    shown = ", ".join(printable(name) for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
