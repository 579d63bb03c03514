"""What the lab's controls say: one frozen value that can be undone, put into the address and turned into a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

CODE_LIMIT = 3.0
"""Codes go from -3 to 3 standard deviations of what the generator was trained on."""
COUNT_LIMIT = 64
TRUNCATION_LIMIT = 2.0
SEED_LIMIT = 2**31 - 1
HISTORY = 100


@dataclass(frozen=True)
class Controls:
    """Everything that decides what is generated, and which of it is looked at.

    ``mixture`` holds a weight in [0, 1] for each class and is None while one emotion is asked for. ``codes`` are in
    sigma. ``text`` is the row of an utterance whose text feature conditions all samples, or None for training texts
    of the emotion. ``sample`` is the one looked at, ``strip`` the code that the traversal strip moves. ``locked``
    keeps the noise while other controls move.
    """

    emotion: str
    codes: tuple[float, ...]
    mixture: tuple[float, ...] | None = None
    truncation: float = 1.0
    seed: int = 0
    locked: bool = True
    count: int = 16
    text: int | None = None
    sample: int = 0
    strip: int = 0

    def weights(self, classes: Sequence[str]) -> dict[str, float]:
        """The share of each class, summing to 1."""
        if self.mixture is None:
            return {name: float(name == self.emotion) for name in classes}
        total = sum(self.mixture)
        return {name: weight / total for name, weight in zip(classes, self.mixture, strict=True)}

    def asked(self, classes: Sequence[str]) -> str:
        """The emotion that is asked for; of a mixture, the heaviest."""
        weights = self.weights(classes)
        return max(classes, key=lambda name: weights[name])


def initial(classes: Sequence[str], codes: int) -> Controls:
    """The controls of a fresh lab: the first emotion, all codes at 0.

    >>> initial(["angry", "sad"], 2).codes
    (0.0, 0.0)
    """
    return Controls(classes[0], (0.0,) * codes)


def changed(before: Controls, **values: Any) -> Controls:
    """``before`` with new values; unlocked noise is drawn anew with every change of what is generated.

    >>> changed(Controls("sad", (0.0,), locked=False), truncation=0.5).seed
    1
    >>> changed(Controls("sad", (0.0,), locked=False), sample=3).seed
    0
    """
    after = replace(before, **values)
    if after.sample >= after.count:
        after = replace(after, sample=after.count - 1)
    looked_at = {"sample", "strip", "locked", "seed"}
    if not after.locked and not set(values) <= looked_at:
        after = replace(after, seed=(after.seed + 1) % SEED_LIMIT)
    return after


def arguments(controls: Controls, classes: Sequence[str], code_names: Sequence[str]) -> dict[str, Any]:
    """The keyword arguments of ``LoadedRun.generate`` that make exactly what the lab shows."""
    made: dict[str, Any] = {}
    if controls.mixture is None:
        made["emotion"] = controls.emotion
    else:
        made["mixture"] = {
            name: round(weight, 4) for name, weight in zip(classes, controls.mixture, strict=True) if weight > 0
        }
    made["n"] = controls.count
    made["codes"] = dict(zip(code_names, controls.codes, strict=True))
    if controls.text is not None:
        made["text"] = controls.text
    made["truncation"] = controls.truncation
    made["seed"] = controls.seed
    return made


# --- the address -------------------------------------------------------------------------------------------------


def to_address(controls: Controls) -> str:
    """The controls as one short value for the address.

    >>> to_address(Controls("sad", (0.0, 1.5), seed=7))
    'e=sad;u=0,1.5;r=1;s=7;n=16;i=0;k=0'
    """
    parts = [f"e={controls.emotion}"]
    if controls.mixture is not None:
        parts.append("m=" + ",".join(f"{weight:g}" for weight in controls.mixture))
    parts.append("u=" + ",".join(f"{code:g}" for code in controls.codes))
    parts += [f"r={controls.truncation:g}", f"s={controls.seed}", f"n={controls.count}"]
    if controls.text is not None:
        parts.append(f"t={controls.text}")
    parts += [f"i={controls.sample}", f"k={controls.strip}"]
    if not controls.locked:
        parts.append("free=1")
    return ";".join(parts)


def from_address(value: str | None, start: Controls, classes: Sequence[str], has_text: Sequence[bool]) -> Controls:
    """The controls that an address describes; what it does not say, or says wrongly, stays as in ``start``.

    ``has_text`` says for each utterance whether its text can be a condition.
    """
    fields = dict(part.split("=", 1) for part in (value or "").split(";") if "=" in part)
    emotion = fields.get("e", start.emotion)
    codes = _numbers(fields, "u", len(start.codes), -CODE_LIMIT, CODE_LIMIT)
    mixture = _numbers(fields, "m", len(classes), 0.0, 1.0)
    count = int(_number(fields, "n", start.count, 1, COUNT_LIMIT))
    text = int(_number(fields, "t", -1, -1, len(has_text) - 1))
    return Controls(
        emotion=emotion if emotion in classes else start.emotion,
        codes=codes or start.codes,
        mixture=mixture if mixture and sum(mixture) > 0 else None,
        truncation=_number(fields, "r", start.truncation, 0.0, TRUNCATION_LIMIT),
        seed=int(_number(fields, "s", start.seed, 0, SEED_LIMIT)),
        locked=fields.get("free") != "1",
        count=count,
        text=text if text >= 0 and has_text[text] else None,
        sample=int(_number(fields, "i", 0, 0, count - 1)),
        strip=int(_number(fields, "k", 0, 0, len(start.codes) - 1)),
    )


def _number(fields: Mapping[str, str], key: str, default: float, low: float, high: float) -> float:
    try:
        value = float(fields[key])
    except (KeyError, ValueError):
        return default
    return min(max(value, low), high) if value == value else default


def _numbers(fields: Mapping[str, str], key: str, wanted: int, low: float, high: float) -> tuple[float, ...] | None:
    parts = fields.get(key, "").split(",")
    if len(parts) != wanted:
        return None
    try:
        values = [float(part) for part in parts]
    except ValueError:
        return None
    return tuple(min(max(value, low), high) if value == value else 0.0 for value in values)
