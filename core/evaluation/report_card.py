"""The report card of generated features: each figure beside what real training features would get.

The reference of everything is a held-out part that neither the generator nor the space has learnt from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core.errors import BadInputError
from core.evaluation.manifolds import manifolds
from core.evaluation.metrics import Scores, scores
from core.evaluation.quality import Closeness, closeness, frechet_distance, two_sample_auc

LEAST = 10
"""Rows of an emotion that each part must have for the emotion to be compared."""

FIGURES = ("frechet", "auc", "precision", "recall", "density", "coverage")
_DRAWS = 5
_ROWS = 1000


@dataclass(frozen=True)
class Pair:
    """A figure of the generated features, and the same figure of real training features in their place."""

    generated: float
    real: float


@dataclass(frozen=True)
class Comparison:
    """Generated and training features against held-out ones, of one emotion or of all in the held-out mix.

    Attributes:
        figures: by the names of ``FIGURES``: Frechet distance (0: same mean and covariance), two-sample AUC (0.5:
            cannot be told apart), precision, recall, density and coverage (see ``Manifolds``). Each is the mean over
            draws of equally many rows of every part. None where a part has fewer than ten rows.
        closeness: against memorising; None likewise.
        rows: of each part in one draw. n_generated, n_train, n_held_out: rows there are.
    """

    figures: dict[str, Pair] | None
    closeness: Closeness | None
    rows: int
    n_generated: int
    n_train: int
    n_held_out: int


@dataclass(frozen=True)
class Recognition:
    """Recognition of the held-out features: trained on as many generated features as there are real ones, and on these.

    Attributes:
        ua, wa, macro_f1: see ``Scores``. recall: by emotion; None for one that the held-out part does not show.
    """

    ua: Pair
    wa: Pair
    macro_f1: Pair
    recall: dict[str, Pair | None]


@dataclass(frozen=True)
class ReportCard:
    """The report of one set of generated features.

    Attributes:
        comparisons: ``"all"``, then each emotion. recognition: train on synthetic, test on real.
        copying: whether the generator repeats its training features; None where it cannot be told.
        notes: what could not be compared and why, a line each.
    """

    comparisons: dict[str, Comparison]
    recognition: Recognition
    copying: bool | None
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """All fields, ready for JSON."""
        return asdict(self) | {"notes": list(self.notes)}


@dataclass(frozen=True, eq=False)
class _Part:
    name: str
    features: np.ndarray
    labels: np.ndarray

    def count(self, emotion: str) -> int:
        return int((self.labels == emotion).sum())

    def drawn(self, counts: dict[str, int], rng: np.random.Generator) -> _Part:
        """``counts`` rows of each emotion, at random."""
        rows = np.concatenate(
            [rng.permutation(np.flatnonzero(self.labels == name))[:count] for name, count in counts.items()]
        )
        return _Part(self.name, self.features[rows], self.labels[rows])


def report_card(
    generated: np.ndarray,
    generated_labels: np.ndarray,
    train: np.ndarray,
    train_labels: np.ndarray,
    held_out: np.ndarray,
    held_out_labels: np.ndarray,
    *,
    classes: list[str],
    seed: int = 0,
) -> ReportCard:
    """Compares generated features with real ones, emotion by emotion and in all.

    Args:
        generated, train, held_out: (n, d) features with their labels (n,), emotions asked for or true.
        classes: k emotions. seed: of the draws.

    Raises:
        BadInputError: the shapes do not fit, or no emotion has ten rows in every part.
    """
    made = _part("generated", generated, generated_labels)
    seen = _part("training", train, train_labels)
    unseen = _part("held-out", held_out, held_out_labels)
    if not made.features.shape[1] == seen.features.shape[1] == unseen.features.shape[1]:
        raise BadInputError("generated, training and held-out features differ in width")
    short = {name: _shortage(name, (made, seen, unseen)) for name in classes}
    usable = [name for name in classes if short[name] is None]
    if not usable:
        raise BadInputError(f"no emotion can be compared; {'; '.join(line for line in short.values() if line)}")
    comparisons = {"all": _comparison(made, seen, unseen, usable, seed)}
    near = comparisons["all"].closeness
    limit = None if near is None else near.copy_distance
    for name in classes:
        comparisons[name] = _comparison(made, seen, unseen, [name] if short[name] is None else [], seed, limit)
    return ReportCard(
        comparisons=comparisons,
        recognition=_recognition(made, seen, unseen, classes, seed),
        copying=None if near is None else near.copying,
        notes=tuple(line for line in short.values() if line),
    )


def _part(name: str, features: np.ndarray, labels: np.ndarray) -> _Part:
    table, emotions = np.asarray(features, dtype=np.float64), np.asarray(labels, dtype=object)
    if table.ndim != 2 or emotions.shape != (len(table),):
        raise BadInputError(f"{name} features {table.shape} and labels {emotions.shape} do not fit")
    return _Part(name, table, emotions)


def _shortage(emotion: str, parts: tuple[_Part, ...]) -> str | None:
    counts = [(part.count(emotion), part.name) for part in parts if part.count(emotion) < LEAST]
    if not counts:
        return None
    found = " and ".join(f"{count} {name} features" for count, name in counts)
    return f"{emotion}: {found}, at least {LEAST} are needed; left out of the comparison"


def _comparison(
    made: _Part, seen: _Part, unseen: _Part, emotions: list[str], seed: int, copy_distance: float | None = None
) -> Comparison:
    """Over ``emotions`` together, each with as many rows as the part that has the fewest."""
    rng = np.random.default_rng(seed)
    counts = {name: min(part.count(name) for part in (made, seen, unseen)) for name in emotions}
    total = sum(counts.values())
    if total > _ROWS:
        counts = {name: max(LEAST, count * _ROWS // total) for name, count in counts.items()}
    draws: dict[str, list[tuple[float, float]]] = {name: [] for name in FIGURES}
    for turn in range(_DRAWS if emotions else 0):
        reference = unseen.drawn(counts, rng).features
        pair = [_against(reference, part.drawn(counts, rng).features, seed + turn) for part in (made, seen)]
        for name in FIGURES:
            draws[name].append((pair[0][name], pair[1][name]))
    return Comparison(
        figures={name: Pair(*np.mean(values, axis=0).tolist()) for name, values in draws.items()} if emotions else None,
        closeness=_closeness(made, seen, unseen, emotions, rng, copy_distance) if emotions else None,
        rows=sum(counts.values()),
        n_generated=sum(made.count(name) for name in emotions),
        n_train=sum(seen.count(name) for name in emotions),
        n_held_out=sum(unseen.count(name) for name in emotions),
    )


def _against(reference: np.ndarray, features: np.ndarray, seed: int) -> dict[str, float]:
    found = manifolds(reference, features)
    return {
        "frechet": frechet_distance(reference, features),
        "auc": two_sample_auc(reference, features, seed=seed),
        **asdict(found),
    }


def _closeness(
    made: _Part,
    seen: _Part,
    unseen: _Part,
    emotions: list[str],
    rng: np.random.Generator,
    copy_distance: float | None,
) -> Closeness:
    """All rows of these emotions; the generated ones in the mix of the training part."""
    everything = {name: seen.count(name) for name in emotions}
    share = min(made.count(name) / everything[name] for name in emotions)
    mix = {name: max(1, int(share * count)) for name, count in everything.items()}
    rows = np.isin(unseen.labels.astype(str), emotions)
    return closeness(
        made.drawn(mix, rng).features,
        seen.drawn(everything, rng).features,
        unseen.features[rows],
        copy_distance=copy_distance,
        seed=int(rng.integers(2**31)),
    )


def _recognition(made: _Part, seen: _Part, unseen: _Part, classes: list[str], seed: int) -> Recognition:
    rng = np.random.default_rng(seed)
    counts = {name: min(made.count(name), seen.count(name)) for name in classes}
    judged = np.isin(unseen.labels.astype(str), classes)
    test, truth = unseen.features[judged], unseen.labels[judged].astype(str)
    found: tuple[list[Scores], list[Scores]] = ([], [])
    for _ in range(_DRAWS):
        for part, results in zip((made, seen), found, strict=True):
            own = part.drawn(counts, rng)
            model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=1000))
            predicted = model.fit(own.features, own.labels.astype(str)).predict(test)
            results.append(scores(truth, predicted, classes))

    def pair(read: Callable[[Scores], float]) -> Pair:
        return Pair(*(float(np.mean([read(result) for result in results])) for results in found))

    return Recognition(
        ua=pair(lambda result: result.ua),
        wa=pair(lambda result: result.wa),
        macro_f1=pair(lambda result: result.macro_f1),
        recall={
            name: pair(lambda result, name=name: result.recall[name])  # type: ignore[misc]
            if (truth == name).any()
            else None
            for name in classes
        },
    )
