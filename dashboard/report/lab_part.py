"""The report's lab: the run's networks and what its script needs to generate in the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core import MirageError
from core.runs import measure_effects
from dashboard.lab.component import HELP, lab_tensors, words_of
from dashboard.lab.readout import INFORMATION, NOVELTY
from dashboard.palette import UNKNOWN, emotion_colour
from dashboard.report.packing import packed
from dashboard.space.points import frame_of

if TYPE_CHECKING:
    from core import LoadedRun
    from dashboard.space.points import MapPoints

COUNT = 16
"""Samples that move at once."""
TEXTS = 32
"""Texts of each emotion that samples take in turn."""
FEWEST = 5
"""Texts of which a mean may be given where none may be read."""
REFERENCE = 2048
"""Real features with which novelty is measured; fewer where the networks are large."""
MOST_BYTES = 6_000_000
"""Of all the lab needs; the networks alone may be larger than a page can hold."""
_SEED, _EFFECTS = 0, 400


@dataclass(frozen=True)
class LabPart:
    """What the lab needs; without it, why it is not there."""

    data: dict[str, Any] | None
    pack: bytes
    reason: str = ""


def lab_part(run: LoadedRun, points: MapPoints) -> LabPart:
    """The lab of ``run`` on the map ``points``, which may hold a part of its rows."""
    texts = _texts(run) if run.mode == "text" else None
    if run.mode == "text" and texts is None:
        return LabPart(
            None, b"", "The transcripts of the corpus may not be read, and are too few to give a mean of them."
        )
    for reference in (REFERENCE, 256):
        tensors, layers, typical = lab_tensors(run, points, reference=reference)
        tensors["z"] = run.sample_noise(COUNT, _SEED).astype(np.float32)
        if texts is not None:
            tensors["texts"] = texts
        size = sum(values.nbytes for values in tensors.values())
        if size <= MOST_BYTES:
            break
    else:
        return LabPart(None, b"", f"The networks of this run take {size / 1e6:.0f} MB, too much for a page.")
    pack = packed(tensors, "layers", layers)
    data = {
        "classes": list(run.classes),
        "colours": [*(emotion_colour(name) for name in run.classes), UNKNOWN],
        "codes": list(run.code_names),
        "pair": strongest(run),
        "prior": run.prior.tolist(),
        "typical": typical,
        "dim": run.dim,
        "frame": list(points.bounds),
        "shown": list(frame_of(points.audio[np.isfinite(points.audio).all(axis=1)])),
        "noise": run.noise_size,
        "count": COUNT,
        "words": {"information": words_of(INFORMATION), "novelty": words_of(NOVELTY)},
        "help": {name: HELP[name] for name in ("information", "novelty")},
    }
    return LabPart(data, pack)


def strongest(run: LoadedRun) -> list[int]:
    """The two codes that move the recognised emotion most; the first two where it cannot be measured."""
    if len(run.code_names) < 2:
        return [0] * len(run.code_names)
    try:
        sizes = [code["posterior_size"] for code in measure_effects(run, samples=_EFFECTS, seed=_SEED)["codes"]]
    except MirageError:
        return [0, 1]
    return sorted(np.argsort(sizes, kind="stable")[::-1][:2].tolist())


def _texts(run: LoadedRun) -> np.ndarray | None:
    """(k * m, d) text features of training utterances, m of each emotion, as the generator takes them by default.

    Where transcripts must not be read, the mean of each emotion alone, and for an emotion with few texts that of those
    with more: nobody can read a sentence out of it, nor out of the difference of two. None where all are too few.
    """
    assert run.t is not None
    table = run.utterances
    usable = run.has_text & (table["part"] == "train").to_numpy()
    own = [np.flatnonzero(usable & (table["label"] == emotion).to_numpy()) for emotion in run.classes]
    if not run.permissions.transcripts:
        enough = [rows for rows in own if len(rows) >= FEWEST]
        others = np.concatenate(enough) if enough else np.flatnonzero(usable)
        if len(others) < FEWEST:
            return None
        means = [run.t[rows if len(rows) >= FEWEST else others].mean(axis=0) for rows in own]
        return np.stack(means).astype(np.float32)
    rng = np.random.default_rng(_SEED)
    found = []
    for rows in own:
        rows = rows if len(rows) else np.flatnonzero(usable)
        found.append(run.t[rng.choice(rows, TEXTS, replace=len(rows) < TEXTS)])
    return np.concatenate(found).astype(np.float32)
