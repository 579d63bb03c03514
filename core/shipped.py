"""Measured results that come with MIRAGE: the benchmarks and studies of the README, for the dashboard's pages.

``python -m core.shipped FOLDER...`` takes finished ones out of a workspace into ``assets/benchmarks``.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from core.errors import BadInputError, MirageError
from core.files import atomic_directory, read_json, write_json
from core.workspace import Workspace

ASSETS = Path(__file__).resolve().parents[1] / "assets" / "benchmarks"
_FIGURES = ("results.json", "mi_gain.json")
_FILES = (*_FIGURES, "benchmark.json", "config.yaml")


def install_results(workspace: Workspace) -> None:
    """Copies what is shipped into ``workspace`` where it is not there yet; what is there is left alone."""
    for source in sorted(ASSETS.glob("*/")):
        target = workspace.benchmarks / source.name
        if not target.exists():
            with atomic_directory(target) as temporary:
                shutil.copytree(source, temporary, dirs_exist_ok=True)


def ship(folders: Sequence[Path], target: Path = ASSETS) -> None:
    """Figures and calls of finished benchmarks and studies, without cells, logs and states.

    Raises:
        BadInputError: a folder that has no figures; nothing is copied then.
    """
    for folder in folders:
        if not any((folder / name).is_file() for name in _FIGURES):
            raise BadInputError(f"{folder}: neither results.json nor mi_gain.json; is it a finished benchmark?")
    for folder in folders:
        # A folder that is given as "." has a name too.
        with atomic_directory(target / folder.resolve().name) as temporary:
            for name in _FILES:
                if (folder / name).is_file():
                    shutil.copy(folder / name, temporary / name)
            call = temporary / "benchmark.json"
            if call.is_file():
                content = read_json(call)
                # When its process began, and on which cluster, means something where it was measured alone.
                content.pop("begun", None)
                write_json(call, {**content, "asked": {"methods": content["asked"]["methods"], "workers": 0}})


if __name__ == "__main__":
    if not sys.argv[1:]:
        sys.exit(f"mirage: say which folders; usage: {(__doc__ or '').splitlines()[2]}")
    try:
        ship([Path(name) for name in sys.argv[1:]])
    except MirageError as error:
        sys.exit(f"mirage: {error}")
