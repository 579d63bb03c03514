"""Published counts of corpora: does the copy that was read hold what its makers say it holds?

Sources: IEMOCAP after the fold files of EmoBox and s3prl, which agree; MSP-IMPROV after Busso et al. 2017, tables 3
and 4; MSP-Podcast after the corpus's page and readme and, for release 1.8, the lists of nkululeko; the others after
the papers that present them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import pandas as pd

Where = tuple[tuple[str, tuple[str, ...]], ...]
"""Columns and the values that count; ``part`` is the letter in the names of MSP-IMPROV."""


@dataclass(frozen=True)
class Count:
    """So many utterances are there; ``also`` are numbers that are right too (test sets without public labels)."""

    what: str
    number: int
    where: Where = ()
    also: tuple[int, ...] = ()


@dataclass(frozen=True)
class Edition:
    """One release of a corpus.

    Attributes:
        loader: its name.
        release: as its makers call it; empty where there is only one.
        labelled: utterances in its label files, by which a release is told from another.
        faulty: clips that are missing or silent in the release itself: they count as there.
        passed_over: utterances that the published numbers leave out.
    """

    loader: str
    release: str
    labelled: int
    counts: tuple[Count, ...]
    faulty: frozenset[str] = frozenset()
    passed_over: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Difference:
    """A count that is not the published one."""

    what: str
    published: int
    found: int

    def __str__(self) -> str:
        return f"{self.what}: {self.found:,} found, {self.published:,} published"


@dataclass(frozen=True)
class Comparison:
    """A corpus beside its published counts."""

    release: str
    compared: int
    differences: list[Difference] = field(default_factory=list)

    @property
    def matches(self) -> bool:
        """Whether all counts are the published ones."""
        return not self.differences

    def lines(self) -> list[str]:
        """What to tell: one line if all is well, else one for each difference."""
        of = f" of release {self.release}" if self.release else ""
        if self.matches:
            return [f"matches the published counts{of} ({self.compared} compared)"]
        return [f"differs from the published counts{of}: {difference}" for difference in self.differences]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {"matches": self.matches, **asdict(self)}


def compare(
    loader: str, table: pd.DataFrame, unusable: Sequence[Mapping[str, Any]] = (), *, labelled: int | None = None
) -> Comparison | None:
    """Compares a corpus with what is published of it.

    Args:
        loader: the name of its loader.
        table: the utterances, with columns utterance_id, emotion, session and split.
        unusable: rows that were left out for their clip; those known to be faulty in the release count as there.
        labelled: utterances in the label files, usable or not; tells the release. By default the rows of ``table``.

    Returns:
        None where nothing is published, or no release is of about that size.
    """
    edition = _edition(loader, len(table) if labelled is None else labelled)
    if edition is None:
        return None
    columns = ["utterance_id", "emotion", "session", "split"]
    known = [row for row in unusable if row["utterance_id"] in edition.faulty]
    extra = pd.DataFrame([{name: row.get(name) for name in columns} for row in known], columns=columns, dtype=object)
    rows = pd.concat([table[columns].astype(object), extra], ignore_index=True)
    rows = rows[~rows["utterance_id"].isin(edition.passed_over)]
    rows["part"] = rows["utterance_id"].str.extract(r"^MSP-IMPROV-[^-]+-[^-]+-([PRST])-", expand=False)
    differences = []
    for count in edition.counts:
        chosen = pd.Series(True, index=rows.index)
        for column, values in count.where:
            chosen &= rows[column].isin(values)
        found = int(chosen.sum())
        if found != count.number and found not in count.also:
            differences.append(Difference(count.what, count.number, found))
    return Comparison(edition.release, len(edition.counts), differences)


def editions(loader: str) -> list[Edition]:
    """What is published of the corpora that ``loader`` reads."""
    return [edition for edition in EDITIONS if _plain(edition.loader) == _plain(loader)]


def _edition(loader: str, labelled: int) -> Edition | None:
    known = editions(loader)
    if len(known) <= 1:
        return known[0] if known else None
    nearest = min(known, key=lambda edition: abs(edition.labelled - labelled))
    # Releases between those with published counts must not be held against a neighbour.
    return nearest if abs(nearest.labelled - labelled) <= 0.03 * nearest.labelled else None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def _classes(numbers: Mapping[str, int], prefix: str = "", where: Where = ()) -> Iterable[Count]:
    """A count for each emotion; ``happy+excited`` counts both."""
    for name, number in numbers.items():
        emotions = tuple(name.split("+"))
        yield Count(prefix + " and ".join(emotions), number, (*where, ("emotion", emotions)))


_FOUR = ("angry", "happy", "sad", "neutral")


def _iemocap() -> Edition:
    # Utterances; four classes together; neutral, happy, excited, angry, sad.
    sessions = {
        "1": (1819, 1085, 384, 135, 143, 229, 194),
        "2": (1811, 1023, 362, 117, 210, 137, 197),
        "3": (2136, 1151, 320, 135, 151, 240, 305),
        "4": (2103, 1031, 258, 65, 238, 327, 143),
        "5": (2170, 1241, 384, 143, 299, 170, 245),
    }
    four = ("emotion", (*_FOUR, "excited"))
    counts = [Count("utterances", 10_039), Count("four classes (excited as happy)", 5_531, (four,))]
    for name, (all_of_it, together, *numbers) in sessions.items():
        where = (("session", (name,)),)
        counts.append(Count(f"session {name}", all_of_it, where))
        counts.append(Count(f"session {name}, four classes", together, (*where, four)))
        by_class = dict(zip(("neutral", "happy", "excited", "angry", "sad"), numbers, strict=True))
        counts.extend(_classes(by_class, f"session {name}, ", where))
    return Edition("iemocap", "", 10_039, tuple(counts))


def _msp_improv() -> Edition:
    parts = {
        "T": ("target, improvised", 652, (115, 106, 136, 283)),
        "R": ("target, read", 620, (169, 80, 88, 241)),
        "S": ("other improvised", 4381, (470, 633, 1048, 1789)),
        "P": ("natural interaction", 2785, (38, 66, 1372, 1164)),
    }
    counts = [Count("turns", 8_438), Count("four classes", 7_798, (("emotion", _FOUR),))]
    counts.extend(_classes({"neutral": 3477, "happy": 2644, "sad": 885, "angry": 792}))
    for letter, (name, all_of_it, numbers) in parts.items():
        where = (("part", (letter,)),)
        counts.append(Count(f"{letter} ({name})", all_of_it, where))
        by_class = dict(zip(("angry", "sad", "happy", "neutral"), numbers, strict=True))
        counts.extend(_classes(by_class, f"{letter}, ", where))
    return Edition("msp-improv", "", 8_438, tuple(counts))


def _split(name: str, number: int, *also: int) -> Count:
    return Count(name, number, (("split", (name,)),), also)


def _msp_podcast() -> list[Edition]:
    # Neutral, happy, angry, sad; the lists leave out the one clip in stereo.
    four = {
        "train": (16518, 8564, 1839, 1680),
        "dev": (2529, 1320, 621, 302),
        "test1": (4702, 3475, 622, 505),
        "test2": (2260, 926, 136, 161),
    }
    old: list[Count] = []
    for name, numbers in four.items():
        where = (("split", (name,)),)
        by_class = dict(zip(("neutral", "happy", "angry", "sad"), numbers, strict=True))
        old.append(Count(f"{name}, four classes", sum(numbers), (*where, ("emotion", _FOUR))))
        old.extend(_classes(by_class, f"{name}, ", where))
    parts = [_split("train", 84_030), _split("dev", 19_815), _split("test1", 30_647), _split("test2", 14_815)]
    # The third test set has no public labels: in 1.12 its 3,200 clips are those without a transcript.
    return [
        Edition("msp-podcast", "1.8", 73_042, tuple(old), passed_over=frozenset({"MSP-PODCAST_1023_0235"})),
        Edition("msp-podcast", "1.11", 151_654, (*parts, _split("test3", 2_347, 0))),
        Edition("msp-podcast", "1.12", 207_136, (Count("utterances", 207_136, also=(203_936,)),)),
        Edition(
            "msp-podcast",
            "2.0",
            264_705,
            (Count("utterances", 264_705), _split("dev", 34_399)),
            faulty=frozenset({"MSP-PODCAST_1909_1017"}),
        ),
    ]


def _simple(loader: str, total: int, emotions: Mapping[str, int] | None = None, faulty: Iterable[str] = ()) -> Edition:
    counts = (Count("utterances", total), *_classes(emotions or {}))
    return Edition(loader, "", total, counts, frozenset(faulty))


EDITIONS: tuple[Edition, ...] = (
    _iemocap(),
    _msp_improv(),
    *_msp_podcast(),
    _simple(
        "ravdess",
        1_440,
        {"neutral": 96, **dict.fromkeys(("angry", "happy", "sad", "fear", "disgust", "surprise", "calm"), 192)},
    ),
    _simple(
        "emodb",
        535,
        {"angry": 127, "boredom": 81, "disgust": 46, "fear": 69, "happy": 71, "sad": 62, "neutral": 79},
    ),
    # One clip holds nothing but silence.
    _simple("crema-d", 7_442, faulty=["1076_MTI_SAD_XX"]),
    _simple("tess", 2_800),
    _simple("esd", 35_000, dict.fromkeys(("angry", "happy", "neutral", "sad", "surprise"), 7_000)),
    _simple("savee", 480),
    # One clip of the training set cannot be decoded, one of the dev set was never there.
    Edition("meld", "", 13_708, (_split("train", 9_989, 9_988), _split("dev", 1_109, 1_108), _split("test", 2_610))),
)
"""Everything that is compared."""
