"""Any folder of clips with a CSV or TSV table that says who speaks how."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.corpora.drafts import Draft, Loader, Row, audio_files
from core.corpora.loaders.columns import choose_columns
from core.corpora.loaders.csvfile import Sheet, read_sheet
from core.corpora.loaders.dimensions import check_scale, rescale
from core.corpora.paths import is_file, table_path
from core.corpora.problems import Problem, printable
from core.corpora.vocabulary import EMOTIONS, label_key, read_emotion
from core.errors import BadInputError

_MISSING = frozenset({"", "nan", "null", "none", "n/a"})
_GENDERS = {"m": "male", "male": "male", "man": "male", "f": "female", "female": "female", "woman": "female"}


class _CellError(Exception):
    """A cell that makes its row unusable: reason and remedy."""


def read(
    root: Path,
    *,
    table: str | Path | None = None,
    mapping: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    scales: Mapping[str, tuple[float, float]] | None = None,
) -> Draft:
    """Reads the clips of ``root`` that ``table`` names.

    Args:
        table: CSV or TSV in UTF-8 with a header; looked for in the working directory, then in ``root``.
        mapping: our column -> the table's column, where the names differ.
        labels: the table's emotion -> ours (``none`` for no emotion).
        scales: for arousal, valence, dominance: the table's (lowest, highest); the other way round turns it over.

    Raises:
        BadInputError: no table, not readable, or a needed column is missing.
    """
    if table is None:
        some = next(audio_files(root), None)
        what = "there is no audio in this folder, and no table" if some is None else "no table says what the clips are"
        raise BadInputError(
            f"{printable(str(root))}: {what}; give --table FILE.csv with columns audio, emotion, speaker"
        )
    return read_with_table(
        root, table_path(root, table), mapping=mapping or {}, labels=labels or {}, scales=scales or {}
    )


def read_with_table(
    root: Path,
    table: Path,
    *,
    mapping: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    scales: Mapping[str, tuple[float, float]] | None = None,
) -> Draft:
    """As ``read``, with a table that is known to be there or not."""
    sheet = read_sheet(table)
    columns = choose_columns(sheet, mapping or {})
    names = read_labels(labels or {})
    ranges = {name: check_scale(name, scale) for name, scale in (scales or {}).items()}
    rows: list[Row] = []
    problems: list[Problem] = []
    voices: dict[tuple[Any, ...], Row] = {}
    for number, cells in sheet.rows:
        if len(cells) > len(sheet.header):
            reason = f"has {len(cells)} cells, the header has {len(sheet.header)}"
            problems.append(Problem(sheet.name, number, reason, "put quotes around cells that hold the delimiter"))
            continue
        record = {ours: cells[at] if at < len(cells) else "" for ours, at in columns.items()}
        try:
            row = Row(_values(record, root, names), sheet.name, number)
            _refuse_second_voice(row, voices)
        except _CellError as fault:
            problems.append(Problem(sheet.name, number, *fault.args))
        else:
            rows.append(row)
    remarks = _remarks(sheet, columns) + rescale(rows, ranges)
    return Draft(root, rows, problems, remarks, {name: list(pair) for name, pair in ranges.items()})


def read_labels(labels: Mapping[str, str]) -> dict[str, str | None]:
    """Checked ``labels`` with keys as ``read_emotion`` wants them.

    Raises:
        BadInputError: a target is no emotion.
    """
    names: dict[str, str | None] = {}
    for theirs, ours in labels.items():
        try:
            names[label_key(theirs)] = read_emotion(ours)
        except ValueError:
            raise BadInputError(
                f"--labels {theirs}={ours}: {ours!r} is not one of {', '.join(EMOTIONS)} (or none)"
            ) from None
    return names


def _values(record: Mapping[str, str], root: Path, labels: Mapping[str, str | None]) -> dict[str, Any]:
    """The columns of an utterance; the dimensions are still as they are written."""
    values: dict[str, Any] = {}
    for name, cell in record.items():
        cell = cell.strip()
        missing = cell == "" if name == "text" else cell.casefold() in _MISSING
        values[name] = None if missing else cell
    values["emotion"] = _emotion(record["emotion"], labels)
    values["audio"] = _audio(values["audio"], root)
    for name in ("start", "end"):
        if values.get(name) is not None:
            values[name] = _number(name, values[name])
    if values.get("gender") is not None:
        values["gender"] = _GENDERS.get(values["gender"].casefold(), values["gender"])
    if values.get("utterance_id") is None:
        values["utterance_id"] = _identity(values)
    return values


def _emotion(cell: str, labels: Mapping[str, str | None]) -> str | None:
    try:
        return read_emotion(cell, labels)
    except ValueError:
        reason = f"the emotion {cell.strip()!r} is not known"
        raise _CellError(reason, f'say what it is: --labels "{cell.strip()}=EMOTION" (or =none)') from None


def _audio(cell: str | None, root: Path) -> str:
    if cell is None:
        raise _CellError("there is no audio", "fill in the path of the clip")
    # Tables made on Windows; on other systems a backslash is a letter of the name, so that is tried first.
    if "\\" in cell and "\0" not in cell and not is_file(root / cell):
        cell = cell.replace("\\", "/")
    # One clip has one path; a way through `..` stays what it is, for it is refused.
    return cell if ".." in cell.split("/") else posixpath.normpath(cell)


def _number(name: str, cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = float("nan")
    if not abs(value) < 1e9:
        raise _CellError(f"{name} is {cell!r}, not a number", "use digits and a decimal point")
    return value


def _refuse_second_voice(row: Row, voices: dict[tuple[Any, ...], Row]) -> None:
    """A clip that is given to two speakers could be on both sides of a fold."""
    speaker = row.values.get("speaker")
    if speaker is None:
        return
    key = (row.values["audio"], row.values.get("start") or 0.0, row.values.get("end"))
    first = voices.setdefault(key, row)
    other = first.values["speaker"]
    if other != speaker:
        raise _CellError(
            f"{key[0]}: the speaker is {speaker!r}, in row {first.number} the same clip is by {other!r}",
            "say who it is, or leave one row out",
        )


def _identity(values: Mapping[str, Any]) -> str:
    """Where the table has no ids: the clip's path, and its times where it is a segment."""
    identity = str(values["audio"])
    if values.get("start") is not None or values.get("end") is not None:
        identity += f"@{values.get('start') or 0:g}-{'' if values.get('end') is None else format(values['end'], 'g')}"
    return identity


def _remarks(sheet: Sheet, columns: Mapping[str, int]) -> list[str]:
    used = ", ".join(
        f"{ours} = {printable(sheet.header[at])}" for ours, at in columns.items() if ours != sheet.header[at].strip()
    )
    return [f"columns taken: {used}"] if used else []


LOADER = Loader(
    name="folder",
    title="Any folder of clips with a table",
    description="CSV or TSV, one row an utterance: audio, emotion, and where known speaker, text, session, gender ...",
    licence="that of the corpus",
    layout="clips anywhere under PATH; --table FILE --map emotion=COLUMN,speaker=COLUMN --labels wut=angry",
    read=read,
    named_by_folder=True,
    options=("table", "mapping", "labels", "scales"),
)
