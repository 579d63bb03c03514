"""What the machine offers: Python and packages, device, memory, port, browser."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from core.doctor.check import Check, count
from core.jobs.turns import usable_cores

PYTHONS = ((3, 11), (3, 13))
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")

_SHOWN = ("torch", "transformers", "numpy", "pandas", "scikit-learn", "streamlit", "plotly")
_CONSTRAINTS = Path(__file__).resolve().parents[2] / "constraints.txt"
_INSTALL = "run `make demo` in the checkout, or `pip install -c constraints.txt -e .`"
_LITTLE_MEMORY = 1.5e9


def check_python() -> Check:
    """Python's version."""
    found = f"{platform.python_version()} at {sys.executable}"
    low, high = (".".join(map(str, part)) for part in PYTHONS)
    if not PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]:
        return Check("python", "problem", found, f"use Python {low} to {high}")
    return Check("python", "ok", found)


def check_packages() -> Check:
    """The packages MIRAGE needs, against its own limits and against the versions that were tested together."""
    from packaging.requirements import Requirement

    try:
        needed = [Requirement(line) for line in requires("mirage-affect") or []]
    except PackageNotFoundError:
        needed = [Requirement(name) for name in (*_SHOWN, "safetensors", "pyarrow", "umap-learn", "soundfile")]
    versions = {need.name: _version(need.name) for need in needed if need.marker is None or need.marker.evaluate()}
    missing = sorted(name for name, found in versions.items() if found is None)
    if missing:
        return Check("packages", "problem", f"missing: {', '.join(missing)}", _INSTALL)
    wrong = [
        f"{need.name} {versions[need.name]} (needs {need.specifier})"
        for need in needed
        if versions.get(need.name) and not need.specifier.contains(versions[need.name] or "", prereleases=True)
    ]
    if wrong:
        return Check("packages", "problem", ", ".join(wrong), _INSTALL)
    shown = ", ".join(f"{name} {versions[name]}" for name in _SHOWN if versions.get(name))
    tested = _tested_versions()
    other = [
        f"{name} {found} (tested: {tested[_normal(name)]})"
        for name, found in versions.items()
        # torch 2.13.0+cpu is torch 2.13.0, built for one kind of machine.
        if _normal(name) in tested and (found or "").partition("+")[0] != tested[_normal(name)]
    ]
    if other:
        return Check("packages", "warning", f"other versions than tested: {', '.join(other)}", _INSTALL)
    return Check("packages", "ok", shown)


def check_device() -> Check:
    """Whether PyTorch loads, and what it can compute on."""
    try:
        import torch
    except (ImportError, OSError) as error:
        return Check("device", "problem", f"PyTorch does not load: {str(error).splitlines()[0]}", _INSTALL)
    names = [f"cuda:{index} {torch.cuda.get_device_name(index)}" for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        names.append("mps")
    return Check("device", "ok", ", ".join([*names, f"cpu ({count(usable_cores(), 'core')})"]))


def check_memory() -> Check:
    """Memory of the machine."""
    import psutil

    memory = psutil.virtual_memory()
    found = f"{memory.available / 1e9:.1f} GB free of {memory.total / 1e9:.1f} GB"
    if memory.available < _LITTLE_MEMORY:
        return Check("memory", "warning", found, "close other programs before embedding or training")
    return Check("memory", "ok", found)


def check_port(port: int) -> Check:
    """Whether the dashboard could listen."""
    with socket.socket() as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            remedy = "a dashboard may be running already; otherwise `mirage dashboard --port N`"
            return Check("port", "warning", f"{port} is in use", remedy)
    return Check("port", "ok", f"{port} is free")


def check_browser() -> Check:
    """A browser that tests can drive; the dashboard itself opens in any."""
    told = os.environ.get("MIRAGE_BROWSER")
    found = next((path for name in ((told,) if told else BROWSERS) if (path := shutil.which(name))), None)
    if found is None:
        return Check(
            "browser", "warning", "no chromium", "only the browser tests need it: install chromium to run them"
        )
    return Check("browser", "ok", found)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _tested_versions() -> dict[str, str]:
    if not _CONSTRAINTS.is_file():
        return {}
    lines = [line.partition("#")[0].strip() for line in _CONSTRAINTS.read_text(encoding="utf-8").splitlines()]
    return {_normal(name): found for name, equals, found in (line.partition("==") for line in lines) if equals}


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
