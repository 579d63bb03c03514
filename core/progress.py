"""How the engine reports long work: by calling, never by printing."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with what is done so far, the total, and one short line that says what is going on."""

    def __call__(self, done: int, total: int, message: str = "") -> None: ...


def silent(done: int, total: int, message: str = "") -> None:
    """Reports to nobody."""


def duration(seconds: float) -> str:
    """A time span for people.

    >>> duration(42), duration(125), duration(7300)
    ('42 s', '2 min 5 s', '2 h 1 min')
    """
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
