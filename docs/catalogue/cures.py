"""The cure of each message: what the message itself says to do, or what ``cures.yaml`` says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from docs.catalogue.scan import Site

ANYWHERE = "anywhere"
"""The section of ``cures.yaml`` for messages that several modules make."""

FILE = Path(__file__).with_name("cures.yaml")

# A part of a message that begins with one of these tells the reader to do something.
_VERBS = (
    "add",
    "ask for",
    "bring the",
    "check",
    "choose",
    "compare",
    "convert",
    "copy",
    "embed",
    "expected",
    "fetch",
    "fill in",
    "free some",
    "give",
    "go on with",
    "have who",
    "ingest it",
    "ingest the",
    "install",
    "keep one",
    "leave",
    "lower the",
    "make them",
    "make it with",
    "measure it",
    "name one",
    "pip install",
    "put",
    "remove",
    "rename",
    "repair",
    "resume",
    r"run(?! ')",
    "say",
    "save it",
    "see",
    "set MIRAGE_HOME",
    "split (?:by|it)",
    "take",
    "tell its",
    "train",
    "update",
    "use",
    "wait for",
    "where you trust their source",
    "write",
)
_VERB = re.compile(rf"(?:{'|'.join(_VERBS)})(?![a-z])", re.IGNORECASE)
_LISTED = re.compile(
    r"there are(?::| [a-z]| *\()|sections:|"
    r"(?:the run's codes|its emotions|the classes are|is not one of|must be one of)\b"
)


@dataclass(frozen=True)
class Cure:
    """``text`` says what to do; ``source`` is ``message``, ``table`` or ``words`` (the message says all)."""

    text: str
    source: str


def in_message(message: str) -> str | None:
    """What a message tells its reader to do; None where it does not.

    >>> in_message("port <port> is in use; say --port N")
    'say --port N'
    >>> in_message("there is no filter '<name>'; there are: none, density")
    'Take one of those that the message names.'
    >>> in_message("the features hold NaN or infinity")
    """
    message = message.replace("? say ", "; say ")
    parts = re.split(r"; | - |: |, or (?=use )", message)
    for at, part in enumerate(parts):
        if at and part.startswith("did you mean"):
            return "Write the name that the message proposes."
        # A remark in brackets is no advice.
        if at and _VERB.match(part) and part.count(")") <= part.count("("):
            return message[message.index(part) :] if message.count(part) == 1 else "; ".join(parts[at:])
    if _VERB.match(message):
        return message
    return "Take one of those that the message names." if _LISTED.search(re.sub(r"<[^<>]*>", "", message)) else None


def table() -> dict[str, dict[str, str]]:
    """``cures.yaml``: cures by module and message."""
    content = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {module: dict(cures) for module, cures in content.items()}


def cure_of(site: Site, cures: dict[str, dict[str, str]]) -> Cure | None:
    """The cure of a message; None where nobody has written one."""
    written = cures.get(site.module, {}).get(site.message) or cures.get(ANYWHERE, {}).get(site.message)
    if written is not None:
        return Cure(written, "table")
    said = in_message(site.message)
    return Cure(said, "message") if said else None


def missing(sites: list[Site], cures: dict[str, dict[str, str]]) -> list[str]:
    """One line for each message without a cure: where it is made, and where to write one."""
    return [
        f"{site.module}:{site.line}: no cure for {site.message!r}; say in the message what to do (after a semicolon), "
        f"or write a cure in docs/catalogue/cures.yaml under {site.module}"
        for site in sites
        if cure_of(site, cures) is None
    ]


def unused(sites: list[Site], cures: dict[str, dict[str, str]]) -> list[str]:
    """One line for each cure of a message that the source does not make any more."""
    there = {(module, site.message) for site in sites for module in (site.module, ANYWHERE)}
    return [
        f"docs/catalogue/cures.yaml, {module}: nothing makes {message!r} any more; remove its cure"
        for module, written in cures.items()
        for message in written
        if (module, message) not in there
    ]
