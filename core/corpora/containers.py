"""Finds audio files cut short that libsndfile would silently play to where they break off."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

_UNKNOWN_SIZE = 0xFFFFFFFF
_PAGE_HEADER = 27
_LONGEST_PAGE = _PAGE_HEADER + 255 + 255 * 255


def truncation(path: Path) -> str | None:
    """How the file shows that its end is missing, or None. WAV (RIFF, RIFX, RF64), AIFF and Ogg are judged.

    Chunk layout after the RIFF (IBM and Microsoft, 1991) and AIFF 1.3 (Apple, 1989) specifications, Ogg pages
    after RFC 3533.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        magic = file.read(12)
        kind, form = magic[:4], magic[8:12]
        if kind in (b"RIFF", b"RIFX", b"RF64") and form == b"WAVE":
            return _chunked(file, size, "<" if kind != b"RIFX" else ">", b"data")
        if kind == b"FORM" and form in (b"AIFF", b"AIFC"):
            return _chunked(file, size, ">", b"SSND")
        if kind == b"OggS":
            return _ogg(file, size)
    return None


def _chunked(file: BinaryIO, size: int, order: str, wanted: bytes) -> str | None:
    position = 12
    long_size: int | None = None
    while position + 8 <= size:
        file.seek(position)
        name, length = struct.unpack(f"{order}4sI", file.read(8))
        if name == b"ds64":
            body = file.read(16)
            long_size = struct.unpack("<QQ", body)[1] if len(body) == 16 else None
        if name == wanted:
            if length == _UNKNOWN_SIZE:
                if long_size is None:  # written to a pipe: the length was never known
                    return None
                length = long_size
            present = size - position - 8
            if present < length:
                return f"the header promises {length} bytes of sound, {present} are there"
            return None
        position += 8 + length + length % 2
    return "the file ends before its sound begins"


def _ogg(file: BinaryIO, size: int) -> str | None:
    reach = min(size, 2 * _LONGEST_PAGE)
    file.seek(size - reach)
    tail = file.read(reach)
    at = tail.rfind(b"OggS")
    while at >= 0:
        page = tail[at:]
        if len(page) < _PAGE_HEADER or len(page) < _PAGE_HEADER + page[26]:
            return "the last page of the file is cut"
        segments = page[_PAGE_HEADER : _PAGE_HEADER + page[26]]
        length = _PAGE_HEADER + len(segments) + sum(segments)
        if length > len(page):
            return "the last page of the file is cut"
        # "OggS" may also occur in the sound itself: a page that is one carries version 0 and known flags.
        if page[4] == 0 and page[5] < 8:
            return None if page[5] & 4 else "the stream has no end"
        at = tail.rfind(b"OggS", 0, at)
    return "no whole page was found at the end of the file"
