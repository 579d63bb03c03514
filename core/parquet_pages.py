"""The footer and the page headers of a Parquet file: what reading it will really take, before it is read.

The sizes in a file's footer are only claims. What the reader allocates and unpacks is what the header of each page
says, in Thrift's compact form, of which this reads as much as is needed. Where a column lies is read here as well:
pyarrow ends the process over statistics that contradict its schema when it is asked for a column's metadata.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, Any

_WINDOW = 1 << 16
_DEPTH = 16
_MOST_PARTS = 500_000
"""Fields, structs and items of lists in all, in a header or a footer."""
_DATA, _DICTIONARY, _DATA_V2 = 0, 2, 3
# Thrift's kinds of values.
_I32, _I64, _STRING, _LIST, _STRUCT = 5, 6, 8, 9, 12
_BITS = {4: 16, _I32: 32, _I64: 64}
_ENCODINGS = {0, 2, 3, 8}
"""PLAIN, PLAIN_DICTIONARY, RLE, RLE_DICTIONARY: what is written here. A delta encoding can say much in few bytes."""


_Fields = dict[tuple[int, int], Any]


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


@dataclass(frozen=True)
class Chunk:
    """Where one column of one part of the file lies: bytes ``begin`` to ``end``, and how many values it claims."""

    values: int
    begin: int
    end: int


def read_footer(content: bytes, size: int) -> list[list[Chunk]]:
    """The columns of each part of a file of ``size`` bytes, by its footer.

    Raises:
        PageError: it cannot be followed, or a column lies elsewhere or is encrypted.
    """
    groups = _Compact(content).struct().get((4, _LIST))
    return [[_chunk(column, size) for column in _list(group, 1)] for group in groups or []]


def _chunk(column: _Fields, size: int) -> Chunk:
    if column.get((1, _STRING)):
        raise PageError("a column lies in another file")
    meta = column.get((3, _STRUCT))
    if meta is None or (8, _STRUCT) in column:
        raise PageError("a column cannot be read without a key")
    values, length = (_natural(meta, number, _I64) for number in (5, 7))
    if not values:
        # Nothing was written, and nothing is read.
        return Chunk(0, 0, 0)
    begin = _natural(meta, 9, _I64)
    dictionary = meta.get((11, _I64), 0)
    if 0 < dictionary < begin:
        begin = dictionary
    if begin < 4 or begin + length > size:
        raise PageError("a column lies outside the file")
    return Chunk(values, begin, begin + length)


def _list(fields: Any, number: int) -> list[_Fields]:
    found = fields.get((number, _LIST)) if isinstance(fields, dict) else None
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise PageError("its footer lacks a part")
    return found


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
        body = header.get(({_DATA: 5, _DICTIONARY: 7, _DATA_V2: 8}.get(kind, -1), _STRUCT))
        if body is None:
            raise PageError("a page of an unknown kind")
        values = _natural(body, 1)
        if body.get((4 if kind == _DATA_V2 else 2, _I32)) not in _ENCODINGS:
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


def _natural(fields: _Fields, number: int, kind: int = _I32) -> int:
    value = fields.get((number, kind))
    if type(value) is not int or value < 0:
        raise PageError("a page or a column does not say how large it is")
    return value


class _Compact:
    """Thrift's compact form: structs as dicts by number and kind of a field, lists of structs as lists of such.

    Of a string there is its length; other lists are passed over. A field of another kind than its reader expects is
    ignored by that reader, hence by us, and one that comes twice is refused: both must see the same file.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._parts = 0
        self.at = 0

    def struct(self, depth: int = 0) -> _Fields:
        fields: _Fields = {}
        number, seen = 0, set()
        while (head := self._byte()) != 0:
            number = number + (head >> 4) if head >> 4 else self._integer(16)
            if not 0 < number < 1 << 15:
                raise PageError("a header with a field that cannot be")
            if number in seen:
                raise PageError("a header that says something twice")
            seen.add(number)
            self._count(1)
            fields[number, head & 15] = self._value(head & 15, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if depth > _DEPTH:
            raise PageError("a header that is nested too deeply")
        if kind in (1, 2):
            return kind == 1
        if kind == 3:
            return self._byte()
        if kind in _BITS:
            return self._integer(_BITS[kind])
        if kind == 7:
            return self._skip(8)
        if kind == _STRING:
            length = self._varint(31)
            self._skip(length)
            return length
        if kind in (_LIST, 10):
            head = self._byte()
            count = head >> 4 if head >> 4 != 15 else self._varint(31)
            self._count(count)
            # A boolean in a list takes a byte of its own.
            each = 3 if head & 15 in (1, 2) else head & 15
            if each != _STRUCT:
                for _ in range(count):
                    self._value(each, depth + 1)
                return None
            return [self.struct(depth + 1) for _ in range(count)]
        if kind == _STRUCT:
            return self.struct(depth + 1)
        raise PageError("a header that cannot be read")

    def _count(self, more: int) -> None:
        self._parts += more
        if self._parts > _MOST_PARTS:
            raise PageError("a header that says more than any of MIRAGE's")

    def _byte(self) -> int:
        if self.at >= len(self._content):
            raise PageError("a header that is cut off")
        self.at += 1
        return self._content[self.at - 1]

    def _skip(self, count: int) -> None:
        if count > len(self._content) - self.at:
            raise PageError("a header that is cut off")
        self.at += count

    def _varint(self, bits: int) -> int:
        """A number of at most so many bits: of a longer one pyarrow drops what is over, and sees another file."""
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                if value >> bits:
                    raise PageError("a header with a number that is too large")
                return value
        raise PageError("a header that cannot be read")

    def _integer(self, bits: int) -> int:
        value = self._varint(bits)
        return (value >> 1) ^ -(value & 1)
