"""Pairs as people write them, on the command line and in the forms of the dashboard."""

from __future__ import annotations

from collections.abc import Iterable

from core.errors import BadInputError


def read_pairs(option: str, texts: Iterable[str]) -> dict[str, str]:
    """``a=b,c=d``, given once or several times; a comma inside a value is kept where no ``=`` follows it.

    Args:
        option: what faults call it.

    Raises:
        BadInputError: a part without ``=``, name or value, or a name that is given two values.

    >>> read_pairs("--map", ["text=Said, word for word,speaker=Who"])
    {'text': 'Said, word for word', 'speaker': 'Who'}
    """
    pairs: dict[str, str] = {}
    for text in texts:
        parts: list[str] = []
        for part in text.rstrip(", ").split(","):
            if "=" in part or not parts:
                parts.append(part)
            else:
                parts[-1] += "," + part
        for part in parts:
            key, equals, value = part.partition("=")
            key, value = key.strip(), value.strip()
            if not equals or not key or not value:
                raise BadInputError(f"{option} {text}: expected NAME=VALUE,NAME=VALUE")
            if pairs.get(key, value) != value:
                raise BadInputError(f"{option} {text}: {key} is given twice")
            pairs[key] = value
    return pairs


def read_ranges(option: str, texts: Iterable[str]) -> dict[str, tuple[float, float]]:
    """``a=1:7,b=5:1``: the two numbers of each name, in the order they are written.

    Raises:
        BadInputError: as ``read_pairs``, or a value that is not two numbers with ``:`` between them.

    >>> read_ranges("--scale", ["arousal=1:7, valence=5:1"])
    {'arousal': (1.0, 7.0), 'valence': (5.0, 1.0)}
    """
    ranges: dict[str, tuple[float, float]] = {}
    for key, text in read_pairs(option, texts).items():
        try:
            low, high = (float(part) for part in text.split(":"))
        except ValueError:
            raise BadInputError(f"{option} {key}={text}: expected LOWEST:HIGHEST, for example arousal=1:7") from None
        ranges[key] = (low, high)
    return ranges
