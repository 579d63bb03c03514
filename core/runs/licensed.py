"""What a run lets people hear and read: asked of the corpus in the workspace each time, and of the run itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.corpora import Corpus, Permissions, is_synthetic, load_corpus
from core.corpora.permissions import read_permissions
from core.errors import BadInputError
from core.parquet import read_schema_metadata
from core.printable import one_line
from core.workspace import Workspace

_Stamp = tuple[int, int, int]
_LONGEST = 300
_ABOUT = ("loader", "title", "licence")


def about(metadata: Mapping[str, Any]) -> dict[str, str]:
    """What a run keeps of a corpus's metadata, or of its own: ``loader``, ``title``, ``licence`` and ``synthetic``.

    >>> about({"loader": "demo", "title": "A title", "licence": None, "problems": []})
    {'loader': 'demo', 'title': 'A title', 'synthetic': 'true'}
    """
    # A run may be a stranger's.
    kept = {key: one_line(value[:_LONGEST]) for key in _ABOUT if isinstance(value := metadata.get(key), str)}
    return {**kept, **({"synthetic": "true"} if is_synthetic(metadata) else {})}


def read_about(folder: Path) -> dict[str, str]:
    """What a run on disk says of its corpus, see ``about``; nothing where it has no table (yet) or a damaged one."""
    try:
        raw = read_schema_metadata(folder / "features" / "utterances.parquet")
        return about({key.decode(): value.decode() for key, value in raw.items()})
    except (BadInputError, ValueError):
        return {}


class RunCorpus:
    """The corpus that a run was trained on, as the workspace has it now.

    Args:
        name: of the corpus. metadata: of the run's table; it holds the switches as they were when the run was made.
    """

    def __init__(self, name: str, workspace: Workspace, metadata: Mapping[str, str]) -> None:
        self.name, self.workspace = name, workspace
        self._own, self._own_about = Permissions.of(metadata), about(metadata)
        self._said: tuple[_Stamp, Permissions] | None = None
        self._opened: tuple[_Stamp, Corpus] | None = None

    @property
    def permissions(self) -> Permissions:
        """What both the run and the corpus of its name in the workspace allow; the run alone where there is none.

        A switch that is changed holds at once. A run that was made while something was switched off keeps it so.
        """
        stamp = self._stamp()
        if stamp is None:
            return self._own
        if self._said is None or self._said[0] != stamp:
            self._said = (stamp, read_permissions(self.workspace.corpus_file(self.name)))
        return self._own & self._said[1]

    @property
    def about(self) -> dict[str, str]:
        """What is known of the corpus, see ``about``: as the workspace has it, else as the run says."""
        try:
            return {**self._own_about, **about(self._corpus().metadata)}
        except BadInputError:
            return self._own_about

    def waveform(self, utterance: str, rate: int) -> np.ndarray:
        """The clip of an utterance: float32 (samples,).

        Raises:
            BadInputError: the clips must not be played, the corpus is not in this workspace or no longer has the
                utterance, or the file is not on this machine.
        """
        if not self.permissions.audio:
            raise BadInputError(f"corpus {self.name}: its clips must not be played or shown here")
        corpus = self._corpus()
        places = np.flatnonzero((corpus.table["utterance_id"] == utterance).to_numpy())
        if not len(places):
            raise BadInputError(f"corpus {self.name} has no utterance {utterance!r} (any more)")
        return corpus.waveform(int(places[0]), rate)

    def _corpus(self) -> Corpus:
        stamp = self._stamp()
        if stamp is None:
            raise BadInputError(f"the audio is not here: corpus {self.name!r} is not in {self.workspace.corpora}")
        if self._opened is None or self._opened[0] != stamp:
            self._opened = (stamp, load_corpus(self.name, self.workspace))
        return self._opened[1]

    def _stamp(self) -> _Stamp | None:
        """What changes with the file; None where the workspace has no such corpus."""
        try:
            status = self.workspace.corpus_file(self.name).stat()
        except (OSError, BadInputError):
            # A run of somebody else may name its corpus as it likes.
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino
