"""What the process of a job printed."""

from __future__ import annotations

import os
from pathlib import Path

from core.reading import open_plain

FILE = "job.log"


def job_log(folder: str | Path, lines: int = 200) -> list[str]:
    """The last lines that a job's process printed."""
    path = Path(folder) / FILE
    if not path.is_file():
        return []
    with open_plain(path) as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - 400 * lines))
        return file.read().decode("utf-8", "replace").splitlines()[-lines:]
