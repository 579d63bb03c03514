"""Speaker-independent folds: nobody is heard both in training and in testing."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from core.errors import BadInputError

# Rows without a session are in no fold of sessions: more than these must not be lost unasked.
_ENOUGH = 0.95


@dataclass(frozen=True, eq=False)
class Fold:
    """One division of the rows of a table.

    ``test``, ``train`` and ``validation`` are bool arrays (n,). Rows in none of them are not used: rows whose speaker
    (or session) is unknown, and the other test sets of an official split. ``validation`` holds the official dev set
    and is all False where there is none; it is not part of ``train``.
    """

    name: str
    test_speakers: tuple[str, ...]
    test: np.ndarray
    train: np.ndarray
    validation: np.ndarray = field(repr=False)


def make_folds(table: pd.DataFrame, *, by: str = "auto", n_folds: int = 5) -> list[Fold]:
    """The folds of a corpus, always the same for the same table.

    >>> table = pd.DataFrame({"speaker": list("abcd"), "session": None, "gender": None, "split": None})
    >>> [fold.test_speakers for fold in make_folds(table, n_folds=2)]
    [('a', 'c'), ('b', 'd')]

    Args:
        table: needs the columns speaker, session, gender and split.
        by: ``session`` (one fold each), ``speaker`` (groups balanced in speakers, gender and utterances), ``split``
            (the corpus's own test sets), or ``auto``: by session where there are at least two, no speaker is in
            two of them and at least 95 % of the rows that have a speaker have one, else by speaker.
        n_folds: number of speaker groups; with fewer speakers, one fold for each speaker.

    Raises:
        BadInputError: fewer than two speakers, no sessions or official split where these were asked for, or a
            speaker on both sides.
    """
    if by not in ("auto", "session", "speaker", "split"):
        raise BadInputError(f"folds by {by!r}: choose auto, session, speaker or split")
    speakers = sorted(set(table["speaker"].dropna()))
    if by != "split" and len(speakers) < 2:
        have = f"one speaker ({speakers[0]})" if speakers else "no speaker"
        raise BadInputError(
            f"folds by {by}: testing on other speakers needs at least two, the corpus has {have}; "
            "ingest it with its speakers, or train on all of it (data.fold empty)"
        )
    if by == "auto":
        by = "session" if _sessions_usable(table) else "speaker"
    if by == "split":
        folds = _by_split(table)
    elif by == "session":
        folds = _by_session(table)
    else:
        folds = _by_speaker(table, speakers, n_folds)
    for fold in folds:
        _refuse_overlap(table, fold)
    return folds


def _by_session(table: pd.DataFrame) -> list[Fold]:
    known = _known(table, "speaker") & _known(table, "session")
    sessions = sorted(set(table["session"][known]), key=_natural)
    if len(sessions) < 2:
        raise BadInputError("folds by session: the corpus has fewer than two sessions; choose folds by speaker")
    names = table["session"].to_numpy()
    return [_fold(table, session, known & (names == session), known) for session in sessions]


def _by_speaker(table: pd.DataFrame, speakers: list[str], n_folds: int) -> list[Fold]:
    known = _known(table, "speaker")
    names = table["speaker"].to_numpy()
    folds = []
    for group in _groups(table, speakers, min(n_folds, len(speakers))):
        label = group[0] if len(group) == 1 else f"{group[0]}-{group[-1]}"
        # Names that are no ranges of the sorted speakers would mislead: list small groups, number large ones.
        label = "+".join(group) if len(group) <= 6 else f"{label} ({len(group)} speakers)"
        folds.append(_fold(table, label, known & np.isin(names, group), known))
    return folds


def _groups(table: pd.DataFrame, speakers: list[str], n_folds: int) -> list[list[str]]:
    """Deals the speakers out, gender by gender, each to the group with fewest of that gender, of all, of rows."""
    rows = table["speaker"].value_counts()
    gender = {
        speaker: next(iter(values.dropna()), "") for speaker, values in table.groupby("speaker", sort=True)["gender"]
    }
    groups: list[list[str]] = [[] for _ in range(n_folds)]
    of_gender = [dict.fromkeys(gender.values(), 0) for _ in range(n_folds)]
    load = [0] * n_folds
    for speaker in sorted(speakers, key=lambda name: (gender[name], -int(rows[name]), _natural(name))):
        own = gender[speaker]
        best = min(range(n_folds), key=lambda k: (of_gender[k][own], len(groups[k]), load[k], k))
        groups[best].append(speaker)
        of_gender[best][own] += 1
        load[best] += int(rows[speaker])
    return [sorted(group, key=_natural) for group in groups]


def _by_split(table: pd.DataFrame) -> list[Fold]:
    split = table["split"].to_numpy()
    tests = sorted({name for name in table["split"].dropna() if name.startswith("test")}, key=_natural)
    train = split == "train"
    if not tests or not train.any():
        raise BadInputError("folds by split: the corpus has no official train and test split; choose folds by speaker")
    return [_fold(table, name, split == name, train, split == "dev") for name in tests]


def _fold(
    table: pd.DataFrame, name: str, test: np.ndarray, usable: np.ndarray, validation: np.ndarray | None = None
) -> Fold:
    test = np.asarray(test, dtype=bool)
    if validation is None:
        validation = np.zeros(len(table), dtype=bool)
    speakers = tuple(sorted(set(table["speaker"][test].dropna()), key=_natural))
    return Fold(name, speakers, test, usable & ~test, np.asarray(validation, dtype=bool))


def _refuse_overlap(table: pd.DataFrame, fold: Fold) -> None:
    both = set(fold.test_speakers) & set(table["speaker"][fold.train | fold.validation].dropna())
    if both:
        names = ", ".join(sorted(both)[:3]) + (" ..." if len(both) > 3 else "")
        raise BadInputError(
            f"fold {fold.name!r}: {len(both)} speakers are both in training and in test ({names}); "
            "choose folds by speaker"
        )


def _sessions_usable(table: pd.DataFrame) -> bool:
    rows = table[["speaker", "session"]].dropna(subset="speaker")
    known = rows.dropna()
    if len(known) < _ENOUGH * len(rows):
        return False
    return bool(known["session"].nunique() >= 2 and (known.groupby("speaker")["session"].nunique() == 1).all())


def _known(table: pd.DataFrame, column: str) -> np.ndarray:
    return table[column].notna().to_numpy(dtype=bool)


def _natural(name: str) -> tuple[int, str]:
    """Sorts 2 before 10, whatever the length of the digits."""
    return (len(name), name) if name.isdecimal() else (0, name)
