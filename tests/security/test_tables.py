"""Parquet files that claim much in few bytes, or hold what no run holds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import BadInputError
from core.parquet import ParquetTable
from core.parquet_pages import PageError, read_pages
from core.runs import load_run
from core.workspace import Workspace

from .conftest import Refused

UTTERANCES, COORDINATES = "features/utterances.parquet", "projection/coordinates.parquet"


def changed(file: Path, name: str, column: Any, **options: Any) -> None:
    table = pq.read_table(file)
    table = table.set_column(table.schema.names.index(name), name, column)
    pq.write_table(table, file, **options)
    assert file.stat().st_size < 1_000_000


def test_ten_million_rows_in_few_bytes(place: Workspace, run: Path, refused: Refused) -> None:
    rows = 10_000_000
    for name in (UTTERANCES, COORDINATES):
        kept = (run / name).read_bytes()
        schema = pq.read_schema(run / name)
        columns = {
            field.name: pa.array(np.zeros(rows, bool)) if pa.types.is_boolean(field.type) else pa.nulls(rows)
            for field in schema
        }
        pq.write_table(pa.table(columns), run / name, compression="zstd")
        assert (run / name).stat().st_size < 1_000_000
        refused(lambda: load_run(run, place).map(), "10000000" if name == UTTERANCES else "claims 10,000,000 rows")
        (run / name).write_bytes(kept)


def test_one_word_of_a_megabyte_for_every_row(place: Workspace, run: Path, refused: Refused) -> None:
    words = pa.DictionaryArray.from_arrays(pa.array([0] * 576, pa.int32()), pa.array(["x" * 1_000_000]))
    changed(run / UTTERANCES, "text", words, compression="zstd", store_schema=False)
    refused(lambda: load_run(run, place), "utterances.parquet", "its words take 576,", "bytes")


def test_a_page_that_unpacks_to_much(place: Workspace, run: Path, refused: Refused) -> None:
    text = pa.array(["x" * 150_000_000] + [""] * 575)
    changed(run / UTTERANCES, "text", text, compression="zstd", use_dictionary=False)
    del text
    refused(lambda: load_run(run, place), "utterances.parquet", "bytes when unpacked")


def test_encodings_that_say_much_in_few_bytes(place: Workspace, run: Path, refused: Refused) -> None:
    text = pa.array(["x" * 20_000 + str(row) for row in range(576)])
    changed(
        run / UTTERANCES,
        "text",
        text,
        use_dictionary=False,
        column_encoding={"text": "DELTA_BYTE_ARRAY"},
        compression="zstd",
    )
    refused(lambda: load_run(run, place), "an encoding that MIRAGE does not write")


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("text", pa.array([["a"]] * 576)),
        ("text", pa.array([{"a": 1}] * 576)),
        ("text", pa.array([b"a"] * 576)),
        ("text", pa.array(["a"] * 576).dictionary_encode()),
        ("emotion", pa.array([1] * 576)),
        ("utterance_id", pa.nulls(576, pa.string())),
        ("utterance_id", pa.array(["same"] * 576)),
        ("utterance_id", pa.array(["", *map(str, range(575))])),
        ("label", pa.array(["bored"] * 576)),
        ("predicted", pa.nulls(576, pa.string())),
        ("predicted", pa.array(["<b>angry</b>"] * 576)),
        ("part", pa.array(["../test"] * 576)),
        ("p_true", pa.array(["0.5"] * 576)),
        ("p_true", pa.array([7.0] * 576)),
        ("has_text", pa.array([1] * 576)),
        ("has_text", pa.nulls(576, pa.bool_())),
        ("start", pa.array(["0"] * 576)),
        ("gender", pa.array([0.5] * 576)),
        ("session", pa.array([0] * 576, pa.timestamp("ns"))),
    ],
    ids=lambda part: part if isinstance(part, str) else str(part.type)[:20],
)
def test_columns(place: Workspace, run: Path, refused: Refused, name: str, column: pa.Array) -> None:
    changed(run / UTTERANCES, name, column)
    refused(lambda: load_run(run, place), "utterances.parquet")


def test_no_utterance_with_text(place: Workspace, run: Path, refused: Refused) -> None:
    """Found by fuzzing: the generator wants texts, and the table says that there are none."""
    changed(run / UTTERANCES, "has_text", pa.array([False] * 576))
    refused(lambda: load_run(run, place).generate("angry"), "no utterance has text to generate for")


@pytest.mark.parametrize("change", ["rows", "twice", "modality", "nan", "types", "more"])
def test_maps(place: Workspace, run: Path, refused: Refused, change: str) -> None:
    table = pq.read_table(run / COORDINATES)
    n = len(table)
    table = {
        "rows": lambda: table.set_column(0, "row", pa.array([-1] * n, pa.int32())),
        "twice": lambda: pa.concat_tables([table.slice(0, n - 1), table.slice(0, 1)]),
        "modality": lambda: table.set_column(1, "modality", pa.array(["\u202eaudio"] * n)),
        "nan": lambda: table.set_column(2, "x", pa.array([float("nan")] * n, pa.float32())),
        "types": lambda: table.set_column(2, "x", pa.array(["0"] * n)),
        "more": lambda: table.append_column("z", table.column("x")),
    }[change]()
    pq.write_table(table, run / COORDINATES)
    refused(load_run(run, place).map, "coordinates.parquet")


def test_what_a_table_says_of_itself(place: Workspace, run: Path) -> None:
    table = pq.read_table(run / UTTERANCES)
    for metadata in (
        {"pandas": "{"},
        {"pandas": '{"index_columns": [{"kind": "range"}]}'},
        {"corpus": "demo", "x": "y"},
    ):
        pq.write_table(table.replace_schema_metadata(metadata), run / UTTERANCES)
        assert len(load_run(run, place).utterances) == 576


def test_footers(place: Workspace, run: Path, refused: Refused) -> None:
    good = (run / UTTERANCES).read_bytes()
    length = int.from_bytes(good[-8:-4], "little")
    for content in (
        good[:-8] + (2**31 - 1).to_bytes(4, "little") + b"PAR1",
        good[:-8] + (length + 7).to_bytes(4, "little") + b"PAR1",
        good[:-4] + b"PARE",
        b"PAR1PAR1",
        b"PAR1" + bytes(4) + b"PAR1",
        good[:4] + bytes(len(good) - length - 12) + good[-length - 8 :],
    ):
        (run / UTTERANCES).write_bytes(content)
        refused(lambda: load_run(run, place), "utterances.parquet")
    wide = pa.table({f"c{index}": [1] for index in range(5000)})
    pq.write_table(wide, run / UTTERANCES)
    refused(lambda: ParquetTable(run / UTTERANCES, most_bytes=10**6, most_rows=10), "more columns")
    pq.write_table(pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]), run / UTTERANCES)
    refused(lambda: ParquetTable(run / UTTERANCES, most_bytes=10**6, most_rows=10), "two columns have one name")
    pq.write_table(pa.table({"a": [1]}), run / UTTERANCES, row_group_size=1)
    pq.write_table(pa.table({"a": range(20_000)}), run / UTTERANCES, row_group_size=1)
    refused(lambda: ParquetTable(run / UTTERANCES, most_bytes=10**9, most_rows=10**9), "columns or parts")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x15",
        b"\x15\x00" + b"\xff" * 12,
        b"\x1c" * 60_000,
        b"\x19\xf9" + b"\xff\xff\xff\xff\x07" * 100,
        b"\x19\x19" * 30_000,
        b"\x18\xff\xff\xff\xff\x0f",
        b"\x15\x00\x15\x01\x15\x00\x00",
    ],
    ids=lambda content: content[:6].hex(),
)
def test_page_headers(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "p").write_bytes(content + bytes(10))
    with (tmp_path / "p").open("rb") as file, pytest.raises(PageError):
        read_pages(file, 0, len(content) + 10)


def varint(value: int) -> bytes:
    """Thrift's form of a number that is not negative."""
    return thrift_length(2 * value)


