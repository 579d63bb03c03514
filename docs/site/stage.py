"""Lays the pages out for Sphinx as they lie in the repository, README.md as the first, with what is generated."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from docs.pictures.places import FOLDER
from docs.site import reference
from docs.site.navigation import DOCS, ROOT, SECTIONS

_PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)-light\.(png|webp)\)")
_BOTH = re.compile(
    r'<picture>.*?<img [^>]*alt="([^"]*)"[^>]*src="([^"]+)-light\.(png|webp)"[^>]*>\s*</picture>', re.DOTALL
)
_FILE = re.compile(r"\]\((\.\./)?((?!docs/|assets/screenshots/|README)[\w./-]+\.(?:py|toml|txt|yaml|md)|LICENSE)\)")


def stage(target: Path) -> None:
    """Writes the sources of the site into ``target``, which is emptied first."""
    shutil.rmtree(target, ignore_errors=True)
    (target / "docs").mkdir(parents=True)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (target / "index.md").write_text(_page(readme, target) + "\n" + _contents(), encoding="utf-8")
    for file in DOCS.glob("*.md"):
        text = file.read_text(encoding="utf-8").replace("](../README.md", "](../index.md")
        (target / "docs" / file.name).write_text(_page(text, target), encoding="utf-8")
    for name, text in (
        ("configuration", reference.configuration()),
        ("commands", reference.command_line()),
        ("python", reference.python_names()),
    ):
        (target / "docs" / f"{name}.md").write_text(text, encoding="utf-8")
    shutil.copytree(FOLDER, target / "assets" / "screenshots")


def _page(text: str, target: Path) -> str:
    # Viewers of repositories and Sphinx write a displayed formula differently.
    text = text.replace("```math\n", "```{math}\n")
    text = _PICTURE.sub(lambda match: _both(match[1], match[2], match[3]), text)
    text = _BOTH.sub(lambda match: _both(match[1], match[2], match[3]), text)
    for match in _FILE.finditer(text):
        # Files that are no pages go along as they are.
        place, copied = ROOT / match[2], target / match[2]
        if place.is_file() and not (match[1] is None and (DOCS / match[2]).is_file()):
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(place, copied if copied.suffix != ".md" else copied.with_suffix(".md.txt"))
    return re.sub(r"\]\(((?:\.\./)?assets/demo/[\w/]+\.md)\)", r"](\1.txt)", text)


def _both(alt: str, stem: str, ending: str) -> str:
    """The picture in both themes, of which the style sheet shows one."""
    return " ".join(f"![{alt}]({stem}-{theme}.{ending}){{.picture-{theme}}}" for theme in ("light", "dark"))


def _contents() -> str:
    parts = []
    for caption, pages in SECTIONS.items():
        lines = ["```{toctree}", ":hidden:", f":caption: {caption}", "", *(f"docs/{page}" for page in pages), "```"]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"
