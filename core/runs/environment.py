"""``environment.json``: what a run was made with, so that it can be made again."""

from __future__ import annotations

import platform
import subprocess
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from core import __version__
from core.config import Config
from core.errors import BadInputError
from core.files import read_json, write_json
from core.runs.data import RunData

_PACKAGES = ("torch", "transformers", "numpy", "pandas", "scikit-learn", "umap-learn", "safetensors", "streamlit")


def write_environment(folder: Path, config: Config, data: RunData, device: torch.device) -> None:
    """Writes versions, device, seed, git revision and the fingerprints of the corpus table and the embeddings."""
    write_json(
        folder / "environment.json",
        {
            "mirage": __version__,
            "git_revision": _git_revision(),
            "python": platform.python_version(),
            "packages": {name: found for name in _PACKAGES if (found := _version(name))},
            "machine": {"system": platform.system(), "architecture": platform.machine()},
            "device": str(device),
            "threads": torch.get_num_threads(),
            "seed": config.training.seed,
            "corpus": {"name": data.corpus.name, "sha256": data.corpus.fingerprint()},
            "embeddings": [
                {"name": store.name, "encoder": store.meta["encoder"], "sha256": store.fingerprint()}
                for store in data.stores
            ],
            "written": time.time(),
        },
    )


def refuse_other_data(folder: Path, data: RunData) -> None:
    """Compares the data with what ``environment.json`` names, so that a run never goes on with other ones.

    Raises:
        BadInputError: the corpus or its embeddings have changed since the run began.
    """
    try:
        content = read_json(folder / "environment.json")
        before = {"corpus": content["corpus"]["sha256"], "embeddings": [s["sha256"] for s in content["embeddings"]]}
    except (BadInputError, KeyError, TypeError):
        # Written at every start; without it there is nothing to compare with.
        return
    for what, found in (("corpus", data.corpus.fingerprint()), ("embeddings", [s.fingerprint() for s in data.stores])):
        if before[what] != found:
            raise BadInputError(
                f"run {folder.name!r}: the {what} of {data.corpus.name} changed since the run began; train a new run"
            )


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _git_revision() -> str | None:
    """The revision of MIRAGE's own checkout, None where it is installed without one."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    try:
        found = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() or None
