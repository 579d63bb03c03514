"""Mutual information against the gain in UA over configurations: the studies of the workspace, read with checks."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from core import BadInputError
from core.files import read_json

FILE = "mi_gain.json"
FEWEST = 5
"""With fewer configurations a rank correlation says nothing."""
FEATURES = {"audio": "audio", "audio_and_text": "audio and text"}
MI, GAIN = "mi", "gain"
"""Keys of the main information and the main gain of a row."""
_MOST_NAME = 80


@dataclass(frozen=True)
class Configuration:
    """One configuration: held-out MI in nats, gain in UA as a share, each with its 95 % interval where there is one."""

    name: str
    setting: dict[str, Any]
    mi: float | None
    mi_low: float | None
    mi_high: float | None
    ceiling: float | None
    gain: float
    gain_low: float | None
    gain_high: float | None


@dataclass(frozen=True)
class Study:
    """One ``mi_gain.json`` as one of its informations and one of its gains show it.

    Attributes:
        over: the method that the gain is over. mi, gain: key of the information and of the gain that are shown.
        spearman, low, high: their rank correlation, 95 % interval over configurations.
        fold_low, fold_high: 95 % interval of it over the folds of the same configurations, where it is told.
        mis, gains: titles of what can be shown, by key; none where a study has one of each.
        quantity: title of the information. told: what it is, in a sentence. protocol: what was the same for all.
        condition: what was trained on, in words. failed: names of configurations that have no figures, with the reason.
    """

    name: str
    corpus: str
    features: str
    over: str
    quantity: str
    rows: tuple[Configuration, ...]
    spearman: float | None
    low: float | None
    high: float | None
    mi: str = MI
    gain: str = GAIN
    fold_low: float | None = None
    fold_high: float | None = None
    mis: dict[str, str] = field(default_factory=dict)
    gains: dict[str, str] = field(default_factory=dict)
    told: str = ""
    protocol: str = ""
    condition: str = ""
    failed: tuple[str, ...] = ()

    @property
    def measured(self) -> tuple[Configuration, ...]:
        """The configurations whose information could be measured."""
        return tuple(row for row in self.rows if row.mi is not None)


def folders(benchmarks: Path) -> list[Path]:
    """The folders that hold a study, newest first."""
    found = [path for path in benchmarks.glob(f"*/{FILE}") if path.is_file()]
    return [path.parent for path in sorted(found, key=lambda path: (-path.stat().st_mtime, path.parent.name))]


def read(folder: Path, mi: str = MI, gain: str = GAIN) -> Study:
    """The study of a folder.

    Args:
        mi, gain: which of its informations and gains; one that it does not have gives the main one.

    Raises:
        BadInputError: no readable JSON, a key that is missing, or a value that cannot be.
    """
    path = folder / FILE
    content = read_json(path)
    if not isinstance(content, dict) or not isinstance(content.get("rows"), list):
        raise BadInputError(f"{path}: not a study (expected an object with 'rows'); run the study again")
    head = ("corpus", "features", "over", "quantity")
    words: dict[str, Any] = {key: _text(content.get(key), f"{path}: {key}") for key in head}
    measures = _mapping(content.get("measures"), f"{path}: measures")
    mis, gains = (_titles(measures.get(key), f"{path}: measures.{key}") for key in (MI, GAIN))
    mi, gain = mi if mi in mis else MI, gain if gain in gains else GAIN
    words["quantity"] = mis.get(mi, words["quantity"])
    return Study(
        folder.name,
        rows=tuple(_row(row, f"{path}: row {at}", mi, gain) for at, row in enumerate(content["rows"], start=1)),
        mi=mi,
        gain=gain,
        mis=mis,
        gains=gains,
        told=_titles(content.get("told"), f"{path}: told").get(mi, ""),
        protocol=str(content.get("protocol") or ""),
        condition=str(content.get("condition_title") or ""),
        failed=_failed(content.get("failed"), f"{path}: failed"),
        **words,
        **_correlation(content, mi, gain, path),
    )


def _correlation(content: dict[str, Any], mi: str, gain: str, path: Path) -> dict[str, Any]:
    """The rank correlation of the two, with its intervals."""
    listed = content.get("associations") or []
    own = next((one for one in listed if isinstance(one, dict) and (one.get(MI), one.get(GAIN)) == (mi, gain)), {})
    main = (mi, gain) == (MI, GAIN)
    names = {
        "spearman": content.get("spearman") if main else own.get("spearman"),
        "low": content.get("spearman_low") if main else own.get("low"),
        "high": content.get("spearman_high") if main else own.get("high"),
        "fold_low": own.get("low_over_folds"),
        "fold_high": own.get("high_over_folds"),
    }
    found = {key: _number(value, f"{path}: {key}") for key, value in names.items()}
    if any(value is not None and abs(value) > 1 + 1e-9 for value in found.values()):
        raise BadInputError(f"{path}: a rank correlation lies from -1 to 1; run the study again")
    return found


def verdict(study: Study) -> str:
    """What the rank correlation is, of how many configurations, and what may be made of it."""
    count = len(study.measured)
    left_out = len(study.rows) - count
    more = f" {left_out} more had no measured information and are left out." if left_out else ""
    if count < FEWEST:
        return (
            f"{count} configuration{'' if count == 1 else 's'} so far: a rank correlation needs at least {FEWEST} "
            f"to say anything.{more}"
        )
    if study.spearman is None:
        return f"No rank correlation over {count} configurations: one of the two never changes.{more}"
    text = f"Spearman's rank correlation {study.spearman:+.2f}"
    if study.low is None or study.high is None:
        return f"{text}, without an interval, over {count} configurations.{more}"
    text += f", 95 % interval {study.low:+.2f} to {study.high:+.2f}, over {count} configurations: "
    if study.fold_low is not None and study.fold_high is not None:
        more = f" With other folds of the same: {study.fold_low:+.2f} to {study.fold_high:+.2f}.{more}"
    if study.low > 0:
        return f"{text}more information goes with more gain.{more}"
    if study.high < 0:
        return f"{text}more information goes with less gain.{more}"
    return f"{text}not clear, the interval holds zero.{more}"


def gains(study: Study) -> str:
    """How many configurations have a gain, or a loss, whose interval leaves zero out; empty without intervals."""
    told = [row for row in study.rows if row.gain_low is not None and row.gain_high is not None]
    if not told:
        return ""
    more = sum(row.gain_low is not None and row.gain_low > 0 for row in told)
    less = sum(row.gain_high is not None and row.gain_high < 0 for row in told)
    return (
        f"By the interval of each alone, {more or 'none'} of {len(told)} configurations gain{'s' if more == 1 else ''} "
        f"and {less or 'none'} lose{'s' if less == 1 else ''}; of the others it cannot be told."
    )


def table(study: Study) -> pd.DataFrame:
    """One row for each configuration: MI in nats, gain in points (percent of UA), and its setting."""
    keys = list(dict.fromkeys(key for row in study.rows for key in row.setting))
    return pd.DataFrame(
        [
            {
                "configuration": row.name,
                "MI": row.mi,
                "MI low": row.mi_low,
                "MI high": row.mi_high,
                "gain": 100 * row.gain,
                "gain low": None if row.gain_low is None else 100 * row.gain_low,
                "gain high": None if row.gain_high is None else 100 * row.gain_high,
                **{key: str(row.setting.get(key, "")) for key in keys},
            }
            for row in study.rows
        ]
    )


def _row(row: Any, where: str, mi: str, gain: str) -> Configuration:
    if not isinstance(row, dict):
        raise BadInputError(f"{where}: not an object; run the study again")
    keys = {
        "mi": mi,
        "mi_low": f"{mi}_low",
        "mi_high": f"{mi}_high",
        "ceiling": mi.replace(MI, "ceiling", 1),
        "gain_low": f"{gain}_low",
        "gain_high": f"{gain}_high",
    }
    value = _number(row.get(gain), f"{where}: {gain}")
    if value is None:
        raise BadInputError(f"{where}: no {gain}; run the study again")
    return Configuration(
        name=_text(row.get("name"), f"{where}: name")[:_MOST_NAME],
        setting=_mapping(row.get("setting"), f"{where}: setting"),
        gain=value,
        **{name: _number(row.get(key), f"{where}: {key}") for name, key in keys.items()},
    )


def _failed(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value or [], list):
        raise BadInputError(f"{where}: not a list; run the study again")
    each = [_mapping(one, where) for one in value or []]
    return tuple(f"{_text(one.get('name'), f'{where}: name')[:_MOST_NAME]}: {one.get('reason')}" for one in each)


def _mapping(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value or {}, dict):
        raise BadInputError(f"{where} is not an object; run the study again")
    return {str(key): item for key, item in (value or {}).items()}


def _titles(value: Any, where: str) -> dict[str, str]:
    return {key: _text(title, f"{where}: {key}") for key, title in _mapping(value, where).items()}


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise BadInputError(f"{where} is missing; run the study again")
    return value


def _number(value: Any, where: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadInputError(f"{where}: {value!r} is not a number; run the study again")
    return float(value)
