"""Refusals that keep a figure honest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.errors import BadInputError

_SHOWN = 5


def check_speakers(
    train_speakers: Iterable[Any], test_speakers: Iterable[Any], *, parts: str = "training and test"
) -> None:
    """Refuses a split in which someone speaks on both sides.

    Missing speakers (None, NaN) cannot be checked and are passed over.

    Raises:
        BadInputError: names the speakers.

    >>> check_speakers(["03", "08", None], ["09"])
    >>> check_speakers(["03", "08"], ["08", "09"])
    Traceback (most recent call last):
    core.errors.BadInputError: 1 speaker is in both the training and test part: 08; split by speaker or session
    """
    _refuse(train_speakers, test_speakers, "speaker", f"{parts} part", "split by speaker or session")


def check_rows(train_ids: Iterable[Any], test_ids: Iterable[Any], *, parts: str = "training and test") -> None:
    """Refuses a split in which an utterance is on both sides.

    Raises:
        BadInputError: names the utterances.
    """
    _refuse(train_ids, test_ids, "utterance", f"{parts} part", "the test rows have leaked into the training rows")


def _refuse(first: Iterable[Any], second: Iterable[Any], what: str, where: str, remedy: str) -> None:
    # A missing value (None, NaN, pandas.NA) does not stand for anybody.
    shared = sorted(_present(first) & _present(second))
    if not shared:
        return
    names = ", ".join(shared[:_SHOWN]) + (f" and {len(shared) - _SHOWN} more" if len(shared) > _SHOWN else "")
    noun = f"{len(shared)} {what} is" if len(shared) == 1 else f"{len(shared)} {what}s are"
    raise BadInputError(f"{noun} in both the {where}: {names}; {remedy}")


def _present(values: Iterable[Any]) -> set[str]:
    import pandas as pd

    return {str(value) for value in values if not pd.isna(value)}
