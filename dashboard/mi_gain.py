"""Mutual information against the gain in UA over configurations: the studies of the workspace, read with checks."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from core import BadInputError
from core.benchmarks import verdict as verdict_of
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
    """One configuration: held-out MI in nats, gain in UA as a share, each with its 95 % interval where there is one.

    Attributes:
        gain_p: of the corrected resampled t-test of the gain; studies did not always keep it.
    """

    name: str
    setting: dict[str, Any]
    mi: float | None
    mi_low: float | None
    mi_high: float | None
    ceiling: float | None
    gain: float
    gain_low: float | None
    gain_high: float | None
    gain_p: float | None

    @property
    def verdict(self) -> str | None:
        """Of the gain, by its interval and its test; None without one of them."""
        if self.gain_low is None or self.gain_high is None or self.gain_p is None:
            return None
        clear = self.gain_low > 0.0 or self.gain_high < 0.0
        return verdict_of({"mean": self.gain, "clear": clear, "p_value": self.gain_p})


@dataclass(frozen=True)
class Study:
    """One ``mi_gain.json`` as one of its informations and one of its gains show it.

    Attributes:
        over: the method that the gain is over. mi, gain: key of the information and of the gain that are shown.
        spearman, low, high: their rank correlation, 95 % interval over configurations.
        fold_low, fold_high: 95 % interval of it over the folds of the same configurations, where it is told.
        mis, gains: titles of what can be shown, by key; none where a study has one of each.
        quantity: title of the information. told: what it is, in a sentence. protocol: what was the same for all.
        command: the command line that it came from. condition: what was trained on, in words.
        failed: names of configurations that have no figures, with the reason.
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
    command: str = ""
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
        command=str(content.get("command") or ""),
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


def role(study: Study) -> str:
    """Whether it is the main association of the study that is shown; empty where there is one only."""
    if len(study.mis) < 2 and len(study.gains) < 2:
        return ""
    if (study.mi, study.gain) == (MI, GAIN):
        return "The main association, chosen beforehand."
    information = f"{study.mis[MI]} against " if MI in study.mis else ""
    rows = study.gains.get(GAIN, GAIN)
    return f"A further association: the main one, chosen beforehand, is {information}generated rows {rows}."


def verdict(study: Study) -> str:
    """What the rank correlation is, of how many configurations, and what may be made of it.

    The configurations were picked by hand, which an interval over them alone does not know: "goes with" needs the
    interval over folds to agree, where there is one.
    """
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
    text += f", 95 % interval {study.low:+.2f} to {study.high:+.2f} over {count} configurations"
    over = {"configurations": (study.low, study.high)}
    if study.fold_low is not None and study.fold_high is not None:
        text += f" and {study.fold_low:+.2f} to {study.fold_high:+.2f} over folds"
        over["folds"] = (study.fold_low, study.fold_high)
    if all(low > 0 for low, _ in over.values()):
        return f"{text}: more information goes with more gain.{more}"
    if all(high < 0 for _, high in over.values()):
        return f"{text}: more information goes with less gain.{more}"
    zero = " and ".join(name for name, (low, high) in over.items() if low <= 0 <= high)
    why = f"the interval over {zero} holds zero" if zero else "the two intervals contradict each other"
    return f"{text}: not clear, {why}.{more}"


def gains(study: Study) -> str:
    """How many configurations gain, or lose, by interval and test; empty without intervals."""
    if not any(row.gain_low is not None and row.gain_high is not None for row in study.rows):
        return ""
    verdicts = [row.verdict for row in study.rows if row.verdict]
    if not verdicts:
        return "Gains and losses are not counted: this study kept no test of them; run the same command again."
    more, less = verdicts.count("better"), verdicts.count("worse")
    return (
        f"By interval and test together, {more or 'none'} of {len(verdicts)} configurations "
        f"gain{'s' if more == 1 else ''} and {less or 'none'} lose{'s' if less == 1 else ''}; of the others it cannot "
        "be told."
    )


def table(study: Study) -> pd.DataFrame:
    """One row for each configuration: MI in nats, gain in points (percent of UA), and its setting."""
    tested = any(row.gain_p is not None for row in study.rows)
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
                **({"p": row.gain_p} if tested else {}),
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
        "gain_p": f"{gain}_p_value",
    }
    value = _number(row.get(gain), f"{where}: {gain}")
    if value is None:
        raise BadInputError(f"{where}: no {gain}; run the study again")
    numbers = {name: _number(row.get(key), f"{where}: {key}") for name, key in keys.items()}
    p_value = numbers["gain_p"]
    if p_value is not None and not 0.0 <= p_value <= 1.0:
        raise BadInputError(f"{where}: {gain}_p_value = {p_value:g} is no probability; run the study again")
    return Configuration(
        name=_text(row.get("name"), f"{where}: name")[:_MOST_NAME],
        setting=_mapping(row.get("setting"), f"{where}: setting"),
        gain=value,
        **numbers,
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
