"""Text of corpora that do not say how they are encoded."""

from __future__ import annotations

from pathlib import Path

from core.corpora.problems import printable
from core.errors import BadInputError

_LARGEST = 1 << 28
# Bytes that Windows-1252 leaves open stay what they are in Latin-1.
_WINDOWS = {code: bytes([code]).decode("cp1252", errors="ignore") or chr(code) for code in range(0x80, 0xA0)}


def read_text(path: Path, fallback: str = "latin-1") -> str:
    """The text of a file: UTF-16 or UTF-8 where it is that, else ``fallback``; it is always read to its end.

    Raises:
        BadInputError: the file is missing, cannot be read, or is larger than 256 MiB.
    """
    shown = printable(str(path))
    try:
        if path.stat().st_size > _LARGEST:
            raise BadInputError(f"{shown}: larger than 256 MiB, which no text of a corpus is")
        raw = path.read_bytes()
    except OSError as error:
        raise BadInputError(f"{shown}: cannot be read ({error.strerror or error})") from None
    return decode(raw, fallback)


def decode(raw: bytes, fallback: str = "latin-1") -> str:
    """``raw`` as text; see ``read_text``.

    What is Latin-1's control characters is read as Windows-1252, also where it went into UTF-8 in that way: MELD has
    such apostrophes.

    >>> decode(b"it\\x92s"), decode("it\\x92s".encode()), decode("你好".encode("gb2312"), "gb18030")
    ('it’s', 'it’s', '你好')
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = raw.decode("utf-16", errors="replace")
    elif b"\0" in raw:
        # UTF-16 without its mark: the zero bytes of line ends and tabs say which byte comes first.
        text = raw.decode("utf-16-le" if raw[1::2].count(0) >= raw[::2].count(0) else "utf-16-be", errors="replace")
    else:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode(fallback, errors="replace")
    return text.translate(_WINDOWS)
