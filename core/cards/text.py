"""Text of strangers in Markdown: it stays text, whatever it holds, and metadata stays YAML."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from core.printable import one_line

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "&#64;"}
_MARKS = re.compile(r"([\\`*_{}\[\]#|~$!^])")
# What begins a list, a line below a heading or a rule, where it begins a line.
_START = re.compile(r"^(?:[-+=](?=[-+=\s]|$)|\d{1,9}(?=[.)](?:\s|$)))")


def plain(text: str) -> str:
    r"""``text`` as Markdown that shows just that, on one line: no markup, HTML, links, mentions or formulas.

    >>> plain("a|b <b>`x`</b> [y](z)")
    'a\\|b &lt;b&gt;\\`x\\`&lt;/b&gt; \\[y\\](z)'
    >>> plain("- see https://example.org"), plain("1. one"), plain("+0.5 points")
    ('\\- see https&#58;//example.org', '1\\. one', '+0.5 points')
    """
    text = "".join(_ENTITIES.get(char, char) for char in one_line(text).strip())
    # Entities hold a number sign of their own, which no mark may part.
    text = _MARKS.sub(r"\\\1", text).replace("&\\#", "&#")
    text = re.sub(r"(?i)www\.", "www&#46;", text.replace("://", "&#58;//"))
    found = _START.match(text)
    if found is None:
        return text
    return f"{found[0]}\\{text[found.end() :]}" if found[0].isdigit() else f"\\{text}"


def bullets(lines: Sequence[str]) -> str:
    """A list; the lines are plain text."""
    return "\n".join(f"- {plain(line)}" for line in lines)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; its cells are plain text."""
    lines = [columns, ["---"] * len(columns)]
    drawn = [f"| {' | '.join(row)} |" for row in lines]
    return "\n".join([*drawn, *(f"| {' | '.join(plain(cell) for cell in row)} |" for row in rows)])


def fenced(content: str, language: str = "") -> str:
    """A block of code that ends where its content does, whatever fences this holds.

    >>> print(fenced("a\\n```\\nb", "sh"))
    ````sh
    a
    ```
    b
    ````
    """
    lines = [one_line(line) for line in content.splitlines()]
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}{language}", *lines, fence])


def document(metadata: Mapping[str, Any], parts: Sequence[str]) -> str:
    """A card: metadata between its two lines, then the parts."""
    head = yaml.safe_dump(dict(metadata), sort_keys=False, allow_unicode=True, width=10_000)
    return f"---\n{head}---\n\n" + "\n\n".join(part for part in parts if part) + "\n"
