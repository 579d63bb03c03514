"""How much of the training part a benchmark may use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import BadInputError

SHARES = {"all": 1.0, "50": 0.5, "25": 0.25, "10": 0.1}
CUT = 0.1
_LEAST = 2


@dataclass(frozen=True)
class Condition:
    """All of the training utterances, a share of them, or one class cut to a tenth.

    Attributes:
        name: as it is typed. share: of the utterances (of the class that is cut). cut: name of that class, or None.
    """

    name: str
    share: float
    cut: str | None = None

    @classmethod
    def parse(cls, name: str, classes: list[str]) -> Condition:
        """``all``, ``50``, ``25``, ``10`` (per cent) or ``cut:CLASS``.

        Raises:
            BadInputError: anything else, or a class that is not there.
        """
        asked = name.strip().rstrip("%").strip()
        if asked in SHARES:
            return cls(asked, SHARES[asked])
        kind, _, emotion = asked.partition(":")
        if kind != "cut" or not emotion:
            raise BadInputError(f"condition {name!r}: choose all, 50, 25, 10 (per cent) or cut:EMOTION")
        if emotion not in classes:
            raise BadInputError(f"condition {name!r}: the classes are {', '.join(classes)}")
        return cls(asked, CUT, emotion)

    @property
    def whole(self) -> bool:
        """Whether everything is used, so that all seeds train on the same utterances."""
        return self.share == 1.0

    @property
    def title(self) -> str:
        """What a table shows."""
        if self.whole:
            return "all training utterances"
        if self.cut is not None:
            return f"{self.cut} cut to {100 * self.share:.0f} % of its training utterances"
        return f"{100 * self.share:.0f} % of the training utterances"

    def subset(
        self, train: np.ndarray, labels: np.ndarray, speakers: np.ndarray, classes: list[str], seed: int
    ) -> np.ndarray:
        """The training rows that are left, (n,) bool: the same for all methods, drawn anew for each seed.

        Every class keeps its share, at least two utterances, spread over the speakers: of each class every so many'th
        row is taken, speaker by speaker, from a random start and in random order within a speaker.

        Args:
            train: (n,) bool. labels: (n,) class indices. speakers: (n,) names or None.
        """
        if self.whole:
            return train.copy()
        rng = np.random.default_rng([seed, 4099])
        kept = np.zeros(len(train), dtype=bool)
        names = np.array([str(name) for name in speakers])
        for index, name in enumerate(classes):
            rows = np.flatnonzero(train & (labels == index))
            if self.cut is not None and name != self.cut:
                kept[rows] = True
                continue
            wanted = min(len(rows), max(_LEAST, round(self.share * len(rows))))
            # Speakers in random order too: which of them are left out must not hang on their names.
            order = dict(zip(sorted(set(names[rows])), rng.permutation(len(set(names[rows]))), strict=True))
            by_speaker = np.lexsort((rng.random(len(rows)), [order[speaker] for speaker in names[rows]]))
            places = ((np.arange(wanted) + rng.random()) * len(rows) / wanted).astype(int)
            kept[rows[by_speaker[places]]] = True
        return kept
