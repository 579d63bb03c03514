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
        with atomic_directory(target / folder.name) as temporary:
            for name in _FILES:
                if (folder / name).is_file():
                    shutil.copy(folder / name, temporary / name)
            call = temporary / "benchmark.json"
            if call.is_file():
                # When its process began means something on its machine alone.
                write_json(call, {key: value for key, value in read_json(call).items() if key != "begun"})


if __name__ == "__main__":
    try:
        ship([Path(name) for name in sys.argv[1:]])
    except MirageError as error:
        sys.exit(f"mirage: {error}")
