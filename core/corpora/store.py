"""A corpus in the workspace: the utterance table and where its audio is."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core.corpora.audio import RATE, read_audio
from core.corpora.paths import inside, is_file, user_path
from core.corpora.problems import printable
from core.corpora.table import COLUMNS, from_arrow, to_arrow, validate_table
from core.corpora.vocabulary import EMOTIONS
from core.errors import BadInputError
from core.files import atomic_path, finite
from core.parquet import ParquetTable
from core.reading import parse_json
from core.workspace import Workspace

VERSION = 1
"""Version of the table's form, kept in its metadata."""

NO_EMOTION = "(none)"
NO_SESSION = "(none)"
KEY = b"mirage"
"""Where the Parquet file keeps the metadata, as JSON."""

_MOST_BYTES, _MOST_ROWS = 2_000_000_000, 5_000_000
# None: not in the metadata.
_KINDS: dict[str, Any] = {
    **dict.fromkeys(("loader", "title", "licence", "checked"), str | None),
    **dict.fromkeys(("source", "scales", "published"), dict | None),
    "audio_allowed": bool | None,
    "transcript_allowed": bool | None,
    "synthetic": bool | None,
    "seconds": int | float | None,
    "problems": list | None,
    "problems_total": int | None,
}


def is_synthetic(metadata: Mapping[str, Any]) -> bool:
    """Whether a corpus is marked as made by machine, in its own metadata or in that of a run.

    >>> is_synthetic({"loader": "demo"}), is_synthetic({"synthetic": "true"}), is_synthetic({"loader": "emodb"})
    (True, True, False)
    """
    return metadata.get("synthetic") in (True, "true") or metadata.get("loader") == "demo"


@dataclass(frozen=True, eq=False)
class Corpus:
    """An ingested corpus.

    Attributes:
        name: as in the workspace.
        root: absolute folder that the column ``audio`` is relative to; it need not exist on this machine.
        table: the contract's columns, RangeIndex; missing strings are None, missing numbers NaN, ``emotion_votes`` a
            dict or None.
        metadata: ``loader``, ``title``, ``licence``, ``source`` (table, mapping and labels), ``scales``,
            ``audio_allowed`` and ``transcript_allowed`` (see ``core.corpora.permissions``), ``seconds`` of all clips,
            ``checked`` (``whole`` or ``pieces`` of each were decoded), ``published`` (how it compares with the counts
            published of it, or None), ``version``, ``problems`` (the first thousand
            left-out rows) and ``problems_total``.
    """

    name: str
    root: Path
    table: pd.DataFrame
    metadata: dict[str, Any]

    def __len__(self) -> int:
        return len(self.table)

    def audio_path(self, row: int | Mapping[str, Any] | Any) -> Path:
        """The audio file of a row: its position in ``table``, or the row itself (mapping, Series, named tuple).

        Raises:
            BadInputError: there is no such row, it has no audio, or its path leads out of ``root``.
        """
        audio = self._cells(row, "audio")[0]
        if audio is None:
            raise BadInputError(f"corpus {self.name}: utterance {self._cells(row, 'utterance_id')[0]!r} has no audio")
        if not self.root.is_dir():
            raise BadInputError(
                f"corpus {self.name}: its folder {printable(str(self.root))} is not there; "
                "ingest it again from where it is now"
            )
        return inside(self.root, audio)

    def waveform(self, row: int | Mapping[str, Any] | Any, rate: int = RATE) -> np.ndarray:
        """The clip of a row, as ``read_audio`` gives it: float32 ``(samples,)``."""
        start, end = (None if value is None or value != value else value for value in self._cells(row, "start", "end"))
        return read_audio(self.audio_path(row), start, end, rate)

    def counts(self) -> pd.DataFrame:
        """Utterances by emotion (rows) and session (columns), with a column ``all``; unlabelled ones as ``(none)``."""
        emotion = self.table["emotion"].fillna(NO_EMOTION)
        session = self.table["session"].fillna(NO_SESSION)
        counts = pd.crosstab(emotion, session)
        order = [name for name in (*EMOTIONS, NO_EMOTION) if name in counts.index]
        counts = counts.reindex(order)
        if list(counts.columns) == [NO_SESSION]:
            counts = counts.drop(columns=NO_SESSION)
        counts["all"] = emotion.value_counts().reindex(order)
        counts.index.name, counts.columns.name = "emotion", "session"
        return counts.astype(int)

    def classes(self) -> list[str]:
        """The emotions that occur, in the order of ``EMOTIONS``."""
        present = set(self.table["emotion"].dropna())
        return [name for name in EMOTIONS if name in present]

    def speakers(self) -> list[str]:
        """The known speakers, sorted."""
        return sorted(set(self.table["speaker"].dropna()))

    def fingerprint(self) -> str:
        """SHA-256 of the table's content (not of where the audio lies), 64 hexadecimal digits."""
        digest = hashlib.sha256()
        for name in COLUMNS:
            values = finite(self.table[name].tolist())
            digest.update(json.dumps([name, values], sort_keys=True, ensure_ascii=True).encode("ascii"))
        return digest.hexdigest()

    def _cells(self, row: Any, *names: str) -> list[Any]:
        if isinstance(row, int | np.integer):
            if not 0 <= row < len(self.table):
                raise BadInputError(f"corpus {self.name}: there is no row {row}, it has {len(self.table)} rows")
            return [self.table[name].iat[int(row)] for name in names]
        if isinstance(row, Mapping):
            return [row[name] for name in names]
        return [getattr(row, name) for name in names]


