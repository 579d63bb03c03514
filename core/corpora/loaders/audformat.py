"""Databases in the audformat form (audEERING; https://audeering.github.io/audformat/data-header.html).

``db.yaml`` says what there is: tables with columns, schemes that say what columns hold. The emotion is the column whose
scheme is called ``emotion``; speakers, their gender, transcripts, dimensions and splits are taken where they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.corpora.drafts import Draft, Loader, Row
from core.corpora.loaders.audformat_columns import (
    Lookup,
    Place,
    emotion_places,
    find_place,
    lookups,
    scheme_of,
    splits,
)
from core.corpora.loaders.audformat_db import DatabaseFolder, Key
from core.corpora.loaders.folder import read_labels
from core.corpora.problems import Problem
from core.corpora.table import DIMENSIONS
from core.corpora.vocabulary import read_emotion

# Corpora in Mandarin name it, those of other loaders say the language it belongs to.
_LANGUAGES = {"cmn": "zh"}
_GENDERS = {"m": "male", "male": "male", "f": "female", "female": "female"}


def read(root: Path, *, mapping: Mapping[str, str] | None = None, labels: Mapping[str, str] | None = None) -> Draft:
    """Reads the folder that holds ``db.yaml``.

    Args:
        mapping: our column -> TABLE.COLUMN, where the schemes do not say it.
        labels: the database's emotion -> ours (``none`` for no emotion).

    Raises:
        BadInputError: no database, no package audformat, damaged tables, or it is not clear which column is meant.
    """
    database = DatabaseFolder(root)
    mapping = dict(mapping or {})
    # All of them, so that a mistaken one is told before anything is read.
    told = {ours: find_place(database, ours, theirs) for ours, theirs in mapping.items()}
    names = read_labels(labels or {})
    emotions = [told["emotion"]] if "emotion" in told else emotion_places(database)
    reader = _Reader(database, mapping)
    rows: list[Row] = []
    problems: list[Problem] = []
    for place in emotions:
        file_name = database.file_name(place.table)
        meaning = database.properties(scheme_of(database, place))
        cells = zip(database.keys(place.table), database.values(*place), strict=True)
        for number, (key, value) in enumerate(cells, start=2):
            try:
                emotion = _emotion(value, meaning, names)
            except ValueError:
                remedy = f'say what it is: --labels "{value}=EMOTION" (or =none)'
                problems.append(Problem(file_name, number, f"the emotion {str(value)!r} is not known", remedy))
                continue
            rows.append(Row({**reader.values(key), "emotion": emotion}, file_name, number))
    remarks = [f"emotions are taken from {', '.join(map(str, emotions))}", *reader.remarks]
    return Draft(root, rows, problems, remarks, reader.scales)


class _Reader:
    """Everything but the emotion, by file or segment."""

    def __init__(self, database: DatabaseFolder, mapping: Mapping[str, str]) -> None:
        self._database = database
        self._lookups: dict[str, Lookup] = lookups(database, mapping)
        self._splits = splits(database)
        self._properties: dict[Place, dict[Any, Any]] = {}
        languages = list(database.header.languages or [])
        self._language = languages[0] if len(languages) == 1 else None
        self.scales: dict[str, list[float]] = {}
        self.remarks: list[str] = []

    def values(self, key: Key) -> dict[str, Any]:
        file, start, end = key
        values: dict[str, Any] = {
            "utterance_id": file if start is None and end is None else f"{file}@{_time(start or 0.0)}-{_time(end)}",
            "audio": file,
            "start": start,
            "end": end,
            "split": self._splits.get(key) or self._splits.get((file, None, None)),
        }
        for ours, lookup in self._lookups.items():
            found = lookup(key)
            if found is None:
                continue
            value, place = found
            about = self._about(place).get(value)
            if ours in DIMENSIONS:
                values[ours] = self._rescaled(ours, value, place)
                continue
            if ours == "speaker" and isinstance(about, dict):
                values.setdefault("gender", about.get("gender", about.get("sex")))
                values.setdefault("language", about.get("language"))
            values[ours] = about if ours == "text" and isinstance(about, str) else str(value)
        if values.get("gender") is not None:
            gender = str(values["gender"])
            values["gender"] = _GENDERS.get(gender.casefold(), gender)
        values["language"] = _language(values.get("language") or self._language)
        return values

    def _about(self, place: Place) -> dict[Any, Any]:
        if place not in self._properties:
            self._properties[place] = self._database.properties(scheme_of(self._database, place))
        return self._properties[place]

    def _rescaled(self, ours: str, value: Any, place: Place) -> float | None:
        scheme = scheme_of(self._database, place)
        low, high = (None, None) if scheme is None else (scheme.minimum, scheme.maximum)
        if low is None or high is None or not low < high:
            remark = f"{ours} is left out: the scheme of {place} does not say its minimum and maximum"
            if remark not in self.remarks:
                self.remarks.append(remark)
            return None
        self.scales[ours] = [float(low), float(high)]
        share = (float(value) - low) / (high - low)
        return share if 0.0 <= share <= 1.0 else None


def _emotion(value: Any, meaning: Mapping[Any, Any], names: Mapping[str, str | None]) -> str | None:
    """The label itself, or where that is a code what the scheme says of it."""
    if value is None:
        return None
    try:
        return read_emotion(str(value), names)
    except ValueError:
        about = meaning.get(value)
        if isinstance(about, str):
            return read_emotion(about, names)
        raise


def _language(value: Any) -> str | None:
    """The two letters of ISO 639-1 where there are such."""
    if value is None:
        return None
    from iso639 import Lang
    from iso639.exceptions import DeprecatedLanguageValue, InvalidLanguageValue

    try:
        language = Lang(str(value))
        return _LANGUAGES.get(language.pt3, language.pt1 or str(value))
    except (InvalidLanguageValue, DeprecatedLanguageValue):
        return str(value)


def _time(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.6f}".rstrip("0").rstrip(".")


LOADER = Loader(
    name="audformat",
    title="A database in the audformat form",
    description="db.yaml with tables as CSV or Parquet, files or segments; needs the package audformat.",
    licence="that of the database",
    layout="db.yaml, db.TABLE.csv or .parquet, clips beside them; --map emotion=TABLE.COLUMN where it is not clear",
    read=read,
    named_by_folder=True,
    options=("mapping", "labels"),
)
