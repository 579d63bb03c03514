"""What the label files of several corpora have in common: attributes on a scale, votes, transcripts in files."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

from core.corpora.drafts import Row, audio_files
from core.corpora.loaders.textfile import decode
from core.corpora.problems import Problem
from core.corpora.vocabulary import read_emotion

_ATTRIBUTE = re.compile(r"\b([AVDN])\s*:\s*([^;,\s]+)")
_LABELS = {"neutral state": "neutral"}


class Scale:
    """Takes numbers from a corpus's scale to 0 .. 1 and counts those that lie outside it.

    ``Scale(1, 7)`` maps 1 to 0 and 7 to 1; ``Scale(5, 1)`` turns the scale over.
    """

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high
        self.outside = 0

    def __call__(self, text: object) -> float | None:
        """The value in 0 .. 1; None where there is none, it is NaN or no number, or lies outside the scale.

        JSON can hold anything: what is neither a text nor a number is no number.

        >>> Scale(5, 1)("1.0"), Scale(1, 7)("NaN"), Scale(1, 5)("5.5")
        (1.0, None, None)
        """
        try:
            number = isinstance(text, str | int | float) and not isinstance(text, bool)
            value = float(text) if number else math.nan  # type: ignore[arg-type]
        except (ValueError, OverflowError):
            value = math.nan
        if value != value:
            return None
        result = (value - self.low) / (self.high - self.low)
        # Means of votes carry rounding.
        if not -1e-6 <= result <= 1 + 1e-6:
            self.outside += 1
            return None
        return min(1.0, max(0.0, result))


def scale_remark(scales: Iterable[Scale]) -> list[str]:
    """What to tell of numbers outside their scale."""
    outside = sum(scale.outside for scale in set(scales))
    return [f"{outside} values lie outside their scale and were left empty"] if outside else []


def attributes(text: str) -> dict[str, str]:
    """The numbers of ``A:2.2; V:4.0; D:2.6 ; N:NaN;`` as they are written.

    >>> attributes("A:3.000000; V:3.5; D:NaN ;")
    {'A': '3.000000', 'V': '3.5', 'D': 'NaN'}
    """
    return dict(_ATTRIBUTE.findall(text))


def vote(word: str) -> str | None:
    """The emotion a rater chose; free words are ``other``, an empty cell is None.

    >>> vote("Neutral state"), vote("Other-bored to death"), vote(" ")
    ('neutral', 'other', None)
    """
    try:
        return read_emotion(word, _LABELS)
    except ValueError:
        return "other"


def settle_votes(rows: Iterable[Row]) -> None:
    """An utterance without votes has none, not an empty count of them."""
    for row in rows:
        row.values["emotion_votes"] = row.values["emotion_votes"] or None


def child(folder: Path, *names: str) -> Path | None:
    """The entry of ``folder`` that is called like one of ``names``, without regard to case; the first name first."""
    try:
        there = {entry.casefold(): entry for entry in sorted(os.listdir(folder), reverse=True)}  # noqa: PTH208 (bulk)
    except OSError:
        return None
    return next((folder / there[name.casefold()] for name in names if name.casefold() in there), None)


def clips_by_stem(root: Path, folder: Path, depth: int) -> tuple[dict[str, str], list[Problem]]:
    """Clips below ``folder`` by name without extension, as paths relative to ``root``; a second one is a problem."""
    prefix = folder.relative_to(root).as_posix()
    prefix = "" if prefix == "." else prefix + "/"
    clips: dict[str, str] = {}
    problems: list[Problem] = []
    for name in audio_files(folder, depth):
        stem = PurePosixPath(name).stem
        first = clips.setdefault(stem, prefix + name)
        if first != prefix + name:
            problems.append(Problem(prefix + name, None, f"is another copy of {first}", "keep one of them"))
    return clips, problems


def unlabelled(clips: Mapping[str, str], labelled: Iterable[str], label_file: str) -> list[Problem]:
    """A problem for each clip without a label, in order."""
    known = set(labelled)
    return [
        Problem(path, None, f"has no label in {label_file}", "leave it, or add its label")
        for stem, path in clips.items()
        if stem not in known
    ]


class Transcripts:
    """One text file for each utterance in a folder, in UTF-8 or Latin-1; any of them may be missing or empty."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = "" if folder is None else str(folder)
        try:
            # Listed once: asking for each of 264,705 files takes longer than reading those that are there.
            self._there = set(os.listdir(self._folder)) if folder is not None else set()  # noqa: PTH208
        except OSError:
            self._there = set()

    def many(self, stems: Sequence[str]) -> list[str | None]:
        """The transcripts of many utterances, in order; several files at a time, for disks that must seek each."""
        size = max(1, len(stems) // 256)
        chunks = [stems[at : at + size] for at in range(0, len(stems), size)]
        with ThreadPoolExecutor(max_workers=8, thread_name_prefix="mirage-transcripts") as pool:
            return [text for texts in pool.map(lambda chunk: [self(stem) for stem in chunk], chunks) for text in texts]

    def __call__(self, stem: str) -> str | None:
        """The transcript on one line, or None."""
        name = stem + ".txt"
        if name not in self._there:
            return None
        try:
            # Nobody says 64 KiB in one utterance; asking for more would allocate more each time.
            with open(f"{self._folder}/{name}", "rb", buffering=0) as file:  # noqa: PTH123
                raw = file.read(1 << 16)
        except OSError:
            return None
        return " ".join((raw.decode("ascii") if raw.isascii() and b"\0" not in raw else decode(raw)).split()) or None
