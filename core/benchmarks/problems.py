"""One thing to be learnt: training rows, the rows to be recognised, and a seed; and the aligned features of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch

from core.alignment import Aligner, AlignmentData
from core.benchmarks.parts import Part
from core.benchmarks.training import train_aligners
from core.config import AlignmentConfig
from core.evaluation import check_rows, check_speakers
from core.generation import Aligned

GROUPS = 3
"""Groups of training speakers on which methods are tuned, in turns."""


@dataclass(frozen=True, eq=False)
class Problem:
    """Learn from ``train`` and recognise ``unseen``, both (n,) bool rows of ``part``; ``seed`` is of every draw.

    Attributes:
        guessed: (n,) bool, rows of ``train`` whose emotion nobody has told; None: there are none.
    """

    part: Part
    train: np.ndarray
    unseen: np.ndarray
    seed: int
    guessed: np.ndarray | None = None

    def __post_init__(self) -> None:
        part = self.part
        learnt = self.train | self.unlabelled
        check_rows(part.ids[learnt], part.ids[self.unseen])
        check_speakers(part.speakers[learnt], part.speakers[self.unseen])

    @cached_property
    def unlabelled(self) -> np.ndarray:
        """(n,) bool: rows that may be learnt from, of an emotion nobody has told, by speakers that are not unseen."""
        part = self.part
        if part.unlabelled is None:
            return np.zeros_like(self.train)
        heard = {name for name in part.speakers[self.unseen] if isinstance(name, str)}
        # Where speakers are told apart an unknown one may be one of those.
        apart = np.array([not heard or (isinstance(name, str) and name not in heard) for name in part.speakers])
        return part.unlabelled & ~self.unseen & apart

    def with_guesses(self, labels: np.ndarray) -> Problem:
        """The same with the unlabelled rows among the training ones, of the class indices (m,) that were guessed."""
        rows = self.unlabelled
        filled = self.part.labels.copy()
        filled[rows] = labels
        part = replace(self.part, labels=filled, unlabelled=None)
        return Problem(part, self.train | rows, self.unseen, self.seed, guessed=rows)

    def data(self) -> AlignmentData:
        """The training rows as tensors."""
        part = self.part
        return AlignmentData.of(
            self.train,
            audio=part.audio,
            labels=part.labels,
            text=part.text,
            has_text=part.has_text,
            groups=part.groups,
            speakers=part.speakers,
        )


@dataclass(frozen=True, eq=False)
class Features:
    """Aligned features of a problem, by an aligner that has seen its training rows only.

    Attributes:
        h: (n, d). labels: (n,). t: (n, d), zero where there is no text, or None. has_text: (n,) bool.
        groups: (n,) transcript groups. classes: k.
        h_unseen: (m, d). t_unseen: (m, d) or None. seed: of the problem.
        guessed: (n,) bool, rows whose label was guessed. more: features of unlabelled rows; None: there are none.
    """

    h: np.ndarray
    labels: np.ndarray
    t: np.ndarray | None
    has_text: np.ndarray
    groups: np.ndarray
    classes: int
    h_unseen: np.ndarray
    t_unseen: np.ndarray | None
    seed: int
    guessed: np.ndarray | None = None
    more: Aligned | None = None

    def real(self, with_text: bool) -> tuple[np.ndarray, np.ndarray]:
        """X (n, d) or (n', 2 d) of the rows with text, and Y (n, k) or (n', k) one-hot."""
        Y = np.eye(self.classes)[self.labels]
        if not with_text:
            return self.h, Y
        assert self.t is not None
        return np.concatenate([self.h, self.t], axis=1)[self.has_text], Y[self.has_text]

    def guesses(self, with_text: bool) -> np.ndarray:
        """(n,) or (n',) bool: which rows of ``real`` have a guessed label."""
        guessed = np.zeros(len(self.h), dtype=bool) if self.guessed is None else self.guessed
        return guessed[self.has_text] if with_text else guessed

    def unseen(self, with_text: bool) -> np.ndarray:
        """(m, d) or (m, 2 d)."""
        if not with_text:
            return self.h_unseen
        assert self.t_unseen is not None
        return np.concatenate([self.h_unseen, self.t_unseen], axis=1)


def learn_features(
    problems: Sequence[Problem], config: AlignmentConfig, step: Callable[[], None] = lambda: None
) -> list[Features]:
    """Trains an aligner for each problem, all together, and gives its features of training and unseen rows."""
    data = [problem.data() for problem in problems]
    classes = problems[0].part.classes
    aligners = train_aligners(data, [problem.seed for problem in problems], classes, config, step)
    found = []
    for problem, own, aligner in zip(problems, data, aligners, strict=True):
        part, unlabelled = problem.part, problem.unlabelled
        learnt, unseen = _aligned(part, aligner, problem.train), _aligned(part, aligner, problem.unseen)
        found.append(
            Features(
                h=learnt.h,
                labels=own.labels.numpy(),
                t=learnt.t,
                has_text=learnt.has_text,
                groups=own.groups.numpy(),
                classes=len(classes),
                h_unseen=unseen.h,
                t_unseen=unseen.t,
                seed=problem.seed,
                guessed=None if problem.guessed is None else problem.guessed[problem.train],
                more=_aligned(part, aligner, unlabelled) if unlabelled.any() else None,
            )
        )
    return found


@torch.no_grad()
def _aligned(part: Part, aligner: Aligner, rows: np.ndarray) -> Aligned:
    h, t, said = aligner.audio(torch.from_numpy(part.audio[rows])).numpy(), None, part.has_text[rows]
    if part.text is not None:
        t = aligner.text(torch.from_numpy(part.text[rows])).numpy() * said[:, None]
    return Aligned(h, t, said, part.groups[rows])


def validation_problems(part: Part, seed: int) -> list[Problem]:
    """The training speakers in three groups; each in turn is recognised by what is learnt from the others.

    Only training rows of ``part`` occur. A group without which a class would be lost is left out. With fewer
    than two known speakers groups of rows stand for them.
    """
    rows = np.flatnonzero(part.train)
    names = np.array([str(name) for name in part.speakers[rows]])
    known = sorted({name for name in part.speakers[rows] if isinstance(name, str)})
    if len(known) < 2:
        part = replace(part, speakers=np.full(len(part.speakers), None, dtype=object))
        names, known = rows.astype(str), sorted(rows.astype(str))
    best: list[np.ndarray] = []
    for attempt in range(20):
        dealt = _deal(names, known, min(GROUPS, len(known)), np.random.default_rng([seed, attempt]))
        usable = [group for group in dealt if _complete(part, rows, group)]
        if len(usable) > len(best):
            best = usable
        if len(best) == len(dealt):
            break
    problems = []
    for number, group in enumerate(best):
        train, unseen = np.zeros_like(part.train), np.zeros_like(part.train)
        unseen[rows[group]], train[rows[~group]] = True, True
        own = int(np.random.SeedSequence([seed, 7919, number]).generate_state(1)[0] >> 1)
        problems.append(Problem(part, train, unseen, own))
    return problems


def _deal(names: np.ndarray, known: Sequence[str], count: int, rng: np.random.Generator) -> list[np.ndarray]:
    """(rows,) masks of groups of speakers about equal in rows."""
    load, of = np.zeros(count), {}
    for name in rng.permutation(list(known)):
        of[name] = int(load.argmin())
        load[of[name]] += (names == name).sum()
    group = np.array([of.get(name, -1) for name in names])
    return [group == number for number in range(count)]


def _complete(part: Part, rows: np.ndarray, group: np.ndarray) -> bool:
    labels = part.labels[rows]
    return bool(group.any()) and set(labels[~group]) == set(range(len(part.classes)))
