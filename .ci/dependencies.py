"""Lists the licence of every package in constraints.txt and says which ones MIRAGE may not build upon.

``make licences`` writes docs/dependencies.md; with ``--check`` nothing is written and the table must be up to date.
pip-licenses reads what the installed packages say of themselves; what is allowed is decided here.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "docs" / "dependencies.md"

# Licences that ask for no more than MIT does: to be named, and no claim upon what is built with them.
PERMISSIVE = {
    "0BSD",
    "3-Clause BSD License",
    "Apache 2.0",
    "Apache 2.0 License",
    "Apache License 2.0",
    "Apache License, Version 2.0",
    "Apache Software License",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD",
    "BSD License",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CNRI-Python",
    "DFSG approved",
    "ISC",
    "ISC License (ISCL)",
    "MIT",
    "MIT License",
    "MIT-0",
    "MIT-CMU",
    "PSF-2.0",
    "Python Software Foundation License",
    "The Unlicense (Unlicense)",
    "Zlib",
}

# Copyleft, each with why it may stay. It holds for the library's own files; MIRAGE ships, changes and copies none.
NAMED = {
    "soxr": "LGPL for itself: imported as an installed library that anybody can replace",
    "certifi": "MPL for its own file, the list of certificate authorities",
    "tqdm": "MPL for its own files",
    "pathspec": "MPL for its own files; only mypy needs it",
    "hypothesis": "MPL for its own files; only the tests need it",
    "docutils": "public domain and BSD; GPL for an Emacs mode that its package leaves out; only `make docs` needs it",
}

HEAD = """# What MIRAGE is built upon

Made by `make licences` from constraints.txt, pyproject.toml and what the installed packages say of themselves; the same
command fails on a licence that is not on its list. MIRAGE is MIT and ships none of these packages.

**Licences.** Every one asks for no more than MIT does, but for those named at the end, whose copyleft holds for their
own files. Built for NVIDIA's cards, PyTorch brings packages named `nvidia-*` with NVIDIA's own licence; the table was
made with the build for processors.

**Vulnerabilities.** `make audit` asks PyPI for the advisories on each version below (pip-audit), and fails where one
has an advisory, is not known there, or PyPI does not answer. What MIRAGE does to need few of them: no pickle is read or
written, weights are safetensors only, nothing is fetched unless asked for, and of Streamlit's doors for programs none
is open ([server.md](server.md)).

Reviewed by version and changelog on 2026-11-28, since the advisories could not be reached where that was done: 16 of the
packages had a newer release, all but PyTorch (2.13.0, 2.15.0 is out) a small one. Every advisory that we know of ends
before the version here:

| package | advisory | mended in | here |
| --- | --- | --- | --- |
| streamlit | CVE-2026-33682 (Windows, requests to other machines), CVE-2024-42474 (Windows, path traversal) | 1.54, 1.37 | 1.67.0 |
| starlette | CVE-2025-62727 (Range header), GHSA-f96h-pmfr-66vw (parts of uploads without limit) | 0.49.1, 0.40 | 1.10.0 |
| python-multipart | CVE-2024-53981 (denial of service) | 0.0.18 | 0.0.34 |
| h11 | CVE-2025-43859 (chunked bodies) | 0.16 | 0.16.0 |
| torch | CVE-2025-32434 (`torch.load`, which MIRAGE never calls) | 2.6 | 2.13.0 |
| pyarrow | CVE-2023-47248 (code in IPC and Parquet extension types) | 14.0.1 | 26.0.1 |
| pillow | CVE-2025-48379 (DDS images) | 11.3 | 13.0.0 |
| Jinja2 | CVE-2025-27516 (sandbox) | 3.1.6 | 3.1.6 |
| requests | CVE-2024-47081 (.netrc) | 2.32.4 | 2.34.2 |
| urllib3 | CVE-2025-50181 (redirects), CVE-2025-66418 (decompression) | 2.5, 2.6 | 2.8.0 |
| protobuf | CVE-2025-4565 (recursion) | 6.31.1 | 7.36.2 |

It is no substitute for the command: run `make audit` where PyPI can be reached.

"""  # noqa: E501


def pins() -> dict[str, str]:
    """Canonical name to version, from constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    found = (line.partition("#")[0].strip().partition("==") for line in lines)
    return {canonicalize_name(name): version for name, equals, version in found if equals}


