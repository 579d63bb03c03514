"""The order of the site's pages. A page of ``docs/`` that is not listed here fails the check."""

from __future__ import annotations

from pathlib import Path

from dashboard.navigation import PAGES, PageSpec
from docs.pictures.places import still

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

SECTIONS: dict[str, tuple[str, ...]] = {
    "Start": ("quickstart", "dashboard", "corpora", "troubleshooting"),
    "Method": ("method", "science", "measured", "results", "information"),
    "Work": ("scaling", "clusters", "exports", "hub", "jobs", "server", "safety", "logs"),
    "Reference": ("configuration", "commands", "python", "errors", "dependencies", "development"),
}
"""Caption to pages of docs/, without ``.md``."""

GENERATED = ("configuration", "commands", "python")
"""Pages that are made from the source while the site is built; the others are files of docs/."""


def listed() -> list[str]:
    """All pages in order."""
    return [page for pages in SECTIONS.values() for page in pages]


def faults(docs: Path = DOCS) -> list[str]:
    """A line for each page that is not listed, listed twice or not there."""
    there = sorted(file.stem for file in docs.glob("*.md"))
    names = listed()
    said = [
        f"docs/{name}.md is in no section: list it in docs/site/navigation.py" for name in there if name not in names
    ]
    said += [
        f"{name} is listed twice in docs/site/navigation.py"
        for name in sorted({n for n in names if names.count(n) > 1})
    ]
    for name in names:
        if (name in GENERATED) == (name in there):
            reason = "is generated: delete the file" if name in there else "is listed and not there"
            said.append(f"docs/{name}.md {reason}")
    return said


def pages_untold(text: str, pages: tuple[PageSpec, ...] = PAGES) -> list[str]:
    """A line for each page of the dashboard without a section, or without its picture, in docs/dashboard.md."""
    said = []
    for page in pages:
        if f"\n## {page.title}\n" not in text:
            said.append(f"docs/dashboard.md has no section '## {page.title}': say what the page is for")
        picture = f"../assets/screenshots/{still(page.name, 'light').name}"
        if f"]({picture})" not in text:
            said.append(f"docs/dashboard.md does not show {picture}")
    return said
