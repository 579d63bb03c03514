"""Every message of an error that the source can make, found by walking its syntax."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from docs.catalogue.templates import Module, Templates, called

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("core", "dashboard", "pages")
_BASE = "MirageError"

# How the arguments of an error become its message, where it is not the first argument alone: {N} is the Nth.
_FORMS = {
    "AudioError": "<file>: {1}",
    "DamagedShardError": "<shard>: the shard {0}; run the same `mirage embed` command again to make what is missing",
    "_CellError": "<table>, row <row>: {0}; {1}",
    "Problem": "<file>, row <row>: {2}; {3}",
    "_lost": "{1}",
    "close": "{1}",
    "_stop": "{1}",
    "_told": "{1}",
    "_end": "{2}",
}
# What makes a message of a fault without being an error class. `close`, `_end` and `_lost` end a job.
_MAKERS = {"_CellError", "Problem", "DamagedShardError", "_lost", "_stop", "_told"}
_ENDED = ("failed", "stopped")
# Where people sign in, what they are told is no error of the program.
_DOORS = {"dashboard/gate.py": ("text",), "dashboard/guard.py": ("PlainTextResponse",)}


@dataclass(frozen=True)
class Site:
    """One place in the source and one message it can make."""

    module: str
    line: int
    message: str


def scan(root: Path = ROOT) -> list[Site]:
    """All messages, in the order of the source."""
    modules = [
        Module.read(path, path.relative_to(root).as_posix())
        for package in PACKAGES
        for path in sorted((root / package).rglob("*.py"))
    ]
    errors = _error_classes(modules)
    templates = Templates(modules)
    found: list[Site] = []
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and _makes_message(module, node, errors):
                found += [Site(module.path, node.lineno, message) for message in _messages(templates, module, node)]
            elif isinstance(node, ast.Return) and (last_word := _last_word(node)) is not None:
                found += [Site(module.path, node.lineno, tidy(text)) for text in templates.of(module, last_word)]
    found += _of_makefile(root) + _of_browser(root)
    return sorted(set(found), key=lambda site: (site.module, site.line, site.message))


def raise_sites(root: Path = ROOT) -> set[tuple[str, int]]:
    """(module, line) of every ``raise`` of an error class, found by text and not by syntax, to check ``scan`` by."""
    pattern = re.compile(r"\braise (?:BadInputError|FailureError|MirageError|AudioError|UnsuitedError)\(")
    found: set[tuple[str, int]] = set()
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if pattern.search(line):
                    found.add((path.relative_to(root).as_posix(), number))
    return found


def _error_classes(modules: list[Module]) -> set[str]:
    """Names of MirageError and of all that derive from it."""
    known = {_BASE}
    bases = {
        node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
    }
    while more := {name for name, above in bases.items() if above & known} - known:
        known |= more
    return known


def _makes_message(module: Module, node: ast.Call, errors: set[str]) -> bool:
    name = called(node)
    if name in ("close", "_end"):
        status = node.args[-2] if len(node.args) > 1 else None
        return isinstance(status, ast.Constant) and status.value in _ENDED
    if name in _DOORS.get(module.path, ()):
        return True
    if name == "Problem":
        return module.path.startswith("core/corpora/")
    return name in errors or name in _MAKERS


def _last_word(node: ast.Return) -> ast.expr | None:
    """The message beside a status, where a function gives both: ``return "failed", said or "ended"``."""
    match node:
        case ast.Return(value=ast.Tuple(elts=[ast.Constant(value=status), message])) if status in _ENDED:
            return message.values[-1] if isinstance(message, ast.BoolOp) else message
    return None


def _messages(templates: Templates, module: Module, node: ast.Call) -> list[str]:
    form = _FORMS.get(called(node) or "", "{0}")
    texts = [""]
    for piece in re.split(r"(\{\d\})", form):
        if not re.fullmatch(r"\{\d\}", piece):
            texts = [text + piece for text in texts]
            continue
        index = int(piece[1])
        if index < len(node.args) and not isinstance(node.args[index], ast.Starred):
            parts = templates.of(module, node.args[index])
        else:
            parts = [""]
        texts = [text + part for text in texts for part in parts]
    return [tidy(text) for text in texts if _says_something(text)]


def _says_something(text: str) -> bool:
    """False where a message is nothing but another one that is passed on, with its place before it."""
    words = set(re.findall(r"[A-Za-z]{2,}", re.sub(r"<[^<>]*>", "", text)))
    return bool(words - {"row", "waveform", "text"})


def tidy(message: str) -> str:
    """One line without an empty end."""
    return " ".join(message.split()).rstrip("; ").replace("row <reason>", "row <number>")


def _of_makefile(root: Path) -> list[Site]:
    """What ``make`` says before there is any Python to say it."""
    found = []
    for number, line in enumerate((root / "Makefile").read_text(encoding="utf-8").splitlines(), 1):
        for text in re.findall(r'echo "mirage: ([^"]*)" >&2', line):
            shown = re.sub(r"`[^`]*`", "<version>", text).replace("$(PYTHON)", "<python>")
            found.append(Site("Makefile", number, shown))
    return found


def _of_browser(root: Path) -> list[Site]:
    """What the browser components throw; the page shows it as one line."""
    found = []
    for path in sorted((root / "dashboard/frontend/src").glob("*.js")):
        for match in re.finditer(
            r"new (?:Error|Unreadable)\(\s*([\"`])(.*?)\1", (text := path.read_text(encoding="utf-8")), re.DOTALL
        ):
            message = re.sub(
                r"\$\{([^{}]*)\}", lambda hole: f"<{re.findall(r'[A-Za-z_]+', hole[1])[-1].lower()}>", match[2]
            )
            found.append(Site(path.relative_to(root).as_posix(), text.count("\n", 0, match.start()) + 1, message))
    return found
