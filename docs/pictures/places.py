"""Which pictures there are, where they lie, and whether they are older than what they show."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "assets" / "screenshots"
STAMP = FOLDER / "pictures.json"
THEMES = ("light", "dark")
MOST_BYTES = 120_000
FILM_BYTES = 2_500_000
FILM = "lab-in-motion"

# What decides how the dashboard on the demo looks.
SOURCES = (
    ("dashboard", ("*.py", "*.toml", "components/*.js")),
    ("pages", ("*.py",)),
    ("assets/demo/workspace", ("*.json", "*.yaml", "*.parquet", "*.safetensors")),
    ("docs/pictures", ("*.py",)),
)


def still(page: str, theme: str, folder: Path = FOLDER) -> Path:
    """The picture of a page of ``dashboard.navigation``.

    >>> still("latent_lab", "dark").name
    'latent-lab-dark.png'
    """
    return folder / f"{page.replace('_', '-')}-{theme}.png"


def film(theme: str, folder: Path = FOLDER) -> Path:
    """The lab in motion."""
    return folder / f"{FILM}-{theme}.webp"


def fingerprint(root: Path = ROOT) -> str:
    """A hash of all that decides what the pictures show."""
    said = hashlib.blake2b(digest_size=16)
    for folder, patterns in SOURCES:
        files = {file for pattern in patterns for file in (root / folder).rglob(pattern)}
        for file in sorted(file for file in files if "frontend" not in file.parts):
            said.update(file.relative_to(root).as_posix().encode() + b"\0")
            said.update(hashlib.blake2b(file.read_bytes()).digest())
    return said.hexdigest()


def write_stamp(folder: Path = FOLDER) -> None:
    """Says beside the pictures what they were taken of."""
    content = {"sources": fingerprint(), "taken by": "python -m docs.pictures"}
    (folder / STAMP.name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def stale(folder: Path = FOLDER) -> bool:
    """Whether dashboard or demo have changed since the pictures were taken."""
    try:
        return json.loads((folder / STAMP.name).read_text(encoding="utf-8"))["sources"] != fingerprint()
    except (OSError, ValueError, KeyError):
        return True


def missing(pages: Iterable[str], folder: Path = FOLDER) -> list[str]:
    """A line for each picture that is not there, or is larger than a page of documentation should load."""
    wanted = [(still(page, theme, folder), MOST_BYTES) for page in pages for theme in THEMES]
    wanted += [(film(theme, folder), FILM_BYTES) for theme in THEMES]
    said = []
    for file, most in wanted:
        if not file.is_file():
            said.append(f"assets/screenshots/{file.name} is missing: make pictures")
        elif file.stat().st_size > most:
            said.append(f"assets/screenshots/{file.name} has {file.stat().st_size:,} bytes, more than {most:,}")
    return said
