"""What there is to embed in a corpus: one item for each clip and for each distinct transcript."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from core.encoders.shards import SOURCE_BYTES
from core.errors import BadInputError

if TYPE_CHECKING:
    from core.corpora import Corpus

# A file is told from another by its size, a block at its beginning and its end, and blocks spread between them.
_BLOCK = 4096
_BLOCKS = 8
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
        earlier: the digest that MIRAGE took of a clip before, of its size and ends alone. Vectors whose store has that
            one stand; a change in the middle of their files goes unnoticed, as it did then.
    """

    ids: tuple[str, ...]
    content: Clip | str
    length: float = 0.0
    source: bytes = b""
    earlier: bytes = b""

    def examined(self) -> Item:
        """The item with its length and source."""
        if isinstance(self.content, str):
            return replace(self, length=len(self.content) / _CHARACTERS, source=_digest("text", self.content))
        length, source, earlier = _look(self.content)
        return replace(self, length=length, source=source, earlier=earlier)

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
        return before is not None and (before in (self.source, self.earlier) or not self.source)


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


def _look(clip: Clip) -> tuple[float, bytes, bytes]:
    """Seconds by the header, and the two digests of segment and file; no copy of a file changes them."""
    try:
        path = _path(clip)
        # Without a buffer: what is not asked for is not read.
        with path.open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            ends = [file.read(_BLOCK), _read(file, max(0, size - _BLOCK), size)]
            long = size > _BLOCK * (_BLOCKS + 2)
            # Read where it is needed only; the segments of one file share it.
            whole = _seconds(path, size, os.fstat(file.fileno()).st_mtime_ns) if long or clip.end is None else 0.0
            until = whole if clip.end is None else clip.end
            part = (_BLOCK, size - _BLOCK)
            if long and whole > 0 and (clip.start, clip.end) != (None, None):
                # By the share of time: to the byte in a WAV file, about there in others.
                part = (int(size * (clip.start or 0.0) / whole), int(size * until / whole))
            middle = hashlib.blake2b(digest_size=32)
            for block in _spread(*part, size):
                middle.update(_read(file, *block))
    except (BadInputError, OSError):
        # Loading it will say why.
        return 0.0, b"", b""
    earlier = _digest("audio", clip.start, clip.end, size, *ends)
    return until - (clip.start or 0.0), _digest("audio 2", earlier, middle.digest()), earlier


def _spread(first: int, last: int, size: int) -> Iterator[tuple[int, int]]:
    """Beginnings and ends of the blocks between two bytes of a file; all of them where they are few."""
    first, last = max(0, min(first, size)), max(0, min(last, size))
    if last - first <= _BLOCK * _BLOCKS:
        yield first, max(first, last)
        return
    for number in range(_BLOCKS):
        place = first + (last - first - _BLOCK) * number // (_BLOCKS - 1)
        yield place, place + _BLOCK


def _read(file: io.FileIO, first: int, last: int) -> bytes:
    file.seek(first)
    return file.read(last - first) or b""


@lru_cache(maxsize=64)
def _seconds(path: Path, size: int, modified: int) -> float:
    from core.corpora import probe_audio

    return probe_audio(path).seconds


def _path(clip: Clip) -> Path:
    from core.corpora.paths import inside

    return inside(clip.root, clip.audio)


def _digest(*parts: object) -> bytes:
    return hashlib.blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=SOURCE_BYTES).digest()


def _number(value: Any) -> float | None:
    return None if value is None or value != value else float(value)