def direct() -> dict[str, list[Requirement]]:
    """What pyproject.toml asks for: the extra's name, or empty for all users, to its requirements."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    return {name: [Requirement(line) for line in lines] for name, lines in groups.items()}


def reached(wanted: list[Requirement]) -> set[str]:
    """The canonical names of these packages and of all that they need here."""
    found: set[str] = set()
    waiting = [(need.name, frozenset(need.extras)) for need in wanted]
    seen = set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        found.add(canonicalize_name(name))
        try:
            lines = requires(name) or []
        except PackageNotFoundError:
            continue
        for need in map(Requirement, lines):
            if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                waiting.append((need.name, frozenset(need.extras)))
    return found


def used_by() -> dict[str, str]:
    """Canonical name to who needs it: ``all``, else the extras."""
    groups = {name: reached(wanted) for name, wanted in direct().items()}
    said = {}
    for package in set().union(*groups.values()):
        extras = [name for name in groups if name and package in groups[name]]
        quiet = [name for name in extras if name not in ("test", "audit")] or extras
        said[package] = "all" if package in groups[""] else ", ".join(quiet)
    return said


def installed() -> dict[str, dict[str, str]]:
    """What pip-licenses finds: canonical name to name, version, licence and address."""
    command = [sys.executable, "-m", "piplicenses", "--from=mixed", "--format=json", "--with-urls", "--with-system"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {canonicalize_name(item["Name"]): item for item in json.loads(done.stdout)}


def parts(licence: str) -> list[str]:
    """The single licences of an expression.

    >>> parts("Apache-2.0 AND (MIT OR BSD-2-Clause)")
    ['Apache-2.0', 'MIT', 'BSD-2-Clause']
    """
    joined = " AND " in licence or " OR " in licence
    return [part.strip(" ()" if joined else None) for part in re.split(r" AND | OR |;", licence)]


def unpinned(found: dict[str, dict[str, str]], pinned: dict[str, str]) -> list[str]:
    """What is installed and needed but has no tested version; installers, and drivers of cards, stand apart."""
    needed = set().union(*(reached(wanted) for wanted in direct().values())) & set(found)
    apart = {"pip", "setuptools", "triton"}
    return sorted(name for name in needed - set(pinned) - apart if not name.startswith("nvidia-"))


def troubles(found: dict[str, dict[str, str]], pinned: dict[str, str]) -> list[str]:
    """What is not in order, a line each: not installed, or a licence that is neither permissive nor named."""
    said = []
    for package in sorted(NAMED):
        if package not in pinned:
            said.append(f"{package} is named in .ci/dependencies.py and not in constraints.txt any more")
    for package in sorted(pinned):
        if package not in found:
            said.append(f"{package} is not installed here, so its licence is not known: pip install '.[test,audit]'")
            continue
        licence = found[package]["License"]
        foreign = [part for part in parts(licence) if part not in PERMISSIVE]
        if foreign and package not in NAMED:
            said.append(f"{package}: {foreign[0]!r} is not on the list of licences in .ci/dependencies.py")
    return said


def table(found: dict[str, dict[str, str]], pinned: dict[str, str]) -> str:
    """docs/dependencies.md."""
    asked = {canonicalize_name(need.name) for group in direct().values() for need in group}
    who = used_by()
    lines = [HEAD, "| package | version | licence | needed by |", "| --- | --- | --- | --- |"]
    for package in sorted(pinned):
        item = found[package]
        name = f"**{item['Name']}**" if package in asked else item["Name"]
        lines.append(f"| {name} | {pinned[package]} | {item['License']} | {who.get(package, 'none')} |")
    lines += [
        "",
        "Bold: asked for by pyproject.toml itself; the others come with these.",
        "",
        "## Copyleft, by name",
        "",
    ]
    lines += [f"- {package}: {reason}." for package, reason in sorted(NAMED.items())]
    return "\n".join([lines[0].rstrip("\n"), "", *lines[1:]]) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where the table is out of date")
    chosen = parser.parse_args()
    found, pinned = installed(), pins()
    said = troubles(found, pinned)
    said += [f"{name} is needed and not pinned in constraints.txt" for name in unpinned(found, pinned)]
    if not said:
        made = table(found, pinned)
        if not chosen.check:
            TABLE.write_text(made, encoding="utf-8")
        elif TABLE.read_text(encoding="utf-8") != made:
            said.append("docs/dependencies.md is out of date: run make licences")
    for line in said:
        sys.stderr.write(f"licences: {line}\n")
    sys.stdout.write(f"{len(pinned)} packages looked at, {len(said)} not in order\n")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
