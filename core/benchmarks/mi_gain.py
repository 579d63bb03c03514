"""What a configuration of the generator is worth in one fold with one seed: information that held-out speakers show,
and recognition that it brings.

The information is about the validation speakers of the training part, the recognition about the test speakers: no test
row has a part in the former.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.augmentation.policy import added_rows
from core.benchmarks.cells import Material
from core.benchmarks.methods import METHODS
from core.benchmarks.methods.base import TrainingSet, counts_of
from core.benchmarks.methods.generated import Gan, Made, mode_of
from core.benchmarks.problems import Features, learn_features, validation_problems
from core.benchmarks.recogniser import balanced, fit_path
from core.benchmarks.tuning import Validation, choose, unweighted
from core.config import Config, InformationConfig
from core.errors import BadInputError
from core.information import Fitted, fit_estimator, pointwise_mi

_CRITIC, _ROWS = 1, 2
"""Of which draw a random source is."""


@dataclass(frozen=True, eq=False)
class Place:
    """One fold with one seed: an aligner trained on the training speakers, and what it makes of the other ones.

    Attributes:
        fold, seed: its names. features: of the training rows; ``h_unseen`` is of the validation rows alone.
        validation: (m,) class indices of the validation rows.
        h_test: (n_test, d). test: (n_test,) class indices.
        strength: of the last layer's penalty, chosen for real rows alone on the validation rows.
        ua: on the test rows, of real rows alone with that penalty.
    """

    fold: int
    seed: int
    features: Features
    validation: np.ndarray
    h_test: np.ndarray
    test: np.ndarray
    strength: float
    ua: float

    def random(self, draw: int) -> np.random.Generator:
        """The same for all configurations: they differ in nothing but the generator."""
        return np.random.default_rng([self.features.seed, self.fold, draw])


@dataclass(frozen=True)
class Worth:
    """The figures of one configuration in one place.

    Attributes:
        mi: ``transferred`` information in nats, of ``ceiling``. mi_generated: I(c; h_hat) in nats, of
            ``ceiling_generated``.
        ua_none, ua_added, ua_replaced: UA on the test rows by a last layer trained on real rows, on real and
            generated ones, on generated ones alone.
    """

    fold: int
    seed: int
    mi: float
    ceiling: float
    mi_generated: float
    ceiling_generated: float
    ua_none: float
    ua_added: float
    ua_replaced: float


def learn_places(
    material: Material, seeds: Sequence[int], config: Config, step: Callable[[], None] = lambda: None
) -> list[Place]:
    """Every fold with every seed; of each seed another group of training speakers is kept for validation.

    Raises:
        BadInputError: the training speakers of a fold cannot be divided so that every class is left.
    """
    problems, of = [], []
    for number in range(len(material.parts)):
        for turn, seed in enumerate(seeds):
            part = material.part(material.unit(number, seed))
            groups = validation_problems(part, seed)
            if not groups:
                remedy = (
                    "leave out emotions that too few speakers show (data.classes)"
                    if material.condition.whole
                    else "use more of the utterances (--condition)"
                )
                raise BadInputError(
                    f"{part.tested[0].name}: its training speakers cannot be divided so that those who are learnt from "
                    f"show every emotion; {remedy}"
                )
            inner = groups[turn % len(groups)]
            problems.append(replace(inner, unseen=inner.unseen | part.test))
            of.append((number, seed))
    places = []
    for (number, seed), problem, own in zip(
        of, problems, learn_features(problems, config.alignment, step), strict=True
    ):
        rows = np.flatnonzero(problem.unseen)
        held = ~problem.part.test[rows]
        features = replace(
            own, h_unseen=own.h_unseen[held], t_unseen=None if own.t_unseen is None else own.t_unseen[held]
        )
        truth, said = problem.part.labels[rows[held]], problem.part.has_text[rows[held]]
        strength = choose(METHODS["none"], [Validation(features, None, truth, said)], "audio").strength
        X, Y = features.real(False)
        h_test, test = own.h_unseen[~held], material.truth[rows[~held]]
        ua = _ua(TrainingSet(X, Y, balanced(Y)), strength, h_test, test)
        places.append(Place(number, seed, features, truth, h_test, test, strength, ua))
    return places


def measure(
    places: Sequence[Place], config: Config, share: float, step: Callable[[], None] = lambda: None
) -> list[Worth]:
    """Trains a generator in each place, side by side, and measures it.

    Args:
        share: of the real rows that is generated and added, by ``added_rows``; the Q head filters none of them.

    Raises:
        FailureError: a generator or a critic diverged.
    """
    mode = mode_of(config, places[0].features.t is not None)
    found = Gan(mode, config.generation, filtered=False).train([place.features for place in places], step)
    return [_worth(place, made, config.information, share) for place, made in zip(places, found, strict=True)]


def _worth(place: Place, made: Made, information: InformationConfig, share: float) -> Worth:
    features, classes = place.features, place.features.classes
    each = -(-information.samples // (2 * classes))
    rng = place.random(_CRITIC)
    fresh = [made.rows(features, emotion, 2 * each, False, rng) for emotion in range(classes)]
    labels = np.repeat(np.arange(classes), each)
    critic = fit_estimator(
        np.concatenate([rows[:each] for rows in fresh]),
        labels,
        kind="discrete",
        estimator="variational",
        seed=features.seed,
        steps=information.steps,
        batch=information.batch,
    )
    generated = pointwise_mi(critic, np.concatenate([rows[each:] for rows in fresh]), labels)
    mi, ceiling = transferred(critic, features.h_unseen, place.validation, classes)
    real, rng = counts_of(features.real(False)[1]), place.random(_ROWS)
    counts = added_rows(real, share)
    more = [made.rows(features, emotion, int(count), False, rng) for emotion, count in enumerate(counts) if count]
    X, Y = features.real(False)
    rows, shares = np.concatenate(more), np.eye(classes)[np.repeat(np.arange(classes), counts)]
    return Worth(
        fold=place.fold,
        seed=place.seed,
        mi=mi,
        ceiling=ceiling,
        mi_generated=float(generated.mean()),
        ceiling_generated=math.log(classes),
        ua_none=place.ua,
        ua_added=_ua(TrainingSet.joined(X, Y, rows, shares), place.strength, place.h_test, place.test),
        ua_replaced=_ua(TrainingSet(rows, shares, balanced(shares)), place.strength, place.h_test, place.test),
    )


def transferred(critic: Fitted, h: np.ndarray, labels: np.ndarray, classes: int) -> tuple[float, float]:
    """H(c) + E log q(c | h) of real rows, q fitted on generated rows alone, and H(c); nats.

    A lower bound on I(c; h) (Barber and Agakov 2003, eq. 3) whatever q is: here as much of it as a critic can read
    that knows real speech through the generator only. Below zero where the critic is sure of what is wrong. Emotions
    count alike, as in UA; one that no row shows is left out of H(c).

    Args:
        critic: of a discrete y, fitted on as many rows of each class. h: (m, d). labels: (m,) class indices.
    """
    # As many rows of each class: the critic's p(c) is 1 / k.
    log_posterior = pointwise_mi(critic, h, labels) - math.log(classes)
    sizes = np.bincount(labels, minlength=classes)
    means = np.bincount(labels, weights=log_posterior, minlength=classes)[sizes > 0] / sizes[sizes > 0]
    entropy = math.log(len(means))
    return entropy + float(means.mean()), entropy


def _ua(rows: TrainingSet, strength: float, h_test: np.ndarray, test: np.ndarray) -> float:
    (recogniser,) = fit_path(rows.X, rows.Y, rows.weights, [strength])
    return unweighted(test, recogniser.predict(h_test))


def table_of(worth: Sequence[dict[str, Any]], key: str) -> np.ndarray:
    """(seeds, folds) of one figure, seeds and folds in order."""
    seeds = sorted({one["seed"] for one in worth})
    folds = sorted({one["fold"] for one in worth})
    at = {(one["seed"], one["fold"]): one[key] for one in worth}
    return np.array([[at[seed, fold] for fold in folds] for seed in seeds], dtype=float)