def thrift_length(value: int) -> bytes:
    """Thrift's form of a length: seven bits a byte."""
    content = b""
    while value > 127:
        content, value = content + bytes([value & 127 | 128]), value >> 7
    return content + bytes([value])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        # Size when unpacked, as a field whose number is 2 in the 16 bits that pyarrow keeps of it.
        (b"\x05" + varint(65536 + 2) + varint(300 << 20), "a number that is too large"),
        # The longest number, and one more: both readers count on, and pyarrow comes round to -32768.
        (b"\x05" + varint(32767) + b"\x00\x15\x00", "a field that cannot be"),
        (b"\x05\x03\x00", "a field that cannot be"),
        # A value of which pyarrow keeps 32 bits.
        (b"\x05" + varint(99) + varint(1 << 32), "a number that is too large"),
        (b"\x06" + varint(99) + b"\x80" * 9 + b"\x02", "a number that is too large"),
    ],
    ids=["number", "delta", "negative", "value", "long"],
)
@pytest.mark.parametrize("part", ["page", "footer"])
def test_numbers_that_pyarrow_reads_as_others(tmp_path: Path, part: str, more: bytes, message: str) -> None:
    """Found in review: 300 MiB were unpacked where 1 MiB was allowed."""
    file = tmp_path / "t.parquet"
    pq.write_table(
        pa.table({"x": np.zeros(40)}), file, compression="gzip", use_dictionary=False, write_statistics=False
    )
    content, column = file.read_bytes(), pq.ParquetFile(file).metadata.row_group(0).column(0)
    size, footer = column.total_compressed_size, content[4 + column.total_compressed_size : -8]
    pages = content[4 : 4 + size]
    if part == "footer":
        assert footer[-1] == 0
        footer = footer[:-1] + more + b"\x00"
    else:
        # The header of the only page ends where the gzip stream begins.
        header, gzip = pages.split(b"\x1f\x8b", 1)
        assert header[-1] == 0
        pages = header[:-1] + more + b"\x00\x1f\x8b" + gzip
        said = b"\x16" + varint(size)
        assert footer.count(said) in (1, 2)
        footer = footer.replace(said, b"\x16" + varint(size + len(more)))
    file.write_bytes(b"PAR1" + pages + footer + len(footer).to_bytes(4, "little") + b"PAR1")
    with pytest.raises(BadInputError, match=message):
        ParquetTable(file, most_bytes=1 << 20, most_rows=100)


