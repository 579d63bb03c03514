"""Text of strangers on one line: what cannot be seen is written out."""

from __future__ import annotations

import re

# Control characters, ends of lines, and the marks that turn the direction of what follows (Unicode, UAX 9).
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def printable(text: str) -> str:
    """``text`` with control characters and half surrogates escaped: file names can hold anything.

    >>> printable("a\\x1b[31m")
    'a\\\\x1b[31m'
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def one_line(text: str) -> str:
    """``text`` on one line that is written in one direction; what letters of any language need stays.

    >>> one_line("a\\u202eb\\n"), one_line("\\u0645\\u06cc\\u200c\\u062e")
    ('a\\\\u202eb\\\\n', '\u0645\u06cc\\u200c\u062e')
    """
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
