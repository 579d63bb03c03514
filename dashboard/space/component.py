"""The map in the browser: what is sent to it, and what it says of what a person selected."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dashboard.components import numbers, pack_bytes, quantised
from dashboard.space.colouring import Colouring
from dashboard.space.own import Own
from dashboard.space.points import GeneratedPoints, MapPoints, frame_of
from dashboard.space.selection import Selection
from dashboard.theme import short

WORDS_MOST = 20_000
"""Utterances up to which the words of the tooltips are sent too; above, a point says its category and its row."""
_SAID = 90


@dataclass(frozen=True)
class MapLook:
    """What is drawn beside the points themselves; ``view`` is the middle and the zoom, None for the whole map."""

    audio: bool = True
    text: bool = True
    pairs: bool = True
    view: tuple[float, float, float] | None = None


def places_pack(points: MapPoints) -> tuple[str, bytes]:
    """Where the points are: four bytes for each audio and each text feature."""
    tensors = {"audio": quantised(points.audio, points.bounds)}
    if points.has_text:
        tensors["text"] = quantised(points.text, points.bounds)
    return pack_bytes(tensors)


def words_pack(points: MapPoints) -> tuple[str, bytes] | None:
    """What the tooltips say: id, emotion, speaker and part, transcript. None where there are too many."""
    if len(points) > WORDS_MOST:
        return None
    table = points.table
    rows = [
        [
            short(identity),
            short(emotion, 40) if isinstance(emotion, str) else "no label",
            " · ".join(short(value, 40) for value in (speaker, part) if isinstance(value, str)),
            short(text, _SAID) if isinstance(text, str) else "",
        ]
        for identity, emotion, speaker, part, text in zip(
            table["utterance_id"], table["emotion"], table["speaker"], table["part"], table["text"], strict=True
        )
    ]
    return pack_bytes({}, {"words": json.dumps(rows, ensure_ascii=False, separators=(",", ":"))})


def paint_pack(colours: Colouring, visible: np.ndarray) -> tuple[str, bytes]:
    """The colour of each point, one byte, and what the filters let pass, one bit."""
    return pack_bytes({"paint": colours.code.astype(np.uint8), "shown": np.packbits(visible)})


def component_data(
    run_id: str,
    points: MapPoints,
    colours: Colouring,
    *,
    packs: Mapping[str, str | None],
    selection: Selection,
    look: MapLook,
    near: Sequence[int],
    seen: int,
    token: str,
    generated: GeneratedPoints | None,
    own: Sequence[Own] = (),
) -> dict[str, Any]:
    """The small part, sent with every rerun; see ``SpaceData`` in ``frontend/src/space.js``.

    Args:
        packs: the keys of ``places_pack``, ``paint_pack`` and ``words_pack`` as places, paint and words.
    """
    stars: list[dict[str, Any]] = []
    if generated is not None:
        stars = [
            {"x": round(float(x), 4), "y": round(float(y), 4), "colour": int(code), "asked": asked, "predicted": found}
            for (x, y), code, asked, found in zip(
                generated.places, colours.generated, generated.emotion, generated.predicted, strict=True
            )
        ]
    return {
        "token": token,
        "pack": packs["places"],
        "paint": packs["paint"],
        "words": packs["words"],
        "run": run_id,
        "rows": len(points),
        "frame": list(points.bounds),
        "whole": list(_whole(points, generated, own)),
        "colours": {
            "title": colours.title,
            "names": [short(name, 40) for name in colours.names],
            "colours": list(colours.colours),
            "scale": None if colours.scale is None else list(colours.scale),
        },
        "show": {"audio": look.audio, "text": look.text, "pairs": look.pairs},
        "generated": stars,
        "own": [
            {"x": float(one.place[0]), "y": float(one.place[1]), "text": one.modality == "text", "name": one.name}
            for one in own
        ],
        "selected": packed(selection.rows, len(points)),
        "picked": selection.picked,
        "near": list(near),
        "seen": seen,
        "view": None if look.view is None else list(look.view),
    }


def _whole(
    points: MapPoints, generated: GeneratedPoints | None, own: Sequence[Own]
) -> tuple[float, float, float, float]:
    """All places; what is generated or a person's own, outside the real ones, is not cut off unseen."""
    ends = points.bounds
    others = np.concatenate(
        [np.empty((0, 2)), *([generated.places] if generated else []), *(one.place[None] for one in own)]
    )
    corners = np.array([[ends[0], ends[2]], [ends[1], ends[3]]])
    inside = (others >= corners[0]).all() and (others <= corners[1]).all()
    return ends if inside else frame_of(np.concatenate([corners, others]))


def packed(rows: Sequence[int], count: int) -> str:
    """A set of rows as bits in base 64, empty for none.

    >>> packed([0, 9], 10), unpacked(packed([0, 9], 10), 10)
    ('gEA=', (0, 9))
    """
    if not rows:
        return ""
    marks = np.zeros(count, dtype=bool)
    marks[list(rows)] = True
    return base64.b64encode(np.packbits(marks).tobytes()).decode()


def unpacked(text: Any, count: int) -> tuple[int, ...]:
    """The rows of ``packed``; none where the text is something else.

    >>> unpacked("%%", 10), unpacked(3, 10)
    ((), ())
    """
    try:
        bits = np.frombuffer(base64.b64decode(text, validate=True), dtype=np.uint8)
    except (binascii.Error, ValueError, TypeError):
        return ()
    return tuple(np.flatnonzero(np.unpackbits(bits)[:count]).tolist())


def chosen(event: Mapping[str, Any], visible: np.ndarray) -> Selection:
    """What the browser says is selected and picked; rows that the filters hide are left out."""
    picked = event.get("picked")
    known = isinstance(picked, int) and not isinstance(picked, bool) and 0 <= picked < len(visible)
    selection = Selection(unpacked(event.get("selected") or "", len(visible)), picked if known else None)
    return selection.within(visible)


def seen_view(event: Mapping[str, Any]) -> tuple[float, float, float] | None:
    """The middle and the zoom that the browser shows, or None for something else.

    >>> seen_view({"view": [1.0, 2, 3.5]}), seen_view({"view": [1, "x", 2]})
    ((1.0, 2.0, 3.5), None)
    """
    values = numbers(event.get("view"))
    if values is None or len(values) != 3 or values[2] <= 0:
        return None
    x, y, zoom = (round(value, 4) for value in values)
    return x, y, zoom
