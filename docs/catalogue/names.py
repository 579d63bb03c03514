"""What a placeholder is called, in words: the expression it stands for is of no use to who reads the message."""

from __future__ import annotations

import ast

# Names of the source that say nothing to who did not write it.
_WORDS = {
    "args": "label",
    "at": "number",
    "cause": "reason",
    "close": "nearest key",
    "code": "command",
    "command": "command",
    "damage": "reason",
    "error": "reason",
    "given": "value",
    "have": "those it has",
    "here": "versions here",
    "idle": "methods",
    "index": "labels",
    "input": "value",
    "known": "those there are",
    "line": "reason",
    "lines": "reason",
    "listed": "path",
    "meta": "description",
    "modes": "pooling",
    "msg": "reason",
    "new": "value asked for",
    "no place": "reason",
    "number of content": "size",
    "number of run": "number",
    "old": "value there",
    "ours": "field",
    "own": "name",
    "pickles": "file",
    "raw": "byte",
    "relative": "path",
    "say": "what is wrong",
    "self": "name",
    "sheet": "table",
    "shown": "path",
    "strange": "class",
    "tested": "corpus",
    "theirs": "column",
    "there": "those there are",
    "there is": "those there are",
    "twice": "name",
    "unread": "what could not be read",
    "unknown": "those that are unknown",
    "voices": "speakers",
    "where": "file",
    "why": "reason",
    "with takers": "option",
    "wrong": "tensor",
    "x tensor": "x",
    "X": "features",
    "z": "noise",
}
_THROUGH = {
    "strip",
    "rstrip",
    "lower",
    "splitlines",
    "item",
    "detach",
    "values",
    "keys",
    "iat",
    "iloc",
    "tolist",
    "unique",
}


def label(node: ast.expr) -> str:
    """Words for an expression.

    >>> label(ast.parse("', '.join(missing)", mode="eval").body)
    'missing'
    >>> label(ast.parse("Path(folder).name", mode="eval").body)
    'folder'
    >>> label(ast.parse("tuple(scores.shape)", mode="eval").body)
    'shape of scores'
    """
    words = _label(node)
    return _WORDS.get(words, words)


def _plain(name: str) -> str:
    return _WORDS.get(name, name.strip("_").replace("_", " ").lower())


def _label(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return _plain(name)
        case ast.Attribute(value=ast.Call(func=ast.Name(id="type")), attr="__name__"):
            return "kind of fault"
        case ast.Attribute(value=inner, attr="name" | "id"):
            return label(inner)
        case ast.Attribute(value=inner, attr="shape" | "dtype" | "status" as last):
            return last if label(inner) in ("name", "state") else f"{last} of {label(inner)}"
        case ast.Attribute(attr="strerror"):
            return "reason"
        case ast.Attribute(value=inner, attr=last):
            return label(inner) if last in _THROUGH else _plain(last)
        case ast.Call(func=ast.Name(id="len" | "sum" | "int"), args=[inner, *_]):
            return f"number of {label(inner)}"
        case ast.Call(func=ast.Name(id="_listed")):
            return "those it has"
        case ast.Call(func=ast.Name(id="command" | "say" as function)):
            return _plain(function)
        case ast.Call(func=ast.Name(id=function), args=args):
            return label(args[0]) if args else _plain(function)
        case ast.Call(func=ast.Attribute(attr="join"), args=[inner]):
            return label(inner)
        case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str() as key), *_]):
            return _plain(key)
        case ast.Call(func=ast.Attribute(value=inner, attr="get")):
            return label(inner)
        case ast.Call(func=ast.Attribute(value=inner, attr=last), args=args):
            return label(inner) if last in _THROUGH or not args else label(args[0])
        case ast.Subscript(slice=ast.Constant(value=str() as key)):
            return _plain(key)
        case ast.Subscript(value=ast.Attribute(value=inner, attr="shape")):
            return f"number of columns of {label(inner)}"
        case ast.Subscript(value=inner):
            return label(inner)
        case ast.GeneratorExp(elt=inner) | ast.ListComp(elt=inner) | ast.Starred(value=inner):
            return label(inner)
        case ast.BoolOp(values=values):
            return label(values[0])
        case ast.BinOp(left=left, right=right):
            return label(right if isinstance(left, ast.Constant) else left)
        case ast.IfExp(body=body):
            return label(body)
        case ast.JoinedStr(values=values):
            holes = [value.value for value in values if isinstance(value, ast.FormattedValue)]
            return label(holes[0]) if holes else "text"
        case ast.Compare(left=left):
            return label(left)
    return "value"
