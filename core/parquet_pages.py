"""The page headers of a Parquet file: what reading it will really take, before it is read.

The sizes in a file's footer are only claims. What the reader allocates and unpacks is what the header of each page
says, in Thrift's compact form, of which this reads as much as is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, Any

_WINDOW = 1 << 16
_DEPTH = 16
_DATA, _DICTIONARY, _DATA_V2 = 0, 2, 3
_ENCODINGS = {0, 2, 3, 8}
"""PLAIN, PLAIN_DICTIONARY, RLE, RLE_DICTIONARY: what is written here. A delta encoding can say much in few bytes."""


class PageError(Exception):
    """A page header that cannot be followed, or that says what no file of MIRAGE says."""


@dataclass
class Pages:
    """What the pages of one column chunk hold, in all.

    Attributes:
        size: bytes when unpacked. values: in data pages. dictionary_size, dictionary_values: of dictionary pages.
    """

    size: int = 0
    values: int = 0
    dictionary_size: int = 0
    dictionary_values: int = 0


def read_pages(file: IO[bytes], begin: int, end: int) -> Pages:
    """Follows the pages of a column chunk that takes the bytes from ``begin`` to ``end``.

    Raises:
        PageError: it cannot be followed to its end, or has an encoding that MIRAGE does not write.
    """
    found = Pages()
    at = begin
    while at < end:
        file.seek(at)
        reader = _Compact(file.read(min(_WINDOW, end - at)))
        header = reader.struct()
        kind, unpacked, packed = (_natural(header, field) for field in (1, 2, 3))
        body = header.get({_DATA: 5, _DICTIONARY: 7, _DATA_V2: 8}.get(kind, -1))
        if not isinstance(body, dict):
            raise PageError("a page of an unknown kind")
        values = _natural(body, 1)
        if body.get(4 if kind == _DATA_V2 else 2) not in _ENCODINGS:
            raise PageError("an encoding that MIRAGE does not write")
        found.size += unpacked
        if kind == _DICTIONARY:
            found.dictionary_size += unpacked
            found.dictionary_values += values
        else:
            found.values += values
        at += reader.at + packed
    if at != end:
        raise PageError("pages that do not end where their column ends")
    return found


def _natural(fields: dict[int, Any], number: int) -> int:
    value = fields.get(number)
    if type(value) is not int or value < 0:
        raise PageError("a page does not say how large it is")
    return value


class _Compact:
    """Thrift's compact form, as dicts of field number to value; strings and lists are passed over."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.at = 0

    def struct(self, depth: int = 0) -> dict[int, Any]:
        fields: dict[int, Any] = {}
        number = 0
        while (head := self._byte()) != 0:
            number = number + (head >> 4) if head >> 4 else self._integer()
            fields[number] = self._value(head & 15, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if depth > _DEPTH:
            raise PageError("a header that is nested too deeply")
        if kind in (1, 2):
            return kind == 1
        if kind == 3:
            return self._byte()
        if kind in (4, 5, 6):
            return self._integer()
        if kind == 7:
            return self._skip(8)
        if kind == 8:
            return self._skip(self._varint())
        if kind in (9, 10):
            head = self._byte()
            count = head >> 4 if head >> 4 != 15 else self._varint()
            for _ in range(count):
                # A boolean in a list takes a byte of its own.
                self._value(3 if head & 15 in (1, 2) else head & 15, depth + 1)
            return None
        if kind == 12:
            return self.struct(depth + 1)
        raise PageError("a header that cannot be read")

    def _byte(self) -> int:
        if self.at >= len(self._content):
            raise PageError("a header that is cut off")
        self.at += 1
        return self._content[self.at - 1]

    def _skip(self, count: int) -> None:
        if count > len(self._content) - self.at:
            raise PageError("a header that is cut off")
        self.at += count

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise PageError("a header that cannot be read")

    def _integer(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
