"""Links of README.md and docs/*.md: every one that leads into the repository leads to something."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from docs.site.navigation import DOCS, GENERATED, ROOT

_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"\]\(([^()\s]*(?:\([^()\s]*\))?)\)")
_SOURCE = re.compile(r"""(?:src|srcset|href)="([^"]+)\"""")


def markdown_files() -> list[Path]:
    """README.md and the pages of docs/."""
    return [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]


def faults(files: Iterable[Path] | None = None) -> list[str]:
    """A line for each link that leads nowhere. Addresses on other machines are not asked."""
    said = []
    for file in markdown_files() if files is None else files:
        text = _FENCE.sub("", file.read_text(encoding="utf-8"))
        for target in [*_LINK.findall(_CODE.sub("", text)), *_SOURCE.findall(text)]:
            if not re.match(r"[a-z]+:", target):
                reason = _fault(file, target)
                if reason:
                    said.append(f"{file.name}: the link {target} {reason}")
    return said


def anchor(heading: str) -> str:
    """How viewers of repositories name a heading.

    >>> anchor("What is the paper's, and what is `ours`")
    'what-is-the-papers-and-what-is-ours'
    """
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def _fault(file: Path, target: str) -> str:
    path, _, place = target.partition("#")
    led = (file.parent / path).resolve() if path else file
    if path and led.parent == DOCS and led.suffix == ".md" and led.stem in GENERATED:
        return "leads to a generated page, which a repository viewer has not: name its command instead"
    if not led.exists():
        return "leads to nothing"
    if place and led.suffix == ".md" and place not in _anchors(led):
        return "names a heading that is not there"
    return ""


@cache
def _anchors(file: Path) -> set[str]:
    text = _FENCE.sub("", file.read_text(encoding="utf-8"))
    return {anchor(heading) for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
