"""Text of strangers on one line: what cannot be seen is written out."""

from __future__ import annotations


def printable(text: str) -> str:
    """``text`` with control characters and half surrogates escaped: file names can hold anything.

    >>> printable("a\\x1b[31m")
    'a\\\\x1b[31m'
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)
