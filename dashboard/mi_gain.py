"""Mutual information against the gain in UA over configurations: the studies of the workspace, read with checks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from core import BadInputError
from core.files import read_json

FILE = "mi_gain.json"
FEWEST = 5
"""With fewer configurations a rank correlation says nothing."""
FEATURES = {"audio": "audio", "audio_and_text": "audio and text"}
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
    """One ``mi_gain.json``; ``over`` is the method that the gain is over."""

    name: str
    corpus: str
    features: str
    over: str
    quantity: str
    rows: tuple[Configuration, ...]
    spearman: float | None
    low: float | None
    high: float | None

    @property
    def measured(self) -> tuple[Configuration, ...]:
        """The configurations whose information could be measured."""
        return tuple(row for row in self.rows if row.mi is not None)


def folders(benchmarks: Path) -> list[Path]:
    """The folders that hold a study, newest first."""
    found = [path for path in benchmarks.glob(f"*/{FILE}") if path.is_file()]
    return [path.parent for path in sorted(found, key=lambda path: (-path.stat().st_mtime, path.parent.name))]


def read(folder: Path) -> Study:
    """The study of a folder.

    Raises:
        BadInputError: no readable JSON, a key that is missing, or a value that cannot be.
    """
    path = folder / FILE
    content = read_json(path)
    if not isinstance(content, dict) or not isinstance(content.get("rows"), list):
        raise BadInputError(f"{path}: not a study (expected an object with 'rows'); run the study again")
    words = {key: _text(content.get(key), f"{path}: {key}") for key in ("corpus", "features", "over", "quantity")}
    rows = tuple(_row(row, f"{path}: row {number}") for number, row in enumerate(content["rows"], start=1))
    figures = [_number(content.get(key), f"{path}: {key}") for key in ("spearman", "spearman_low", "spearman_high")]
    if any(figure is not None and abs(figure) > 1 + 1e-9 for figure in figures):
        raise BadInputError(f"{path}: a rank correlation lies from -1 to 1; run the study again")
    value, low, high = figures
    return Study(folder.name, rows=rows, spearman=value, low=low, high=high, **words)


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
    if study.low > 0:
        return f"{text}more information goes with more gain.{more}"
    if study.high < 0:
        return f"{text}more information goes with less gain.{more}"
    return f"{text}not clear, the interval holds zero.{more}"


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


def _row(row: Any, where: str) -> Configuration:
    if not isinstance(row, dict):
        raise BadInputError(f"{where}: not an object; run the study again")
    gain = _number(row.get("gain"), f"{where}: gain")
    if gain is None:
        raise BadInputError(f"{where}: no gain; run the study again")
    setting = row.get("setting") or {}
    if not isinstance(setting, dict):
        raise BadInputError(f"{where}: setting is not an object; run the study again")
    return Configuration(
        name=_text(row.get("name"), f"{where}: name")[:_MOST_NAME],
        setting={str(key): value for key, value in setting.items()},
        gain=gain,
        **{
            key: _number(row.get(key), f"{where}: {key}")
            for key in ("mi", "mi_low", "mi_high", "ceiling", "gain_low", "gain_high")
        },
    )


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
