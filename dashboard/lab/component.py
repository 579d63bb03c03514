"""The lab in the browser: what is sent to it, and what it says when a control is let go."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core import LoadedRun
from core.runs import Neighbourhood, portable_networks
from dashboard.components import numbers, pack_bytes, quantised
from dashboard.lab import controls as logic
from dashboard.lab.controls import Controls
from dashboard.lab.directions import Direction
from dashboard.lab.readout import INFORMATION, NOVELTY, Meaning
from dashboard.palette import UNKNOWN, emotion_colour

if TYPE_CHECKING:
    from dashboard.lab.readout import Readout
    from dashboard.lab.tray import Kept
    from dashboard.space.points import MapPoints

REFERENCE_MOST = 4096
"""Real features with which the browser measures novelty while a finger moves; of more, so many chosen at random."""

HELP = {
    "code": "A continuous latent code, in standard deviations of what the generator was trained on. What it means was "
    "found by training, not given: the traversal strip shows it.",
    "mixture": "The share of this emotion in the categorical code c.",
    "truncation": "Factor on the noise z: below 1 nearer to the typical, above 1 more varied. At 0 all samples of one "
    "text are the same.",
    "information": "log p(c | h) - log p(c): how much the feature of the ringed sample says about the emotion that was "
    "asked for.",
    "novelty": "How far out of distribution the ringed sample is: mean distance to the 5 nearest real utterances, as a "
    "multiple of what is usual among real ones.",
    "map": "Stars are generated, coloured by what the classifier makes of them; circles are real utterances, coloured "
    "by label. Faint lines lead back to where a star was before. Drag the map to move it, turn the wheel to zoom.",
    "between": "From utterance A (0) to utterance B (1): emotions and codes as the Q heads read them from the two, and "
    "what lies between.",
    "direction": "The direction in which the codes point now, kept under a name; its slider moves all codes along it.",
    "strip": "Probability of each emotion for the ringed sample while only this code moves; its way over the map is "
    "the line. Press or drag on the strip to move the code.",
}


@dataclass(frozen=True, eq=False)
class LabPack:
    """What the browser needs of a run and never changes: ``content`` is sent once and found by ``key``."""

    key: str
    content: bytes
    typical: float


def lab_pack(run: LoadedRun, points: MapPoints) -> LabPack:
    """Networks, real points of the map and reference features of ``run`` as one pack."""
    tensors, layers, typical = lab_tensors(run, points, reference=REFERENCE_MOST)
    key, content = pack_bytes(tensors, {"layers": layers})
    return LabPack(key, content, typical)


def lab_tensors(run: LoadedRun, points: MapPoints, *, reference: int) -> tuple[dict[str, np.ndarray], str, float]:
    """What the browser needs of a run: arrays by name, the layer lists, and the usual distance of real features.

    Args:
        points: the map, or a part of its rows. reference: real features at most with which novelty is measured.
    """
    tensors, layers = portable_networks(run.networks())
    shown = np.flatnonzero(np.isfinite(points.audio[:, 0]))
    place = {name: number for number, name in enumerate(points.classes)}
    paint = points.table["label"].iloc[shown].map(place).astype("float64").fillna(len(place))
    features = run.h
    if len(features) > reference:
        rows = np.random.default_rng(0).choice(len(features), reference, replace=False)
        features = run.h[np.sort(rows)]
    arrays = {
        **tensors,
        "reference": features.astype(np.float32),
        "places": quantised(points.audio[shown], points.bounds),
        "paint": paint.to_numpy(dtype=np.uint8),
    }
    return arrays, layers, Neighbourhood(features).typical


def inputs_pack(run: LoadedRun, controls: Controls, readout: Readout) -> tuple[str, bytes]:
    """The noise before truncation and the texts of all samples, as a pack."""
    tensors = {"z": run.sample_noise(controls.count, controls.seed)}
    if readout.condition is not None:
        tensors["t"] = readout.condition
    return pack_bytes({name: values.astype(np.float32) for name, values in tensors.items()})


def component_data(
    run: LoadedRun,
    points: MapPoints,
    pack: LabPack,
    inputs: str,
    controls: Controls,
    *,
    seen: int,
    token: str,
    can_undo: bool,
    tray: Sequence[Kept],
    ends: list[dict[str, Any]] | None = None,
    named: Sequence[Direction] = (),
    plain: bool = False,
) -> dict[str, Any]:
    """The small part, sent with every rerun; see ``LabData`` in ``frontend/src/lab.js``.

    ``plain``: emotion, codes and map alone, large.
    """
    return {
        "token": token,
        "pack": pack.key,
        "inputs": inputs,
        "run": run.id,
        "classes": list(run.classes),
        "colours": [*(emotion_colour(name) for name in run.classes), UNKNOWN],
        "codes": list(run.code_names),
        "prior": run.prior.tolist(),
        "typical": pack.typical,
        "dim": run.dim,
        "frame": list(points.bounds),
        "count": controls.count,
        "canUndo": can_undo,
        "controls": {
            "emotion": run.classes.index(controls.emotion),
            "mixture": None if controls.mixture is None else list(controls.mixture),
            "codes": list(controls.codes),
            "truncation": controls.truncation,
            "sample": controls.sample,
            "strip": controls.strip,
        },
        "seen": seen,
        "ends": ends,
        "directions": [{"name": name, "vector": list(vector)} for name, vector in named],
        "kept": [{"name": one.name, "x": float(one.place[0]), "y": float(one.place[1])} for one in tray],
        "words": {"information": words_of(INFORMATION), "novelty": words_of(NOVELTY)},
        "help": HELP,
        "plain": plain,
    }


def words_of(meanings: Sequence[Meaning]) -> list[dict[str, Any]]:
    """Meanings as the browser reads them."""
    return [{"upto": None if math.isinf(upto) else upto, "says": says} for upto, says in meanings]


def asked(before: Controls, event: Mapping[str, Any], classes: Sequence[str]) -> Controls:
    """The controls after what the browser sent; what it says wrongly stays as it was.

    >>> asked(Controls("sad", (0.0, 0.0)), {"codes": [1.5, "x"], "truncation": 9}, ["sad"]).codes
    (0.0, 0.0)
    >>> asked(Controls("sad", (0.0, 0.0)), {"codes": [1.5, -4], "emotion": 3}, ["sad"]).codes
    (1.5, -3.0)
    """
    emotion = _numbers([event.get("emotion")], 0, len(classes) - 1)
    codes = _numbers(event.get("codes"), -logic.CODE_LIMIT, logic.CODE_LIMIT)
    mixture = _numbers(event.get("mixture"), 0.0, 1.0)
    truncation = _numbers([event.get("truncation")], 0.0, logic.TRUNCATION_LIMIT)
    sample = _numbers([event.get("sample")], 0, before.count - 1)
    strip = _numbers([event.get("strip")], 0, len(before.codes) - 1)
    mixed = before.mixture
    if "mixture" in event and event["mixture"] is None:
        mixed = None
    elif len(mixture) == len(classes) and sum(mixture) > 0:
        mixed = mixture
    after = replace(
        before,
        emotion=classes[int(emotion[0])] if emotion else before.emotion,
        codes=codes if len(codes) == len(before.codes) else before.codes,
        mixture=mixed,
        truncation=truncation[0] if truncation else before.truncation,
        sample=int(sample[0]) if sample else before.sample,
        strip=int(strip[0]) if strip else before.strip,
    )
    changes = {
        field.name: getattr(after, field.name)
        for field in fields(after)
        if getattr(after, field.name) != getattr(before, field.name)
    }
    return logic.changed(before, **changes) if changes else before


def _numbers(values: Any, low: float, high: float) -> tuple[float, ...]:
    """``values`` inside the limits, finer than any control shows them; nothing where one is no number."""
    return tuple(min(max(round(value, 4), low), high) for value in numbers(values) or ())
