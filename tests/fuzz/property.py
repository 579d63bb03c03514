"""The property: whatever the bytes, a reader works or says in one line what is wrong, soon."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, settings

from core.errors import MirageError

LONG = int(os.environ.get("MIRAGE_FUZZ", "0"))
"""How many times more examples are tried than in ``make test``, with other ones each time; 0: the same few."""

SECONDS = 20
"""No reader takes longer over a file of a few kilobytes."""

T = TypeVar("T")


def tries(examples: int) -> Callable[[T], T]:
    """Settings of a fuzz test: so many examples in ``make test``."""
    decorate: Any = settings(
        max_examples=examples * max(LONG, 1),
        deadline=None,
        derandomize=not LONG,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
    )
    return decorate


def works_or_says(*actions: Callable[[], Any]) -> bool:
    """Whether all went through; each works or raises a MirageError of one line, and all within ``SECONDS``."""
    fine = True
    with _soon(), redirect_stdout(io.StringIO()):
        for action in actions:
            try:
                action()
            except MirageError as error:
                message = str(error)
                assert message.isprintable(), message
                assert 10 < len(message) < 2100, message
                fine = False
    return fine


@contextmanager
def _soon() -> Iterator[None]:
    def ring(number: int, frame: object) -> None:
        raise AssertionError(f"took longer than {SECONDS} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
