"""What a stored corpus was made from, so that another one is not put in its place unasked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.corpora.drafts import Loader
from core.corpora.paths import table_path
from core.corpora.problems import printable
from core.corpora.store import load_corpus
from core.errors import BadInputError
from core.workspace import Workspace

_PARTS = {"table": "another table", "mapping": "other columns (--map)", "labels": "other --labels"}


def source_of(root: Path, options: Mapping[str, Any]) -> dict[str, Any]:
    """``table`` (its path and the SHA-256 of its content), ``mapping`` and ``labels`` as they were told, for JSON."""
    source: dict[str, Any] = {name: dict(options[name]) for name in ("mapping", "labels") if options.get(name)}
    if options.get("table") is not None:
        path = table_path(root, options["table"])
        source["table"] = {"path": str(path), "sha256": _digest(path)}
    return source


def refuse_other(name: str, loader: Loader, root: Path, workspace: Workspace) -> Mapping[str, Any] | None:
    """Gives the source of the corpus ``name`` of the workspace, None where there is none; it may be read again.

    Raises:
        BadInputError: that corpus is of another kind or folder.
    """
    file = workspace.corpus_file(name)
    if not file.exists():
        return None
    try:
        old = load_corpus(file)
    except BadInputError:
        raise BadInputError(f"{file}: a damaged corpus of this name is there; use --name or --replace") from None
    # A corpus that comes with MIRAGE is the same wherever MIRAGE is installed.
    same_place = loader.home is not None or old.root == root
    if old.metadata.get("loader") != loader.name or not same_place:
        raise BadInputError(
            f"the workspace has another corpus {name!r} (from {printable(str(old.root))}); use --name or --replace"
        )
    source = old.metadata.get("source")
    return source if isinstance(source, dict) else None


def refuse_other_source(name: str, before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> None:
    """The corpus ``name`` of the same folder may be read again, not replaced by what another table says of it.

    Raises:
        BadInputError: the sources differ.
    """
    others = [
        what for part, what in _PARTS.items() if before is not None and not _same(before.get(part), now.get(part))
    ]
    if others:
        raise BadInputError(
            f"the workspace has another corpus {name!r} (of the same folder, with {' and '.join(others)}); "
            "use --name or --replace"
        )


def _same(before: Any, now: Any) -> bool:
    if isinstance(before, dict) and isinstance(now, dict) and "sha256" in now:
        # One that was edited since, or one that lies elsewhere now.
        return before.get("path") == now["path"] or before.get("sha256") == now["sha256"]
    return bool(before == now)


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return None