def save_corpus(corpus: Corpus, target: Workspace | Path, *, portable: bool = False) -> Path:
    """Writes the table, atomically, into a workspace or to a ``.parquet`` file; gives that file.

    ``portable`` keeps the root relative to the file: both can then be moved together.

    Raises:
        BadInputError: the table is not valid.
        FailureError: the file cannot be written.
    """
    path = target.corpus_file(corpus.name) if isinstance(target, Workspace) else Path(target).absolute()
    validate_table(corpus.table, f"corpus {corpus.name}")
    root = os.path.relpath(corpus.root, path.parent) if portable else str(corpus.root)
    metadata = {**corpus.metadata, "name": corpus.name, "root": root, "version": VERSION}
    encoded = json.dumps(finite(metadata), ensure_ascii=True, allow_nan=False).encode("ascii")
    arrow = to_arrow(corpus.table).replace_schema_metadata({KEY: encoded})
    with atomic_path(path) as temporary:
        pq.write_table(arrow, temporary, compression="zstd")
    return path


def load_corpus(name_or_path: str | Path, workspace: Workspace | None = None) -> Corpus:
    """Opens a corpus by its name in the workspace (by default that of ``MIRAGE_HOME``), or by its file.

    Raises:
        BadInputError: there is no such corpus, or its file is damaged.
    """
    path = _find(name_or_path, workspace)
    where = printable(str(path))
    if not is_file(path):
        raise BadInputError(f"{where}: there is no such utterance table")
    try:
        source = ParquetTable(path, most_bytes=_MOST_BYTES, most_rows=_MOST_ROWS, nested=True)
        # The ids first: a table that claims many rows and has no ids for them costs no more than these.
        if "utterance_id" in source.schema.names:
            ids = source.read(["utterance_id"]).column(0)
            if ids.null_count:
                raise BadInputError(f"{where}: {ids.null_count:,} utterances have no id")
        arrow = source.read([name for name in COLUMNS if name in source.schema.names])
    except BadInputError as error:
        line = str(error).removeprefix(f"{path}: ").removesuffix("; copy it again")
        raise BadInputError(f"{where}: the utterance table is damaged ({line}); ingest the corpus again") from None
    metadata = _metadata(source.schema, where)
    table = from_arrow(arrow, where)
    validate_table(table, where)
    try:
        root = (path.parent / metadata["root"]).resolve()
        root.is_dir()
    except (OSError, RuntimeError):
        raise BadInputError(f"{where}: its folder cannot be followed; ingest the corpus again") from None
    return Corpus(name=path.stem, root=root, table=table, metadata={**metadata, "root": str(root)})


def _find(name_or_path: str | Path, workspace: Workspace | None) -> Path:
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.endswith(".parquet") or "/" in text or os.sep in text:
        return user_path(name_or_path).absolute()
    place = workspace or Workspace()
    path = place.corpus_file(text)
    if not path.is_file():
        names = ", ".join(place.corpus_names()) or "none yet"
        raise BadInputError(
            f"there is no corpus {text!r} in {place.root} (ingested: {names}); `mirage ingest` reads one"
        )
    return path


def _metadata(schema: pa.Schema, where: str) -> dict[str, Any]:
    raw = (schema.metadata or {}).get(KEY)
    try:
        content = parse_json(raw) if raw is not None else None
    except ValueError:
        content = None
    if not isinstance(content, dict) or not isinstance(content.get("root"), str) or "\0" in content["root"]:
        raise BadInputError(f"{where}: is no utterance table of MIRAGE (its metadata is missing); ingest it again")
    for key, kinds in _KINDS.items():
        if not isinstance(content.get(key), kinds):
            raise BadInputError(f"{where}: {key} in its metadata is not what MIRAGE writes; ingest the corpus again")
    if not isinstance(content.get("version"), int) or content["version"] > VERSION:
        raise BadInputError(f"{where}: was written by a newer MIRAGE (form {content.get('version')!r}); update MIRAGE")
    return content
