"""Messages rebuilt from the expressions that make them, with a named placeholder for what only a run can know."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docs.catalogue.names import label

MOST = 24
"""Variants of one message that are told apart; beyond that, a placeholder stands for the part that varies."""
_AT_ONCE = 6
"""Variants of one message of several varying parts."""
_DEPTH = 6
_LONGEST_LIST = 160


@dataclass
class Module:
    """One source file: its functions by name, its constants, what it imports."""

    path: str
    tree: ast.Module
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    constants: dict[str, ast.expr] = field(default_factory=dict)
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)
    parents: dict[ast.AST, ast.AST] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path, shown: str) -> Module:
        """Parses a file. Raises SyntaxError where it is not Python."""
        module = cls(shown, ast.parse(path.read_text(encoding="utf-8")))
        for parent in ast.walk(module.tree):
            for child in ast.iter_child_nodes(parent):
                module.parents[child] = parent
            if isinstance(parent, ast.FunctionDef):
                module.functions.setdefault(parent.name, parent)
            elif isinstance(parent, ast.ImportFrom) and parent.module:
                for item in parent.names:
                    module.imports[item.asname or item.name] = (parent.module.replace(".", "/"), item.name)
        for node in module.tree.body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    module.constants[name] = value
                case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                    pairs = zip(names, values, strict=False)
                    module.constants |= {one.id: value for one, value in pairs if isinstance(one, ast.Name)}
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    module.constants[name] = value
        return module

    def function_around(self, node: ast.AST) -> ast.FunctionDef | None:
        """The innermost function that holds ``node``."""
        while (parent := self.parents.get(node)) is not None:
            if isinstance(parent, ast.FunctionDef):
                return parent
            node = parent
        return None


class Templates:
    """All messages an expression can become."""

    def __init__(self, modules: Iterable[Module]) -> None:
        self._modules = {module.path: module for module in modules}
        self._calls: dict[str, list[tuple[Module, ast.Call]]] = {}
        for module in self._modules.values():
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Call) and (name := called(node)):
                    self._calls.setdefault(name, []).append((module, node))

    def of(self, module: Module, node: ast.expr, depth: int = 0) -> list[str]:
        """The messages of ``node``: at least one, at most ``MOST``."""
        found = self._text(module, node, depth)
        return _few(found) if found else [_hole(node)]

    def _text(self, module: Module, node: ast.expr, depth: int) -> list[str] | None:
        """The texts an expression stands for, or None where only a run can know."""
        if depth > _DEPTH:
            return None
        more = depth + 1
        match node:
            case ast.Constant(value=str() as text):
                return [text]
            case ast.JoinedStr(values=values):
                return self._joined(module, values, more)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                first, second = self._text(module, left, more), self._text(module, right, more)
                if first is None and second is None:
                    return None
                pairs = itertools.product(first or [_hole(left)], second or [_hole(right)])
                return _few([a + b for a, b in pairs])
            case ast.IfExp(body=body, orelse=other):
                first, second = self._text(module, body, more), self._text(module, other, more)
                if first is None and second is None:
                    return None
                return _few([*(first or [_hole(body)]), *(second or [_hole(other)])])
            case ast.Call(func=ast.Name(id="printable" | "str"), args=[inner, *_]):
                return self._text(module, inner, more)
            case ast.Call():
                return self._returned(module, node, more)
            case ast.Name(id=name):
                return self._named(module, node, name, more)
            case ast.Attribute(value=ast.Name(id=name), attr=constant) if name in module.imports:
                home = self._modules.get("/".join(module.imports[name]) + ".py")
                if home is not None and constant in home.constants:
                    return self._text(home, home.constants[constant], more)
        return None

    def _joined(self, module: Module, values: list[ast.expr], depth: int) -> list[str]:
        parts: list[list[str]] = []
        # What stands twice in a message is the same both times.
        first: dict[str, int] = {}
        same: dict[int, int] = {}
        for value in values:
            if not isinstance(value, ast.FormattedValue):
                parts.append(self.of(module, value, depth))
                continue
            if (place := first.setdefault(ast.dump(value), len(parts))) < len(parts):
                same[len(parts)] = place
                parts.append([""])
                continue
            quote = "'" if value.conversion == ord("r") else ""
            if (known := self._value(module, value.value)) is not None and (shown := _shown(known, value)) is not None:
                parts.append([shown])
            elif not quote and (texts := self._text(module, value.value, depth)):
                parts.append(texts)
            else:
                parts.append([quote + _hole(value.value) + quote])
            if len(parts[-1]) > 1 and _product(parts) > _AT_ONCE and _product(parts[:-1]) > 1:
                parts[-1] = [quote + _hole(value.value) + quote]
        choices = itertools.product(*parts)
        return ["".join(choice[same.get(at, at)] for at in range(len(parts))) for choice in choices]

    def _named(self, module: Module, node: ast.expr, name: str, depth: int) -> list[str] | None:
        function = module.function_around(node)
        while function is not None:
            given = [argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)]
            assigned = _assigned_before(module, node, name) or _assigned(function, name)
            if assigned:
                texts = [self._text(module, value, depth) for value in assigned]
                return _few([text for some in texts for text in some or ()]) if any(texts) else None
            if name in given:
                return self._given(module, function, given.index(name), name, depth)
            function = module.function_around(function)
        home, value = self._constant(module, name)
        return self._text(home, value, depth) if value is not None else None

    def _given(self, home: Module, function: ast.FunctionDef, index: int, name: str, depth: int) -> list[str] | None:
        """What the callers of a function of the project give as one of its arguments."""
        if function.args.args and function.args.args[0].arg in ("self", "cls"):
            index -= 1
        found: list[str] = []
        unknown = False
        for module, call in self._calls.get(function.name, ()):
            if isinstance(call.func, ast.Name):
                ours = self._function(module, call.func.id)[1] is function
            else:
                ours = module is home
            if not ours:
                continue
            value: ast.expr | None = next((item.value for item in call.keywords if item.arg == name), None)
            if value is None and index < len(call.args):
                value = call.args[index]
            texts = self._text(module, value, depth) if value is not None else None
            found += texts or ()
            unknown = unknown or texts is None
        if not found:
            return None
        return _few([*found, f"<{label(ast.Name(id=name))}>"] if unknown else found)

    def _returned(self, module: Module, call: ast.Call, depth: int) -> list[str] | None:
        """The sentences a function of the project can return; a single word is no sentence."""
        if not isinstance(call.func, ast.Name) or call.func.id == "_listed":  # a list that is cut
            return None
        home, function = self._function(module, call.func.id)
        if function is None:
            return None
        found: list[str] = []
        for node in ast.walk(function):
            if isinstance(node, ast.Return) and node.value is not None:
                found += self._text(home, node.value, depth) or ()
        return _few([text for text in found if " " in re.sub("<[^<>]*>", "", text).strip()]) or None

    def _function(self, module: Module, name: str) -> tuple[Module, ast.FunctionDef | None]:
        if name in module.functions:
            return module, module.functions[name]
        if name in module.imports:
            place, original = module.imports[name]
            for path in (f"{place}.py", f"{place}/__init__.py"):
                if path in self._modules and original in self._modules[path].functions:
                    return self._modules[path], self._modules[path].functions[original]
        return module, None

    def _constant(self, module: Module, name: str, depth: int = 0) -> tuple[Module, ast.expr | None]:
        if name in module.constants:
            return module, module.constants[name]
        if name in module.imports and depth < _DEPTH:
            place, original = module.imports[name]
            for path in (f"{place}.py", f"{place}/__init__.py"):
                if path in self._modules:
                    return self._constant(self._modules[path], original, depth + 1)
        return module, None

    def _value(self, module: Module, node: ast.expr) -> Any:
        """A number, text or list that is fixed in the source; None for what is not."""
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Constant(value=str() as glue), attr="join"), args=[inner]):
                items = self._value(module, inner)
                fitting = isinstance(items, list | tuple | dict) and all(isinstance(item, str) for item in items)
                return glue.join(items) if fitting else None
            case ast.Name(id=name):
                if module.function_around(node) is not None and _shadowed(module, node, name):
                    return None
                home, value = self._constant(module, name)
                return None if value is None else self._value(home, value)
            case ast.Dict(keys=keys) if keys and all(isinstance(key, ast.Constant) for key in keys):
                return [key.value for key in keys if isinstance(key, ast.Constant)]
            case ast.Subscript(value=inner, slice=index):
                items = self._value(module, inner)
                if not isinstance(items, list | tuple):
                    return None
                try:
                    return eval(f"_[{ast.unparse(index)}]", {"_": items})
                except Exception:
                    return None
            case ast.BinOp() | ast.Constant() | ast.Tuple() | ast.List():
                try:
                    return eval(compile(ast.Expression(node), "", "eval"), {"__builtins__": {}})
                except Exception:
                    return None
        return None


def called(node: ast.Call) -> str | None:
    """The name of what is called, without what it is an attribute of."""
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", None)


def _assigned(function: ast.AST, name: str) -> list[ast.expr]:
    found: list[ast.expr] = []
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    if isinstance(target, ast.Name) and target.id == name:
                        found.append(value)
                    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                        pairs = zip(target.elts, value.elts, strict=False)
                        found += [v for t, v in pairs if isinstance(t, ast.Name) and t.id == name]
            case ast.AnnAssign(target=ast.Name(id=other), value=ast.expr() as value) if other == name:
                found.append(value)
            case ast.NamedExpr(target=ast.Name(id=other), value=value) if other == name:
                found.append(value)
    return found


def _assigned_before(module: Module, node: ast.AST, name: str) -> list[ast.expr]:
    """What the nearest earlier statements of the same or of an outer block put into ``name``."""
    while not isinstance(node, ast.FunctionDef | ast.Module):
        parent = module.parents[node]
        for _, block in ast.iter_fields(parent):
            if isinstance(block, list) and node in block and isinstance(node, ast.stmt):
                earlier = ast.Module(body=block[: block.index(node)], type_ignores=[])
                if found := _assigned(earlier, name):
                    return found
        node = parent
    return []


def _shadowed(module: Module, node: ast.AST, name: str) -> bool:
    function = module.function_around(node)
    return function is not None and (
        bool(_assigned(function, name)) or name in [argument.arg for argument in function.args.args]
    )


def _shown(value: Any, field_: ast.FormattedValue) -> str | None:
    spec = field_.format_spec
    plain = spec.values[0] if isinstance(spec, ast.JoinedStr) and spec.values else None
    format_ = plain.value if isinstance(plain, ast.Constant) else ""
    if field_.conversion == ord("r"):
        value = repr(value)
    if isinstance(value, list | tuple | dict):
        return None
    text = format(value, str(format_))
    return text if len(text) <= _LONGEST_LIST else None


def _hole(node: ast.expr) -> str:
    return f"<{label(node)}>"


def _few(texts: list[str]) -> list[str]:
    return list(dict.fromkeys(texts))[:MOST]


def _product(parts: list[list[str]]) -> int:
    count = 1
    for part in parts:
        count *= len(part)
    return count
