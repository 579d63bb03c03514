"""The two import rules: the engine knows nothing of the dashboard; the dashboard uses the engine's public names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ENGINE = sorted((ROOT / "core").rglob("*.py"))
FRONT = sorted([*(ROOT / "dashboard").rglob("*.py"), *(ROOT / "pages").rglob("*.py")])
FORBIDDEN = {"streamlit", "plotly", "dashboard", "pages"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports(path: Path) -> Iterator[tuple[int, str, list[str]]]:
    """Line, module and names of every import of a file, at any depth of the code."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for item in node.names:
                yield node.lineno, item.name, []
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}:{node.lineno}: relative import"
            yield node.lineno, node.module or "", [item.name for item in node.names]


@pytest.mark.parametrize("path", ENGINE, ids=name_of)
def test_engine_never_imports_the_dashboard(path: Path) -> None:
    for line, module, _ in imports(path):
        assert module.split(".")[0] not in FORBIDDEN, f"{name_of(path)}:{line}: imports {module}"


@pytest.mark.parametrize("path", FRONT, ids=name_of)
def test_dashboard_uses_public_names_of_the_engine(path: Path) -> None:
    for line, module, names in imports(path):
        parts = module.split(".")
        if parts[0] != "core":
            continue
        where = f"{name_of(path)}:{line}"
        assert len(parts) <= 2, f"{where}: imports {module}, deeper than core.<package>"
        hidden = [name for name in [*parts, *names] if name.startswith("_")]
        assert not hidden, f"{where}: imports the private {', '.join(hidden)}"
        if len(parts) == 2 and (ROOT / "core" / parts[1]).is_dir():
            exported = exports(ROOT / "core" / parts[1] / "__init__.py")
            unknown = [name for name in names if name not in exported]
            assert not unknown, f"{where}: {module} does not export {', '.join(unknown)}"


def exports(path: Path) -> set[str]:
    """What ``__all__`` of a module lists."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
                assert node.value is not None
                return set(ast.literal_eval(node.value))
    raise AssertionError(f"{name_of(path)} has no __all__")
