"""What a paired gain comes to, in words: the same on the command line and on the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LEVEL = 0.05
VERDICTS = ("better", "worse", "not told apart")


def verdict(gain: Mapping[str, Any]) -> str:
    """One of ``VERDICTS`` for a gain as ``paired_gain(...).to_dict()`` gives it.

    The bootstrap over few folds is narrow: a verdict needs interval and test to agree.

    >>> verdict({"mean": -0.02, "clear": True, "p_value": 0.01})
    'worse'
    >>> verdict({"mean": 0.02, "clear": True, "p_value": 0.2})
    'not told apart'
    """
    if not (gain["clear"] and gain["p_value"] < LEVEL):
        return "not told apart"
    return "better" if gain["mean"] > 0 else "worse"


def p_words(value: float) -> str:
    """A p-value as it is printed everywhere: never as zero, which no test can find.

    >>> p_words(0.0164), p_words(0.0002)
    ('0.016', '< 0.001')
    """
    return f"{value:.3f}" if value >= 0.001 else "< 0.001"
