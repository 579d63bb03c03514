"""What there is to embed in a corpus: one item for each clip and for each distinct transcript."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from core.encoders.shards import SOURCE_BYTES
from core.errors import BadInputError

if TYPE_CHECKING:
    from core.corpora import Corpus

_ENDS = 4096  # bytes of a file's beginning and of its end that tell it from another


@dataclass(frozen=True)
class Item:
    """One clip or one distinct transcript, and the utterances that get its vector.

    Attributes:
        ids: the utterances.
        look: gives length (for sorting) and source.
        load: gives what the encoder takes; raises BadInputError where it cannot be had.
        length: seconds, once examined; of a text, about the time it takes to say it.
        source: digest of what the vector is made from, once examined; empty where that cannot be read.
    """

    ids: tuple[str, ...]
    look: Callable[[], tuple[float, bytes]]
    load: Callable[[], Any]
    length: float = 0.0
    source: bytes = b""

    def examined(self) -> Item:
        """The item with its length and source."""
        length, source = self.look()
        return replace(self, length=length, source=source)

    def missing(self, done: Mapping[str, bytes]) -> Item:
        """The item for those utterances whose vector is not in the store, or was made from something else.

        What cannot be read now but was embedded before stays as it is.
        """
        return replace(self, ids=tuple(name for name in self.ids if not self._is_done(done.get(name))))

    def _is_done(self, before: bytes | None) -> bool:
        return before is not None and (before == self.source or not self.source)


def audio_items(corpus: Corpus, rate: int) -> list[Item]:
    """The clips of ``corpus`` in the order of its table; they load as float32 (samples,) at ``rate`` Hz.

    Raises:
        BadInputError: no utterance has audio, or the corpus folder is not there.
    """

    def item(row: Any) -> Item:
        return Item((row.utterance_id,), look=lambda: _look(corpus, row), load=lambda: corpus.waveform(row, rate))

    rows = [row for row in corpus.table.itertuples(index=False) if row.audio is not None]
    if not rows:
        raise BadInputError(f"corpus {corpus.name}: no utterance has audio; embed its text only")
    if not corpus.root.is_dir():
        corpus.audio_path(rows[0])  # says so
    return [item(row) for row in rows]


def text_items(corpus: Corpus) -> list[Item]:
    """The distinct transcripts of ``corpus`` in the order of its table.

    Raises:
        BadInputError: no utterance has text.
    """

    def item(text: str, ids: list[str]) -> Item:
        return Item(tuple(ids), look=lambda: (len(text) / 15, _digest("text", text)), load=lambda: text)

    speakers: dict[str, list[str]] = {}
    for name, text in zip(corpus.table["utterance_id"], corpus.table["text"], strict=True):
        if isinstance(text, str) and text.strip():
            speakers.setdefault(text, []).append(name)
    if not speakers:
        raise BadInputError(f"corpus {corpus.name}: no utterance has text; embed its audio only")
    return [item(text, ids) for text, ids in speakers.items()]


def _look(corpus: Corpus, row: Any) -> tuple[float, bytes]:
    """Seconds by the header, and a digest of segment and file: its size, beginning and end, as no copy changes them."""
    from core.corpora import probe_audio

    start, end = _number(row.start), _number(row.end)
    try:
        path = corpus.audio_path(row)
        seconds = (probe_audio(path).seconds if end is None else end) - (start or 0.0)
        with path.open("rb") as file:
            beginning = file.read(_ENDS)
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _ENDS))
            ending = file.read(_ENDS)
    except (BadInputError, OSError):
        # Loading it will say why.
        return 0.0, b""
    return seconds, _digest("audio", start, end, size, beginning, ending)


def _digest(*parts: object) -> bytes:
    return hashlib.blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=SOURCE_BYTES).digest()


def _number(value: Any) -> float | None:
    return None if value is None or value != value else float(value)
