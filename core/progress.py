"""How the engine reports long work: by calling, never by printing."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with what is done so far, the total, and one short line that says what is going on."""

    def __call__(self, done: int, total: int, message: str = "") -> None: ...


def silent(done: int, total: int, message: str = "") -> None:
    """Reports to nobody."""
