"""What each latent code does: moved from low to high with everything else alike, on many features at once."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from core.errors import BadInputError
from core.runs.loaded import LoadedRun
from core.runs.requests import Request
from core.runs.withheld import require_utterances

_LEAST_SAMPLES, _MOST_SAMPLES = 20, 1_000_000
# Said in words below the table; the figures themselves judge nothing.
_SILENT = 0.1
_UNREAD = 0.2
_MOVES_CLASS = 0.1


@dataclass(frozen=True)
class Effect:
    """What changes in generated features when one of their inputs does, the others staying as they are.

    Attributes:
        name: ``u1`` ..., or ``z`` and ``t`` where noise or text is drawn anew, to compare with.
        posterior: mean change of the classifier's probability of the emotion that was asked for, from low to high.
        posterior_size: mean size of that change, whichever its sign.
        class_changed: share of features whose most probable emotion is another one afterwards.
        recovered: how far the Q head's reading of this code follows, as a share of the way; 1 is all of it. None for
            noise and text, as are ``leak``, ``common`` and ``common_in_class``.
        leak: the same for the other codes, mean size over features and codes; 0 is none. None where there is one code.
        moved: mean distance moved in the aligned space, in units of the deviation of real training features within
            their emotion (root mean square distance to the mean of the emotion). Two utterances of one emotion are
            about 1.4 apart.
        common: share of the squared movement that is the same for all features: 1 is one direction for everything, 0 a
            different one each time. common_in_class: the same within each emotion.
    """

    name: str
    posterior: float
    posterior_size: float
    class_changed: float
    recovered: float | None
    leak: float | None
    moved: float
    common: float | None
    common_in_class: float | None


@dataclass(frozen=True, eq=False)
class _Inputs:
    z: np.ndarray
    c: np.ndarray
    u: np.ndarray
    t: np.ndarray | None


def measure_effects(run: LoadedRun, *, samples: int = 1000, seed: int = 0, deviation: float = 2.0) -> dict[str, Any]:
    """Sets each code to ``-deviation`` and to ``+deviation`` in the same ``samples`` draws of everything else.

    Args:
        samples: draws in all, emotions in equal shares. seed: of the draws. deviation: in sigma, above 0.

    Returns:
        ``run``, ``samples``, ``seed``, ``deviation``, ``codes`` (an ``Effect`` as a dict for each code), ``redrawn``
        (the same for noise, and for text in mode text: what another draw of them changes) and ``notes``.

    Raises:
        BadInputError: a number out of its range.
    """
    if not _LEAST_SAMPLES <= samples <= _MOST_SAMPLES:
        raise BadInputError(f"samples {samples}: from {_LEAST_SAMPLES} to {_MOST_SAMPLES}")
    if not 0 <= seed < 2**31:
        raise BadInputError(f"seed {seed}: from 0 to {2**31 - 1}")
    if not (math.isfinite(deviation) and deviation > 0):
        raise BadInputError(f"deviation {deviation}: a number above 0")
    require_utterances(run)
    each = -(-samples // len(run.classes))
    drawn, other = (_draw(run, each, seed * 2029 + 1 + offset * len(run.classes)) for offset in (0, 1))
    measure = _Measure(run, drawn.c.argmax(axis=1))
    codes = []
    for index, name in enumerate(run.code_names):
        ends = []
        for value in (-deviation, deviation):
            u = drawn.u.copy()
            u[:, index] = value
            ends.append(replace(drawn, u=u))
        codes.append(measure.code(name, index, *ends, width=2 * deviation))
    redrawn = [measure.effect("z", drawn, replace(drawn, z=other.z))]
    if run.mode == "text":
        redrawn.append(measure.effect("t", drawn, replace(drawn, t=other.t)))
    return {
        "run": run.id,
        "samples": each * len(run.classes),
        "seed": seed,
        "deviation": deviation,
        "codes": [asdict(effect) for effect in codes],
        "redrawn": [asdict(effect) for effect in redrawn],
        "notes": _notes(codes, redrawn),
    }


def _draw(run: LoadedRun, each: int, seed: int) -> _Inputs:
    parts = []
    for index, emotion in enumerate(run.classes):
        asked = Request(run, each, emotion=emotion, mixture=None, codes={}, truncation=1.0, seed=seed + index)
        z, c, u = asked.inputs(None)
        t, _ = asked.conditions(None)
        parts.append((z, c, u, t))
    z, c, u = (np.concatenate([part[place] for part in parts]) for place in range(3))
    texts = [part[3] for part in parts if part[3] is not None]
    return _Inputs(z, c, u, np.concatenate(texts) if texts else None)


class _Measure:
    def __init__(self, run: LoadedRun, labels: np.ndarray) -> None:
        self.run, self.labels = run, labels
        self.unit = _deviation_within_emotions(run)

    def effect(self, name: str, low: _Inputs, high: _Inputs) -> Effect:
        return self._compare(name, self._made(low), self._made(high))

    def code(self, name: str, index: int, low: _Inputs, high: _Inputs, *, width: float) -> Effect:
        before, after = self._made(low), self._made(high)
        read = (self.run.recovered(*after)[1] - self.run.recovered(*before)[1]) / width
        others = np.delete(read, index, axis=1)
        step = after[0].astype(np.float64) - before[0]
        whole = max(float((step**2).sum(axis=1).mean()), 1e-12)
        means = np.stack([step[self.labels == emotion].mean(axis=0) for emotion in range(len(self.run.classes))])
        return replace(
            self._compare(name, before, after),
            recovered=float(read[:, index].mean()),
            leak=float(np.abs(others).mean()) if others.shape[1] else None,
            common=float((step.mean(axis=0) ** 2).sum() / whole),
            common_in_class=float((means**2).sum(axis=1).mean() / whole),
        )

    def _made(self, inputs: _Inputs) -> tuple[np.ndarray, np.ndarray | None]:
        return self.run.decode(inputs.z, inputs.c, inputs.u, inputs.t)

    def _compare(
        self, name: str, before: tuple[np.ndarray, np.ndarray | None], after: tuple[np.ndarray, np.ndarray | None]
    ) -> Effect:
        first, second = self.run.posterior(before[0]), self.run.posterior(after[0])
        rows = np.arange(len(self.labels))
        change = second[rows, self.labels] - first[rows, self.labels]
        return Effect(
            name=name,
            posterior=float(change.mean()),
            posterior_size=float(np.abs(change).mean()),
            class_changed=float((first.argmax(axis=1) != second.argmax(axis=1)).mean()),
            recovered=None,
            leak=None,
            moved=float(np.linalg.norm(after[0] - before[0], axis=1).mean() / self.unit),
            common=None,
            common_in_class=None,
        )


def _deviation_within_emotions(run: LoadedRun) -> float:
    """Root mean square distance of the training features to the mean of their emotion."""
    labels = run.utterances["label"].to_numpy(dtype=object)
    train = (run.utterances["part"] == "train").to_numpy()
    squares = [
        ((own - own.mean(axis=0)) ** 2).sum(axis=1)
        for name in run.classes
        if len(own := run.h[train & (labels == name)].astype(np.float64))
    ]
    return max(float(np.sqrt(np.concatenate(squares).mean())), 1e-9)


def _notes(codes: list[Effect], redrawn: list[Effect]) -> list[str]:
    """What a reader should not overlook, a line each."""
    notes = []
    for effect in codes:
        if effect.moved < _SILENT:
            notes.append(f"{effect.name} moves next to nothing ({effect.moved:.2f} deviations)")
        elif (effect.recovered or 0.0) < _UNREAD:
            notes.append(f"{effect.name} moves the features, but the Q head does not read it ({effect.recovered:.2f})")
        if effect.class_changed > _MOVES_CLASS:
            notes.append(
                f"{effect.name} changes the most probable emotion of {effect.class_changed:.0%} of the features"
            )
    noise = redrawn[0]
    if noise.moved < _SILENT:
        notes.append(
            f"another draw of the noise moves next to nothing ({noise.moved:.2f} deviations): features of one emotion "
            "differ by their codes" + (" and texts" if len(redrawn) > 1 else "") + " alone"
        )
    return notes
