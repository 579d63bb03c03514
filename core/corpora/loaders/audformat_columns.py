"""Which column of an audformat database holds what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from core.corpora.loaders.audformat_db import DatabaseFolder, Key
from core.errors import BadInputError

MAPPABLE = ("emotion", "text", "speaker", "session", "gender", "language", "arousal", "valence", "dominance")
_NAMES = {
    "text": ("transcription", "transcript", "text"),
    "speaker": ("speaker", "speaker_id"),
    "session": ("session",),
    "gender": ("gender", "sex"),
    "language": ("language",),
    "arousal": ("arousal", "activation"),
    "valence": ("valence",),
    "dominance": ("dominance",),
}


class Place(NamedTuple):
    """A column of a table."""

    table: str
    column: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


def places(database: DatabaseFolder) -> list[Place]:
    """All columns, in the order of the header."""
    return [Place(table, column) for table, content in database.header.tables.items() for column in content.columns]


def scheme_of(database: DatabaseFolder, place: Place) -> Any:
    """audformat's scheme of a column, or None."""
    return database.header.tables[place.table].columns[place.column].scheme


def find_place(database: DatabaseFolder, ours: str, theirs: str) -> Place:
    """What ``--map ours=theirs`` means: TABLE.COLUMN, both may hold dots, or COLUMN where only one table has it.

    Raises:
        BadInputError: there is none, or several.
    """
    if ours not in MAPPABLE:
        raise BadInputError(f"--map {ours}={theirs}: {ours!r} is not one of {', '.join(MAPPABLE)}")
    everywhere = places(database)
    found = [place for place in everywhere if str(place) == theirs] or [
        place for place in everywhere if place.column == theirs
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise BadInputError(f"--map {ours}={theirs}: is in several tables; say one of {_listed(found)}")
    raise BadInputError(f"--map {ours}={theirs}: the database has no such column; it has {_listed(everywhere)}")


def emotion_places(database: DatabaseFolder) -> list[Place]:
    """The column, or the columns of tables that share no row, whose scheme is called ``emotion``.

    Raises:
        BadInputError: there is none, or it is not clear which.
    """
    candidates = [place for place in places(database) if _is(database, place, ("emotion",))]
    if not candidates:
        raise BadInputError(
            f"{database.root.name}: no column has the scheme emotion; say --map emotion=TABLE.COLUMN, "
            f"one of {_listed(places(database))}"
        )
    by_table: dict[str, list[Place]] = {}
    for place in candidates:
        by_table.setdefault(place.table, []).append(place)
    chosen = []
    for group in by_table.values():
        exact = [place for place in group if place.column == "emotion"]
        if len(group) > 1 and not exact:
            raise _unclear(database, candidates)
        chosen.append((exact or group)[0])
    if len(chosen) == 1:
        return chosen
    rows = {place: set(database.keys(place.table)) for place in chosen}
    largest = max(chosen, key=lambda place: len(rows[place]))
    others = [place for place in chosen if place != largest]
    if all(rows[place] < rows[largest] for place in others):
        return [largest]
    if sum(map(len, rows.values())) == len(set().union(*rows.values())):
        return chosen
    raise _unclear(database, chosen)


class Lookup:
    """Values by file or segment, gathered from several columns: the first one that has a value counts."""

    def __init__(self, database: DatabaseFolder, chosen: Iterable[Place]) -> None:
        self._values: dict[Key, tuple[Any, Place]] = {}
        for place in chosen:
            for key, value in zip(database.keys(place.table), database.values(*place), strict=True):
                if value is not None:
                    self._values.setdefault(key, (value, place))

    def __call__(self, key: Key) -> tuple[Any, Place] | None:
        """The value and its column: of the segment itself, else of its file."""
        return self._values.get(key) or self._values.get((key[0], None, None))


def lookups(database: DatabaseFolder, mapping: Mapping[str, str]) -> dict[str, Lookup]:
    """Our column -> where to look, for all but the emotion; columns that are nowhere are left out."""
    found: dict[str, Lookup] = {}
    for ours, names in _NAMES.items():
        if ours in mapping:
            chosen = [find_place(database, ours, mapping[ours])]
        else:
            chosen = [place for place in places(database) if _is(database, place, names)]
        if chosen:
            found[ours] = Lookup(database, chosen)
    return found


def splits(database: DatabaseFolder) -> dict[Key, str]:
    """The split of each file or segment, from the tables that belong to one."""
    found: dict[Key, str] = {}
    for name, table in database.header.tables.items():
        if table.split_id is not None:
            kind = str(database.header.splits[table.split_id].type)
            if kind in ("train", "dev", "test"):
                for key in database.keys(name):
                    found.setdefault(key, kind)
    return found


def _is(database: DatabaseFolder, place: Place, names: tuple[str, ...]) -> bool:
    column = database.header.tables[place.table].columns[place.column]
    # The scheme says what a column holds, whatever it is called; without scheme, its name does.
    return (column.scheme_id if column.scheme_id is not None else place.column).casefold() in names


def _unclear(database: DatabaseFolder, candidates: list[Place]) -> BadInputError:
    return BadInputError(
        f"{database.root.name}: which emotion? say --map emotion=TABLE.COLUMN, one of {_listed(candidates)}"
    )


def _listed(found: list[Place], most: int = 20) -> str:
    shown = ", ".join(str(place) for place in found[:most]) or "none"
    return shown + (f" and {len(found) - most} more" if len(found) > most else "")
