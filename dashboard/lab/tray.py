"""Samples that were kept: what each is, a table to compare them, a table to export."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dashboard.lab.controls import Controls
from dashboard.lab.readout import Readout

if TYPE_CHECKING:
    from core import LoadedRun

MOST = 50


@dataclass(frozen=True, eq=False)
class Kept:
    """One kept sample: its name, how to make it again, and what was measured. ``codes`` has the full latent code."""

    name: str
    run: str
    classes: tuple[str, ...]
    controls: Controls
    codes: dict[str, Any]
    h: np.ndarray
    place: np.ndarray
    posterior: np.ndarray
    mi: float
    novelty: float


def keep(
    run: LoadedRun, controls: Controls, readout: Readout, name: str, tray: Sequence[Kept]
) -> tuple[tuple[Kept, ...], str]:
    """The tray with the looked-at sample added, and the name it got (no two are alike)."""
    asked = name.strip()[:60] or f"{controls.asked(run.classes)} {len(tray) + 1}"
    taken = {kept.name for kept in tray}
    unique, number = asked, 2
    while unique in taken:
        unique, number = f"{asked} ({number})", number + 1
    i = controls.sample
    kept = Kept(
        name=unique,
        run=run.id,
        classes=tuple(run.classes),
        controls=controls,
        codes={str(key): value for key, value in readout.codes.iloc[i].items()},
        h=readout.h[i].copy(),
        place=readout.places[i].copy(),
        posterior=readout.posterior[i].copy(),
        mi=float(readout.mi[i]),
        novelty=float(readout.novelty[i]),
    )
    return (*tray, kept)[-MOST:], unique


def renamed(tray: Sequence[Kept], index: int, name: str) -> tuple[Kept, ...]:
    """The tray with one sample renamed; an empty or taken name changes nothing."""
    wanted = name.strip()[:60]
    if not wanted or wanted in {kept.name for kept in tray}:
        return tuple(tray)
    return tuple(replace(kept, name=wanted) if i == index else kept for i, kept in enumerate(tray))


def compared(tray: Sequence[Kept]) -> pd.DataFrame:
    """One row a sample: name, asked, recognised as, its probability, pointwise MI, novelty, and the codes."""
    return pd.DataFrame(
        [
            {
                "name": kept.name,
                "asked": _asked(kept),
                "recognised": kept.classes[int(kept.posterior.argmax())],
                "probability": float(kept.posterior.max()),
                "mi": kept.mi,
                "novelty": kept.novelty,
                **{key: value for key, value in kept.codes.items() if key[0] == "u" and key[1:].isdigit()},
            }
            for kept in tray
        ]
    )


def exported(tray: Sequence[Kept], *, features: bool) -> pd.DataFrame:
    """One row a sample with the arguments that made it, its full latent code and its measures.

    ``features`` adds ``h``, the generated feature itself, as a list (for Parquet).
    """
    rows = []
    for kept in tray:
        row: dict[str, Any] = {
            "name": kept.name,
            "run": kept.run,
            "seed": kept.controls.seed,
            "n": kept.controls.count,
            "sample": kept.controls.sample,
            "truncation": kept.controls.truncation,
            "text_row": kept.controls.text,
            **kept.codes,
            **{f"p_{name}": float(p) for name, p in zip(kept.classes, kept.posterior, strict=True)},
            "pointwise_mi_nats": kept.mi,
            "novelty": kept.novelty,
            "map_x": float(kept.place[0]),
            "map_y": float(kept.place[1]),
        }
        if features:
            row["h"] = kept.h.astype(np.float32).tolist()
        rows.append(row)
    table = pd.DataFrame(rows)
    table["text_row"] = table["text_row"].astype("Int64")
    return table


def _asked(kept: Kept) -> str:
    weights = kept.controls.weights(kept.classes)
    parts = [(name, weight) for name, weight in weights.items() if weight > 0]
    if len(parts) == 1:
        return parts[0][0]
    return ", ".join(f"{name} {weight:.0%}" for name, weight in sorted(parts, key=lambda part: -part[1]))
