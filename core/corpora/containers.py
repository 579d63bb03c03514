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
    """How the file shows that its end is missing, or None. WAV, RF64, W64, AIFF, CAF, AU and Ogg are judged.

    Layouts after the RIFF (IBM and Microsoft, 1991), RF64 (EBU Tech 3306), AIFF 1.3 (Apple, 1989) and CAF (Apple)
    specifications, Ogg pages after RFC 3533.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        magic = file.read(12)
        kind, form = magic[:4], magic[8:12]
        if kind in (b"RIFF", b"RIFX", b"RF64") and form == b"WAVE":
            return _missing(_chunked(file, size, 12, ">4sI" if kind == b"RIFX" else "<4sI", align=2), size)
        if kind == b"FORM" and form in (b"AIFF", b"AIFC"):
            return _missing(_chunked(file, size, 12, ">4sI", align=2), size)
        if kind == b"caff":
            return _missing(_chunked(file, size, 8, ">4sq"), size)
        if kind == b"riff":
            return _missing(_chunked(file, size, 40, "<4s12xq", align=8, counts_header=True), size)
        if kind == b".snd" and len(magic) == 12:
            return _missing(struct.unpack(">II", magic[4:]), size)
        if kind == b"OggS":
            return _ogg(file, size)
    return None


def _missing(sound: tuple[int, int] | None, size: int) -> str | None:
    if sound is None:
        return "the file ends before its sound begins"
    begin, length = sound
    # Written to a pipe: the length was never known.
    if length in (_UNKNOWN_SIZE, -1) or size - begin >= length:
        return None
    return f"the header promises {length} bytes of sound, {max(0, size - begin)} are there"


def _chunked(
    file: BinaryIO, size: int, position: int, head: str, *, align: int = 1, counts_header: bool = False
) -> tuple[int, int] | None:
    """Where the sound begins and how many bytes of it there should be; None if no chunk of sound is reached."""
    header = struct.calcsize(head)
    long_size: int | None = None
    while position + header <= size:
        file.seek(position)
        name, length = struct.unpack(head, file.read(header))
        if counts_header:
            length -= header
        if length < 0 and name != b"data":
            return None
        if name == b"ds64":  # RF64: sizes of 64 bits, the real one of the sound second
            body = file.read(16)
            long_size = struct.unpack("<QQ", body)[1] if len(body) == 16 else None
        if name in (b"data", b"SSND"):
            return position + header, (long_size if length == _UNKNOWN_SIZE and long_size is not None else length)
        position += header + length
        position += -position % align
    return None


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
