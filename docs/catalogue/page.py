"""``docs/errors.md`` as text."""

from __future__ import annotations

import re
from collections import defaultdict

from docs.catalogue.areas import AREAS, area_of, topic_of
from docs.catalogue.cures import cure_of, table
from docs.catalogue.ends import ENDS
from docs.catalogue.scan import ROOT, Site, scan

PAGE = ROOT / "docs" / "errors.md"

_HEAD = """# Errors and their cures

Every message MIRAGE can give, made from its source by `make errors`. Search the page for some words of yours: what
differs from case to case stands in angle brackets, `<path>`. On the command line a message stands behind `mirage: `;
the exit code is 2 where the input cannot be used as given and 1 where the work failed. In the dashboard it stands in a
box *Not possible*. `mirage --debug COMMAND` shows where in the source it was made.
"""
# What people look for besides options and keys.
_WORDS = (
    "access",
    "cookie_secret",
    "CUDA",
    "damaged",
    "disk",
    "diverged",
    "Git LFS",
    "hub",
    "licence",
    "memory",
    "NaN",
    "permission",
    "pickle",
    "port",
    "PyAV",
    "Ray",
    "safetensors",
    "sample rate",
    "redirect_uri",
    "restarted",
    "seed",
    "sign in",
    "sign-in",
    "speakers",
    "trash",
    "truncated",
    "turn",
    "UTF-8",
    "WebGL",
    "YAML",
)
_MOST_PLACES = 4

Entries = dict[str, dict[str, dict[str, tuple[str, set[str]]]]]
"""By area, topic and message: the cure, and the modules that make the message."""


def render(sites: list[Site] | None = None) -> str:
    """The whole page; a message without a cure is marked, and the tests refuse it."""
    sites = scan() if sites is None else sites
    cures = table()
    entries: Entries = defaultdict(lambda: defaultdict(dict))
    for site in sites:
        cure = cure_of(site, cures)
        text = _sentence(cure.text) if cure else "**No cure is written yet.**"
        there = entries[area_of(site.module)][topic_of(site.module)]
        there.setdefault(site.message, (text, set()))[1].add(site.module)
    parts = [_HEAD, _index(entries), _word_index(entries), _ends()]
    for area, (title, line) in AREAS.items():
        if area not in entries:
            continue
        parts.append(f"## {title}\n\n{line}\n")
        for topic, messages in sorted(entries[area].items()):
            modules = sorted({module for _, where in messages.values() for module in where})
            lines = [f"### {topic}\n", f"*{', '.join(f'`{module}`' for module in modules)}*\n"]
            lines += [f"* {_code(message)}\n  {messages[message][0]}" for message in sorted(messages, key=_words_first)]
            parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _index(entries: Entries) -> str:
    lines = ["## By what you were doing\n"]
    for area, (title, _) in AREAS.items():
        if area in entries:
            topics = ", ".join(f"[{topic}](#{_anchor(topic)})" for topic in sorted(entries[area]))
            lines.append(f"* [{title}](#{_anchor(title)}): {topics}")
    return "\n".join([*lines, "* [What ends a job](#what-ends-a-job)", ""])


def _word_index(entries: Entries) -> str:
    """Options, keys of the configuration and other words, with the headings under which they are spoken of."""
    places: dict[str, dict[str, None]] = defaultdict(dict)
    for topics in entries.values():
        for topic, messages in topics.items():
            text = " ".join(f"{message} {cure}" for message, (cure, _) in messages.items())
            found = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+|\b(?:data|training|alignment|generation)\.[a-z_]+", text))
            found |= set(re.findall(r"\bMIRAGE_[A-Z_]+[A-Z]\b", text))
            found |= {word for word in _WORDS if re.search(rf"\b{word}\b", text, re.IGNORECASE)}
            for word in found:
                places[word][topic] = None
    lines = ["## By words\n"]
    for word in sorted(places, key=lambda word: (word.lstrip("-").lower(), word)):
        links = [f"[{topic}](#{_anchor(topic)})" for topic in sorted(places[word])]
        more = f" and {len(links) - _MOST_PLACES} more" if len(links) > _MOST_PLACES else ""
        shown = f"`{word}`" if "-" in word[:2] or "." in word or "_" in word else word
        lines.append(f"* {shown}: {', '.join(links[:_MOST_PLACES])}{more}")
    return "\n".join([*lines, ""])


def _ends() -> str:
    lines = [
        "## What ends a job\n",
        "`mirage jobs` and the page Jobs say it; `job.log` in the job's folder says more. Below each: what is kept, "
        "and how to go on. [jobs.md](jobs.md) explains queue, stopping and resuming.\n",
    ]
    for end in ENDS:
        message = _code(end.message) if end.message else "(nothing has ended)"
        lines.append(f"* **{end.condition}.** {message}\n  {end.kept}")
    return "\n".join([*lines, ""])


def _code(message: str) -> str:
    fence = "``" if "`" in message else "`"
    space = " " if "`" in message else ""
    return f"{fence}{space}{message}{space}{fence}"


def _sentence(text: str) -> str:
    text = re.sub(r"^expected (.*?)(?:, found .*)?$", r"Give \1", text).replace("<what could not be read>", "")
    text = re.sub(r"^(pip install .*?)\.?$", r"Run `\1`", text)
    if not text.startswith(("`", "--")):
        text = text[0].upper() + text[1:]
    # An angle bracket outside of code would be taken for HTML.
    pieces = re.split(r"(`[^`]*`)", text)
    text = "".join(piece if piece.startswith("`") else re.sub(r"(<[^<>]+>)", r"`\1`", piece) for piece in pieces)
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _words_first(message: str) -> str:
    """Sorted by what is said, not by what the placeholder before it is called."""
    return re.sub(r"<[^<>]*>|[^a-z ]", "", message.lower()).strip()


def _anchor(title: str) -> str:
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
