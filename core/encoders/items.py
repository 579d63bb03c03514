"""What there is to embed in a corpus: one item for each clip and for each distinct transcript."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from core.encoders.shards import SOURCE_BYTES
from core.errors import BadInputError

if TYPE_CHECKING:
    from core.corpora import Corpus

_ENDS = 4096  # bytes of a file's beginning and of its end that tell it from another
_CHARACTERS = 15.0  # spoken in a second


class Clip(NamedTuple):
    """Where a clip is: a file below a corpus folder, and the segment of it in seconds; it loads at ``rate`` Hz."""

    root: Path
    audio: str
    start: float | None
    end: float | None
    rate: int


@dataclass(frozen=True)
class Item:
    """One clip or one distinct transcript, and the utterances that get its vector. Plain data: it can be sent away.

    Attributes:
        ids: the utterances.
        content: the clip, or the transcript.
        length: seconds, once examined; of a text, about the time it takes to say it.
        source: digest of what the vector is made from, once examined; empty where that cannot be read.
    """

    ids: tuple[str, ...]
    content: Clip | str
    length: float = 0.0
    source: bytes = b""

    def examined(self) -> Item:
        """The item with its length and source."""
        if isinstance(self.content, str):
            return replace(self, length=len(self.content) / _CHARACTERS, source=_digest("text", self.content))
        length, source = _look(self.content)
        return replace(self, length=length, source=source)

    def load(self) -> Any:
        """The transcript, or the samples (n,) float32: of the segment only, whatever else the file holds.

        Raises:
            BadInputError: the clip cannot be read.
        """
        if isinstance(self.content, str):
            return self.content
        from core.corpora import read_audio

        clip = self.content
        return read_audio(_path(clip), clip.start, clip.end, clip.rate)

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
    columns = [corpus.table[name].tolist() for name in ("utterance_id", "audio", "start", "end")]
    items = [
        Item((name,), Clip(corpus.root, audio, _number(start), _number(end), rate))
        for name, audio, start, end in zip(*columns, strict=True)
        if isinstance(audio, str)
    ]
    if not items:
        raise BadInputError(f"corpus {corpus.name}: no utterance has audio; embed its text only")
    if not corpus.root.is_dir():
        corpus.audio_path({"utterance_id": items[0].ids[0], "audio": ""})  # says so
    return items


def text_items(corpus: Corpus) -> list[Item]:
    """The distinct transcripts of ``corpus`` in the order of its table.

    Raises:
        BadInputError: no utterance has text.
    """
    speakers: dict[str, list[str]] = {}
    for name, text in zip(corpus.table["utterance_id"], corpus.table["text"], strict=True):
        if isinstance(text, str) and text.strip():
            speakers.setdefault(text, []).append(name)
    if not speakers:
        raise BadInputError(f"corpus {corpus.name}: no utterance has text; embed its audio only")
    return [Item(tuple(ids), text) for text, ids in speakers.items()]


def _look(clip: Clip) -> tuple[float, bytes]:
    """Seconds by the header, and a digest of segment and file: its size, beginning and end, as no copy changes them."""
    from core.corpora import probe_audio

    try:
        path = _path(clip)
        seconds = (probe_audio(path).seconds if clip.end is None else clip.end) - (clip.start or 0.0)
        with path.open("rb") as file:
            beginning = file.read(_ENDS)
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _ENDS))
            ending = file.read(_ENDS)
    except (BadInputError, OSError):
        # Loading it will say why.
        return 0.0, b""
    return seconds, _digest("audio", clip.start, clip.end, size, beginning, ending)


def _path(clip: Clip) -> Path:
    from core.corpora.paths import inside

    return inside(clip.root, clip.audio)


def _digest(*parts: object) -> bytes:
    return hashlib.blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=SOURCE_BYTES).digest()


def _number(value: Any) -> float | None:
    return None if value is None or value != value else float(value)
