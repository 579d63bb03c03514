"""The label files of MSP-Podcast: consensus and votes, in the forms they had from release 1.6 to 2.0."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TextIO

from core.corpora.loaders.annotations import attributes, child, vote
from core.corpora.loaders.csvfile import read_sheet
from core.corpora.loaders.textfile import read_text
from core.errors import BadInputError

# Up to release 1.9 the word was spelled `concensus`.
CONSENSUS = ("labels_consensus.csv", "labels_concensus.csv", "labels_consensus.json", "labels_concensus.json")
PLAIN = "labels.txt"
DETAILED = "labels_detailed.csv"
PARTITIONS = ("Partition.txt", "Partitions.txt")

_ATTRIBUTES = {"A": "emoact", "V": "emoval", "D": "emodom"}
_PARTITION = re.compile(r"train|validation|development|test\s*\d*", re.IGNORECASE)
_CLIP = re.compile(r"MSP-PODCAST_[\w-]+\.wav", re.IGNORECASE)
_vote = lru_cache(maxsize=4096)(vote)


@dataclass(frozen=True)
class Labels:
    """The consensus of one release: where it was read, and for each utterance its file name, row and columns."""

    file: str
    records: Iterator[tuple[str, int | None, Mapping[str, Any]]]


def read_labels(root: Path, folder: Path) -> Labels:
    """The consensus labels, from the first of CSV, JSON and ``labels.txt`` that is there; column names in lower case.

    Raises:
        BadInputError: none is there, or it cannot be read.
    """
    path = child(folder, *CONSENSUS, PLAIN)
    if path is None:
        raise BadInputError(f"{folder}: there is no labels_consensus.csv, nor any other label file of MSP-Podcast")
    name = path.relative_to(root).as_posix()
    kind = path.suffix.casefold()
    if kind == ".csv":
        return Labels(name, _from_csv(path))
    return Labels(name, _from_json(path) if kind == ".json" else _from_text(root, path))


def _from_csv(path: Path) -> Iterator[tuple[str, int | None, Mapping[str, Any]]]:
    sheet = read_sheet(path)
    header = [name.strip().casefold() for name in sheet.header]
    missing = [name for name in ("filename", "emoclass") if name not in header]
    if missing:
        raise BadInputError(f"{path}: has no column {', '.join(missing)}; is it the label file of MSP-Podcast?")
    at = header.index("filename")
    for number, cells in sheet.rows:
        yield cells[at].strip() if at < len(cells) else "", number, dict(zip(header, cells, strict=False))


def _from_json(path: Path) -> Iterator[tuple[str, int | None, Mapping[str, Any]]]:
    try:
        content = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise BadInputError(f"{path}: is not JSON ({error}); copy it again") from None
    if not isinstance(content, dict):
        raise BadInputError(f"{path}: does not map file names to labels; is it the label file of MSP-Podcast?")
    for file, record in content.items():
        yield (
            file,
            None,
            {k.casefold(): v for k, v in record.items()} if isinstance(record, dict) else {"emoclass": "?"},
        )


def _from_text(root: Path, path: Path) -> Iterator[tuple[str, int | None, Mapping[str, Any]]]:
    """``MSP-PODCAST_0001_0008.wav; N; A:2.2; V:4.0; D:2.6;``; the partition from its own file, no speakers."""
    partition = _partitions(root)
    with _open(path) as lines:
        for number, line in enumerate(lines, start=1):
            if not line.startswith("MSP-PODCAST"):
                continue
            cells = [cell.strip() for cell in line.split(";")]
            numbers = {_ATTRIBUTES[key]: value for key, value in attributes(line).items() if key in _ATTRIBUTES}
            label = cells[1] if len(cells) > 1 else "?"
            yield cells[0], number, {"emoclass": label, "split_set": partition.get(cells[0]), **numbers}


def _partitions(root: Path) -> dict[str, str]:
    path = child(root, *PARTITIONS)
    if path is None:
        return {}
    found: dict[str, str] = {}
    with _open(path) as lines:
        for line in lines:
            clip = _CLIP.search(line)
            part = None if clip is None else _PARTITION.search(line.replace(clip[0], " "))
            if clip is not None and part is not None:
                found[clip[0]] = part[0]
    return found


def read_votes(folder: Path) -> tuple[dict[str, dict[str, float]], list[str]]:
    """Votes for each utterance by its name without extension, and remarks; read line by line, however many there are.

    The main emotion of each rater counts, once for each rater and utterance; free words are ``other``.
    """
    path = child(folder, DETAILED, PLAIN)
    if path is None:
        return {}, []
    votes: dict[str, dict[str, float]] = {}
    current, raters = "", set[str]()
    counted: dict[str, float] = {}
    remarks: list[str] = []
    with _open(path) as lines:
        try:
            for file, rater, word in _detailed(lines) if path.suffix.casefold() == ".csv" else _blocks(lines):
                if file != current:
                    current, raters = file, set()
                    counted = votes.setdefault(file.rpartition(".")[0] or file, {})
                emotion = _vote(word)
                if emotion is not None and rater not in raters:
                    raters.add(rater)
                    counted[emotion] = counted.get(emotion, 0.0) + 1.0
        except (csv.Error, KeyError) as error:
            remarks.append(f"{folder.name}/{path.name}: the votes cannot be read to their end ({error})")
    return {name: found for name, found in votes.items() if found}, remarks


def _detailed(lines: TextIO) -> Iterator[tuple[str, str, str]]:
    """File, rater and main emotion of each row: columns of their own (1.6, 2.0), or all in ``EmoDetail``."""
    rows = csv.reader(lines)
    header = [name.strip().casefold() for name in next(rows, [])]
    place = {name: at for at, name in enumerate(header)}
    file = place["filename"]
    if "emodetail" in place:
        detail = place["emodetail"]
        for cells in rows:
            if len(cells) > detail:
                # Without quotes the commas of the second emotion split the cell.
                parts = ",".join(cells[detail:]).split(";")
                if len(parts) > 1:
                    yield cells[file].strip(), parts[0].strip(), parts[1]
        return
    rater, word = place["workerid" if "workerid" in place else "workers"], place["emoclass_major"]
    widest = max(file, rater, word)
    for cells in rows:
        if len(cells) > widest:
            yield cells[file].strip(), cells[rater].strip(), cells[word]


def _blocks(lines: TextIO) -> Iterator[tuple[str, str, str]]:
    """``labels.txt``: a line for the utterance, then one for each rater."""
    file = ""
    for line in lines:
        cells = line.split(";")
        if line.startswith("MSP-PODCAST"):
            file = cells[0].strip()
        elif file and len(cells) > 2:
            yield file, cells[0].strip(), cells[1]


def _open(path: Path) -> TextIO:
    """The text of a label file, whose free words may be in any encoding."""
    try:
        return path.open(encoding="utf-8-sig", errors="replace", newline="")
    except OSError as error:
        raise BadInputError(f"{path}: cannot be read ({error.strerror or error})") from None
