"""Licences of what MIRAGE is built upon: the table is complete, and what would not do is found."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / ".ci" / "dependencies.py"


@pytest.fixture(scope="module")
def dependencies() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dependencies", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def found(dependencies: ModuleType) -> dict[str, dict[str, str]]:
    return dependencies.installed()


def rows() -> dict[str, list[str]]:
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    lines = page[page.index("| package | version | licence") :].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return {cell[0].strip("*").lower().replace("_", "-").replace(".", "-"): cell[1:] for cell in cells[2:]}


def test_table_covers_every_tested_version(dependencies: ModuleType) -> None:
    pinned = dependencies.pins()
    assert len(pinned) > 100
    assert {name: cells[0] for name, cells in rows().items()} == pinned


def test_every_direct_dependency_is_pinned(dependencies: ModuleType) -> None:
    from packaging.utils import canonicalize_name

    pinned = dependencies.pins()
    for group in dependencies.direct().values():
        for need in group:
            name = canonicalize_name(need.name)
            assert name in pinned
            assert need.specifier.contains(pinned[name]), f"{need} is not met by {pinned[name]}"


def test_licences_of_what_is_installed_are_in_order(dependencies: ModuleType, found: dict[str, dict[str, str]]) -> None:
    """As the command finds them here; the tools of `make audit` alone may be missing."""
    pinned = dependencies.pins()
    said = dependencies.troubles(found, pinned) + dependencies.unpinned(found, pinned)
    who = dependencies.used_by()
    assert [line for line in said if who.get(line.split(" ", 1)[0], "audit") != "audit"] == []


@pytest.mark.parametrize(
    ("licence", "fine"),
    [
        ("MIT", True),
        ("Apache-2.0 AND (MIT OR BSD-2-Clause)", True),
        ("ISC License (ISCL)", True),
        ("GPL-3.0-or-later", False),
        ("MIT AND LGPL-2.1-only", False),
        ("MIT License; GNU General Public License v3 (GPLv3)", False),
        ("UNKNOWN", False),
        ("", False),
    ],
)
def test_licence_that_will_not_do_is_named(licence: str, fine: bool, dependencies: ModuleType) -> None:
    found = {"new": {"Name": "new", "Version": "1", "License": licence}}
    said = [line for line in dependencies.troubles(found, {"new": "1"}) if line.startswith("new")]
    assert (said == []) is fine


def test_package_without_a_known_licence_is_not_passed_over(dependencies: ModuleType) -> None:
    said = dependencies.troubles({}, {"gone": "1"})
    assert any("gone is not installed here" in line for line in said)


def test_command_fails_where_it_finds_something(tmp_path: Path) -> None:
    text = SCRIPT.read_text(encoding="utf-8")
    assert '    "MIT",\n' in text
    changed = tmp_path / "dependencies.py"
    changed.write_text(text.replace('    "MIT",\n', "").replace("parents[1]", f"parents[0] / {str(ROOT)!r}"))
    done = subprocess.run([sys.executable, changed, "--check"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "pydantic: 'MIT' is not on the list" in done.stderr
