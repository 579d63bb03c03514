"""Benchmarks that differ in their condition alone: gain against how much there was to train on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dashboard.benchmark.view import Gain, Results, gains

_ORDER = ("all", "50", "25", "10")
_SAME = ("corpus", "test_on", "permuted", "unlabelled", "split", "embeddings", "classes")
_SECTIONS = ("data", "alignment", "generation")


@dataclass(frozen=True)
class Member:
    """One condition with its gains from the same features over the same thing."""

    condition: str
    gains: dict[str, Gain]


def belongs(results: Results, other: Results) -> bool:
    """Whether two benchmarks differ in nothing but condition, methods and seeds."""
    config, own = results.get("config") or {}, other.get("config") or {}
    # What older results do not say is not so: they knew no unlabelled utterances.
    return all((results.get(key) or None) == (other.get(key) or None) for key in _SAME) and all(
        _section(config, name) == _section(own, name) for name in _SECTIONS
    )


def members(results: Results, others: list[Results], kind: str, over: str) -> list[Member]:
    """One for each condition, most training utterances first; of several with one condition the first counts.

    Args:
        results: the chosen benchmark, which counts for its condition. others: the rest, newest first.
        kind: features. over: one of ``view.OVER``'s values.
    """
    found: dict[str, Results] = {}
    for item in (results, *(other for other in others if belongs(results, other))):
        found.setdefault(str(item.get("condition")), item)
    listed = []
    for condition in sorted(found, key=_rank):
        own = {gain.method: gain for gain in gains(found[condition], kind) if gain.over == over}
        if own:
            listed.append(Member(condition, own))
    return listed


def condition_label(condition: str) -> str:
    """What stands on the axis.

    >>> condition_label("25"), condition_label("cut:sad")
    ('25 %', 'sad cut to 10 %')
    """
    if condition.startswith("cut:"):
        return f"{condition[4:]} cut to 10 %"
    return "all" if condition == "all" else f"{condition} %"


def _rank(condition: str) -> tuple[int, str]:
    return (_ORDER.index(condition), "") if condition in _ORDER else (len(_ORDER), condition)


def _section(config: dict[str, Any], name: str) -> Any:
    section = config.get(name)
    # The call says which corpus and what is learnt from without labels, whatever the configuration does.
    called = ("corpus", "unlabelled")
    return {key: value for key, value in section.items() if key not in called} if isinstance(section, dict) else section