@pytest.mark.parametrize(
    ("kind", "count", "item", "lists"),
    [(12, 950_000, b"\x00", 16), (12, 300_000, b"\x11\x00", 1), (3, 950_000, b"\x00", 16)],
    ids=["structs", "fields", "numbers"],
)
def test_a_footer_of_very_many_parts(
    tmp_path: Path, refused: Refused, kind: int, count: int, item: bytes, lists: int
) -> None:
    """Found in review: 15 MB of empty structs took 1.2 GB."""
    file = tmp_path / "t.parquet"
    pq.write_table(pa.table({"x": [1.0]}), file)
    content = file.read_bytes()
    length = int.from_bytes(content[-8:-4], "little")
    one = bytes([0xF0 | kind]) + thrift_length(count) + item * count
    more = b"".join(b"\x09" + varint(100 + number) + one for number in range(lists))
    footer = content[-8 - length : -9] + more + b"\x00"
    assert len(footer) < 16 << 20
    file.write_bytes(content[: -8 - length] + footer + len(footer).to_bytes(4, "little") + b"PAR1")
    refused(
        lambda: ParquetTable(file, most_bytes=1 << 20, most_rows=100),
        "t.parquet",
        "says more than any of MIRAGE's",
    )


_FLIP = """
import sys
from pathlib import Path
from core.errors import BadInputError
from core.errors import BadInputError
from core.parquet import ParquetTable
good, spoilt = Path(sys.argv[1]).read_bytes(), Path(sys.argv[2])
refused = 0
for place in range(len(good) - 8 - int.from_bytes(good[-8:-4], "little"), len(good) - 8):
    content = bytearray(good)
    content[place] ^= 1 << place % 8
    spoilt.write_bytes(content)
    try:
        ParquetTable(spoilt, most_bytes=1 << 24, most_rows=1000).read()
    except BadInputError:
        refused += 1
print(refused)
"""


def test_no_footer_ends_the_process(run: Path, tmp_path: Path) -> None:
    """Found by fuzzing: over statistics that contradict the schema pyarrow called C++'s ``terminate``."""
    table = pq.read_table(run / COORDINATES)
    pq.write_table(table.slice(0, 20), tmp_path / "good.parquet")
    command = [sys.executable, "-c", _FLIP, tmp_path / "good.parquet", tmp_path / "spoilt.parquet"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-500:]
    assert int(done.stdout) > 100
