"""What may be said of a fault: its kind, its place in the source, and the words of its message that stand there.

What a message quotes (a cell, a sentence, the path of a clip, what somebody typed) is not in the source and so does not
get into a log. Only values of a few kinds that cannot be private are kept: numbers, reasons of the operating system,
names and files of the workspace.
"""

from __future__ import annotations

import ast
import errno
import linecache
import os
import re
import textwrap
from functools import lru_cache
from pathlib import Path
from types import TracebackType

from core.errors import MirageError

ROOT = Path(__file__).resolve().parents[2]
_OURS = ("core", "dashboard", "pages", "assets", "benchmarks")
_HELD = ("corpora", "embeddings", "runs", "benchmarks")
_SOUND = (".wav", ".flac", ".ogg", ".mp3", ".m4a", ".mp4", ".avi", ".webm", ".opus", ".aac")
_REASONS = frozenset(os.strerror(number) for number in errno.errorcode)
_METHODS = ("debug", "info", "warning", "warn", "error", "exception", "critical")
_NUMBER = re.compile(r"-?[\d,]+(?:\.\d+)?(?:e[+-]?\d+)?")
_NAME = re.compile(r"[A-Za-z0-9._@+-]{1,128}")
_MOST = 300


def place_of(error: BaseException) -> str:
    """``module:line`` where the fault was raised: the last line of MIRAGE's own, if it went through any.

    >>> place_of(ValueError())
    'unknown:0'
    """
    found = "unknown:0"
    own = False
    at = error.__traceback__
    while at is not None:
        shown, ours = _shown_file(at.tb_frame.f_code.co_filename)
        if ours or not own:
            found, own = f"{shown}:{at.tb_lineno}", ours
        at = at.tb_next
    return found


def place_in(file: str, line: int) -> str:
    """``module:line`` without the folders above it."""
    return f"{_shown_file(file)[0]}:{line}"


def message_of(error: BaseException) -> str | None:
    """The words of a MirageError's message that stand in the source; None for any other error."""
    if not isinstance(error, MirageError) or (last := _last(error.__traceback__)) is None:
        return None
    node = _statement(last)
    pieces = _pieces(node) if node is not None else []
    if not any(isinstance(piece, str) and re.search("[A-Za-z]{2}", piece) for piece in pieces):
        # It passes on the message of another.
        return message_of(error.__context__) if error.__context__ is not None else None
    pattern = "".join(re.escape(piece) if isinstance(piece, str) else "(.*?)" for piece in pieces)
    whole = re.fullmatch(pattern, str(error), re.DOTALL)
    values = iter(whole.groups()) if whole else iter(())
    said = [piece if isinstance(piece, str) else _kept(next(values, ""), piece[0]) for piece in pieces]
    return " ".join("".join(said).split())[:_MOST]


@lru_cache(512)
def words_of_call(file: str, line: int) -> str | None:
    """The constant words of the logging call around a line of a file; None where there is none."""
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except SyntaxError:
        return None
    best: ast.Call | None = None
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        around = node.lineno <= line <= (node.end_lineno or line)
        if around and isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS and _is_text(node.args[0]):
            best = node
    if best is None:
        return None
    pieces = _text(best.args[0])
    return " ".join("".join(p if isinstance(p, str) else f"<{p[0]}>" for p in pieces).split())[:_MOST]


def _kept(value: str, name: str) -> str:
    """``value`` where it is of a kind that cannot be private, otherwise the name it has in the source."""
    bare = value.strip("'\"")
    if _NUMBER.fullmatch(bare) or bare in _REASONS:
        return value
    root = Path(os.environ.get("MIRAGE_HOME") or "workspace").resolve()
    if _NAME.fullmatch(bare):
        held = any((root / kind / end).exists() for kind in _HELD for end in (bare, f"{bare}.parquet"))
        return value if held else f"<{name}>"
    if Path(bare).is_absolute() and not bare.lower().endswith(_SOUND):
        inside = Path(os.path.normpath(bare))
        if inside.is_relative_to(root) and inside.relative_to(root).parts[:1] and _in_kinds(inside.relative_to(root)):
            return f"workspace/{inside.relative_to(root).as_posix()}"
    return f"<{name}>"


def _in_kinds(path: Path) -> bool:
    return path.parts[0] in _HELD and all(_NAME.fullmatch(part) for part in path.parts)


def _last(traceback: TracebackType | None) -> TracebackType | None:
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback


def _statement(at: TracebackType) -> ast.AST | None:
    """The expression after ``raise``, as Python itself says where it stands."""
    code = at.tb_frame.f_code
    position = list(code.co_positions())[at.tb_lasti // 2]
    first, end, begin, stop = position
    if first is None or end is None or begin is None or stop is None:
        return None
    lines = [linecache.getline(code.co_filename, number).encode() for number in range(first, end + 1)]
    if not all(lines):
        return None
    lines[-1] = lines[-1][:stop]
    lines[0] = b" " * begin + lines[0][begin:]
    try:
        (statement,) = ast.parse(textwrap.dedent(b"".join(lines).decode())).body
    except (SyntaxError, ValueError):
        return None
    return statement.exc if isinstance(statement, ast.Raise) else None


Piece = str | tuple[str]
"""A text of the source, or (the name of what is put there,)."""


def _pieces(node: ast.AST) -> list[Piece]:
    """The message a raise makes, where it is one text; else the constant texts in it."""
    if isinstance(node, ast.Call):
        texts = [argument for argument in node.args if _is_text(argument)]
        if len(node.args) >= 1 and len(texts) == 1 and node.args[0] is texts[0]:
            return _text(texts[0])
        found: list[Piece] = []
        for text in texts:
            found += [*_text(text), "; "]
        return found[:-1]
    return []


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _text(node: ast.AST) -> list[Piece]:
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    found: list[Piece] = []
    for value in node.values if isinstance(node, ast.JoinedStr) else []:
        if isinstance(value, ast.Constant):
            found.append(str(value.value))
        elif isinstance(value, ast.FormattedValue):
            words = re.findall(r"[A-Za-z_]+", ast.unparse(value.value))
            found.append((words[-1] if words else "value",))
    return found


def _shown_file(file: str) -> tuple[str, bool]:
    path = Path(file)
    if path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in _OURS:
        return path.relative_to(ROOT).as_posix(), True
    parts = path.parts
    if "site-packages" in parts:
        return "/".join(parts[parts.index("site-packages") + 1 :]), False
    # Anything else may lie in somebody's home.
    return path.name, False
