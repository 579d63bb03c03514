"""The demo corpus that comes with MIRAGE: synthetic voices, no person's speech."""

from __future__ import annotations

from pathlib import Path

import core
from core.corpora.drafts import Draft, Loader
from core.corpora.loaders.folder import read_with_table
from core.errors import BadInputError

TABLE = "utterances.csv"


def home() -> Path:
    """The folder of the embedded demo corpus."""
    return Path(core.__file__).resolve().parent.parent / "assets" / "demo"


def read(root: Path) -> Draft:
    """Reads ``utterances.csv`` and the clips beside it.

    Raises:
        BadInputError: the demo is not there or damaged.
    """
    table = root / TABLE
    if not table.is_file():
        raise BadInputError(f"{table}: the demo corpus is not there; install MIRAGE again")
    return read_with_table(root, table)


LOADER = Loader(
    name="demo",
    title="MIRAGE demo - synthetic emotional speech",
    description="Synthetic voices, no person's speech; some sentences carry the emotion, some are said in every one.",
    licence="MIT",
    layout="utterances.csv and speech/*.ogg; comes with MIRAGE, no PATH needed",
    read=read,
    home=home,
)
