"""Configurations of encoders that ask for what no encoder has."""

from __future__ import annotations

import json
import re
from pathlib import Path

from core.errors import BadInputError
from core.reading import read_whole

_MOST_CONFIG = 16 << 20
_LARGEST, _MOST_PARTS = 10_000_000, 10_000
_COUNTS = re.compile("layers|blocks|depth|labels|heads|stages|groups|experts")


def refuse_absurd(path: Path, name: str) -> None:
    """Looks at every number of a ``config.json`` before a module is made of it.

    Args:
        path: of the file. name: of the encoder, with which the line begins.

    Raises:
        BadInputError: it is damaged, or a number is larger than that of any encoder.
    """
    try:
        content = json.loads(read_whole(path, _MOST_CONFIG))
    except (ValueError, RecursionError):
        raise BadInputError(f"{name}: config.json is damaged; fetch the checkpoint again") from None
    waiting = [("", content)]
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.items()
        elif isinstance(value, list):
            waiting += [(key, item) for item in value]
        elif isinstance(value, int) and not -1 <= value <= (_MOST_PARTS if _COUNTS.search(key) else _LARGEST):
            raise BadInputError(
                f"{name}: config.json asks for {key[:60]} = {str(value)[:40]}, more than any encoder has; "
                "fetch the checkpoint again"
            )
