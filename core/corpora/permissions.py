"""What people may hear and read of a corpus: the switches of licensed data, and where they hold.

The switches are ``audio_allowed`` and ``transcript_allowed`` in the metadata of the utterance table. They govern what
is shown, never what is learnt from: embedding and training use clips and transcripts in any case. They are tightened
by ``mirage ingest``, changed by ``mirage corpus``, and by nothing that a page of the dashboard can start.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from core.corpora.store import KEY, load_corpus
from core.errors import BadInputError
from core.files import atomic_path
from core.parquet import read_schema_metadata
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.corpora.store import Corpus

AUDIO, TRANSCRIPT = "audio_allowed", "transcript_allowed"
"""The keys of the metadata; a corpus without them was read before there were any, and allows both."""


@dataclass(frozen=True)
class Permissions:
    """Whether clips may be heard and seen, and whether transcripts may be read."""

    audio: bool = True
    transcripts: bool = True

    @classmethod
    def of(cls, metadata: Mapping[str, Any]) -> Permissions:
        """As the metadata of a corpus or of a run says; what is neither true nor missing allows nothing.

        >>> Permissions.of({}), Permissions.of({"audio_allowed": "false", "transcript_allowed": True})
        (Permissions(audio=True, transcripts=True), Permissions(audio=False, transcripts=True))
        """
        return cls(*(metadata.get(key, True) in (True, "true") for key in (AUDIO, TRANSCRIPT)))

    def __and__(self, other: Permissions) -> Permissions:
        """What both allow."""
        return Permissions(self.audio and other.audio, self.transcripts and other.transcripts)

    @property
    def all(self) -> bool:
        """Whether nothing is kept from people."""
        return self.audio and self.transcripts

    def to_metadata(self) -> dict[str, bool]:
        """The two keys of a corpus's metadata."""
        return {AUDIO: self.audio, TRANSCRIPT: self.transcripts}


NOTHING = Permissions(audio=False, transcripts=False)


def for_people(corpus: Corpus) -> Corpus:
    """The corpus as it may be shown: without a word of its transcripts where these are switched off."""
    if Permissions.of(corpus.metadata).transcripts:
        return corpus
    return replace(corpus, table=corpus.table.assign(text=None))


def require_audio(corpus: Corpus) -> None:
    """Raises BadInputError where clips of the corpus must not be heard."""
    if not Permissions.of(corpus.metadata).audio:
        raise BadInputError(f"corpus {corpus.name}: its clips must not be played or shown here")


def read_permissions(file: Path) -> Permissions:
    """The switches of an utterance table. Only its metadata is read; a damaged one allows nothing."""
    try:
        raw = read_schema_metadata(file).get(KEY)
        content = json.loads(raw) if raw is not None else None
    except (BadInputError, ValueError, RecursionError):
        return NOTHING
    return Permissions.of(content) if isinstance(content, dict) else NOTHING


def change_permissions(
    name: str, workspace: Workspace, *, audio: bool | None = None, transcripts: bool | None = None
) -> Permissions:
    """Sets switches of a corpus that is in the workspace; None leaves one as it is. Gives what holds now.

    Raises:
        BadInputError: there is no such corpus, or its file is damaged.
        FailureError: the file cannot be written.
    """
    before = Permissions.of(load_corpus(name, workspace).metadata)
    after = Permissions(
        before.audio if audio is None else audio, before.transcripts if transcripts is None else transcripts
    )
    if after != before:
        file = workspace.corpus_file(name)
        with pq.ParquetFile(file) as opened:
            arrow = opened.read()
        kept = dict(arrow.schema.metadata or {})
        metadata = {**json.loads(kept[KEY]), **after.to_metadata()}
        encoded = json.dumps(metadata, ensure_ascii=True, allow_nan=False).encode("ascii")
        with atomic_path(file) as temporary:
            pq.write_table(arrow.replace_schema_metadata({**kept, KEY: encoded}), temporary, compression="zstd")
    return after


def inherited(name: str, places: Iterable[Path], workspace: Workspace) -> tuple[Permissions, list[str]]:
    """What a corpus that is read anew may allow at most, and the corpora that say so.

    Those are the one of the same name, and every one that has its clips or its table in ``places``, around them or
    inside them: data under a licence does not become free by being read under another name.
    """
    allowed, said_by = Permissions(), []
    own = [place.resolve() for place in places]
    for other in workspace.corpus_names():
        file = workspace.corpora / f"{other}.parquet"
        found = read_permissions(file)
        if found.all or not (other == name or _overlap(own, _places(file))):
            continue
        allowed = allowed & found
        said_by.append(other)
    return allowed, said_by


def refuse_restricted(name: str, places: Iterable[Path], workspace: Workspace) -> None:
    """Raises BadInputError where a switched-off corpus of the workspace has that name or lies in ``places``.

    For those who may only look at a page: by reading a corpus anew, transcripts could be named speakers and be shown.
    """
    _, names = inherited(name, places, workspace)
    if names:
        raise BadInputError(
            f"this folder, table or name belongs to {', '.join(names)}, of which not everything may be shown; "
            "whoever keeps the data reads it anew with `mirage ingest`"
        )


def _places(file: Path) -> list[Path]:
    """The folder of a corpus's clips and the table it was made from."""
    try:
        metadata = load_corpus(file).metadata
        table = ((metadata.get("source") or {}).get("table") or {}).get("path")
        return [Path(place).resolve() for place in (metadata["root"], table) if place]
    except (BadInputError, OSError, AttributeError, TypeError):
        return []


def _overlap(some: Iterable[Path], others: Iterable[Path]) -> bool:
    others = list(others)
    return any(a == b or a in b.parents or b in a.parents for a in some for b in others)
