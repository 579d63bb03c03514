"""What a loader of another package must hand over: told once, by loader and column, before anything trips over it."""

from __future__ import annotations

import json
from numbers import Real
from pathlib import Path
from typing import Any

from core.corpora.drafts import Draft, Row
from core.corpora.problems import Problem
from core.corpora.table import DIMENSIONS, FLOATS, STRINGS
from core.corpora.vocabulary import EMOTIONS

_EMOTIONS = frozenset(EMOTIONS)


def draft_fault(draft: object) -> str | None:
    """What is wrong with the types of a draft, as the end of a sentence that names the loader; None if nothing is."""
    if not isinstance(draft, Draft):
        return f"gave {_kind(draft)}, not a Draft"
    if not isinstance(draft.root, Path):
        return f"gave a draft whose root is {_kind(draft.root)}, not a Path"
    for name, kind in (("rows", Row), ("problems", Problem), ("remarks", str)):
        items = getattr(draft, name)
        if not isinstance(items, list):
            return f"gave {name} as {_kind(items)}, not a list"
        other = next((item for item in items if not isinstance(item, kind)), None)
        if other is not None or None in items:
            return f"gave {name} that hold {_kind(other)}, not a {kind.__name__}"
    fault = next((fault for fault in map(_problem_fault, draft.problems) if fault), None)
    fault = fault or next((fault for fault in map(_row_fault, draft.rows) if fault), None)
    return fault or _scales_fault(draft.scales)


def _problem_fault(problem: Problem) -> str | None:
    for name in ("file", "reason", "remedy"):
        if not isinstance(getattr(problem, name), str):
            return f"gave a problem whose {name} is {_kind(getattr(problem, name))}, not a text"
    return None if _is_row_number(problem.row) else f"gave a problem whose row is {_kind(problem.row)}, not a number"


def _row_fault(row: Row) -> str | None:
    if not isinstance(row.file, str):
        return f"gave a row whose file is {_kind(row.file)}, not a text"
    if not _is_row_number(row.number):
        return f"gave a row of {row.file} whose number is {_kind(row.number)}"
    if not isinstance(row.values, dict):
        return f"gave a row of {row.file} whose values are {_kind(row.values)}, not a dict"
    values = row.values
    if values.get("utterance_id") in (None, ""):
        return f"gave a row of {row.file} without an utterance_id"
    where = f"gave a row of {row.file} whose"
    for name in STRINGS:
        if not isinstance(values.get(name), str | None):
            return f"{where} {name} is {_kind(values[name])}, not a text"
    for name in FLOATS:
        if not _is_number(values.get(name)):
            return f"{where} {name} is {_kind(values[name])}, not a number"
        if name in DIMENSIONS and values.get(name) is not None and not (0 <= values[name] <= 1 or _nan(values[name])):
            return f"{where} {name} is {values[name]}, not from 0 to 1"
    emotion = values.get("emotion")
    if emotion is not None and emotion not in _EMOTIONS:
        return f"{where} emotion is {emotion!r}, not one of {', '.join(EMOTIONS)}"
    votes = values.get("emotion_votes")
    if votes is not None and not _are_votes(votes):
        return f"{where} emotion_votes are {votes!r}, not a dict of numbers by emotion"
    return None


def _scales_fault(scales: object) -> str | None:
    try:
        json.dumps(scales)
    except (TypeError, ValueError, RecursionError) as error:
        return f"gave scales that JSON cannot hold ({error})"
    if not isinstance(scales, dict) or not all(isinstance(name, str) for name in scales):
        return f"gave scales as {_kind(scales)}, not a dict by name"
    return None


def _are_votes(votes: Any) -> bool:
    return isinstance(votes, dict) and all(
        isinstance(name, str) and number is not None and _is_number(number) for name, number in votes.items()
    )


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, Real) and not isinstance(value, bool))


def _is_row_number(value: Any) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool))


def _nan(value: Any) -> bool:
    return bool(value != value)


def _kind(value: object) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"
