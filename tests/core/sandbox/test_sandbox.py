"""Uploads are read apart from the server: what takes too much, lies or crashes its decoder is one clear line."""

from __future__ import annotations

import io
import os
import signal
import struct
import threading
import time
from contextlib import suppress

import numpy as np
import psutil
import pytest
import soundfile

from core.errors import BadInputError
from core.limits import Limits, read_limits
from core.sandbox import read_sound, refuse_bad_table

RATE = 16_000
LIMITS = Limits()


def sound(seconds: float = 0.5, rate: int = 22_050, channels: int = 1, kind: str = "WAV", level: float = 0.3) -> bytes:
    buffer = io.BytesIO()
    time_axis = np.arange(int(seconds * rate)) / rate
    tone = level * np.sin(2 * np.pi * 220 * time_axis)
    soundfile.write(buffer, np.repeat(tone[:, None], channels, axis=1), rate, format=kind)
    return buffer.getvalue()


def wav_header(*, rate: int = 16_000, channels: int = 1, data: int, kind: int = 1, bits: int = 16) -> bytes:
    width = channels * bits // 8
    form = struct.pack("<HHIIHH", kind, channels, rate, min(rate * width, 0xFFFFFFFF), width % 65536, bits)
    return (
        b"RIFF" + struct.pack("<I", 0xFFFFFFFF) + b"WAVEfmt " + struct.pack("<I", len(form)) + form
        + b"data" + struct.pack("<I", data)
    )  # fmt: skip


def rf64(frames: int) -> bytes:
    form = struct.pack("<HHIIHH", 1, 1, 16_000, 32_000, 2, 16)
    sizes = struct.pack("<QQQI", 2 * frames + 100, 2 * frames, frames, 0)
    head = b"RF64" + b"\xff" * 4 + b"WAVEds64" + struct.pack("<I", len(sizes)) + sizes
    return head + b"fmt " + struct.pack("<I", 16) + form + b"data" + b"\xff" * 4 + bytes(4000)


def test_a_clip_is_what_it_is_in_the_same_process(tmp_path):
    from core.corpora import read_audio

    content = sound(3.0)
    (tmp_path / "a.wav").write_bytes(content)
    begin = time.perf_counter()
    samples = read_sound(content, "the recording", rate=RATE)
    # A sixth of a second where the machine is idle.
    assert time.perf_counter() - begin < 5
    np.testing.assert_array_equal(samples, read_audio(tmp_path / "a.wav", rate=RATE))


@pytest.mark.parametrize("kind", ["FLAC", "OGG", "MP3", "AIFF"])
def test_other_forms(kind):
    assert abs(len(read_sound(sound(1.0, 24_000, kind=kind), "x", rate=RATE)) - RATE) < RATE / 5


@pytest.mark.parametrize("kind", ["FLAC", "OGG"])
def test_much_silence_in_a_few_kilobytes_is_cut(kind):
    """Twenty minutes of silence: the beginning is taken, the rest is never decoded."""
    buffer = io.BytesIO()
    with soundfile.SoundFile(buffer, "w", 8_000, 1, format=kind) as file:
        for _ in range(20):
            file.write(np.zeros(8_000 * 60, dtype=np.float32))
    content = buffer.getvalue()
    assert len(content) < 200_000
    begin = time.perf_counter()
    assert len(read_sound(content, "x", rate=RATE)) == LIMITS.clip_seconds * RATE
    assert time.perf_counter() - begin < 8


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no sound at all",
        sound()[:100],
        wav_header(data=0xFFFFFFF0) + bytes(4000),
        rf64(10**12),
        wav_header(rate=10**9, data=4000) + bytes(4000),
        wav_header(rate=1, data=4000) + bytes(4000),
        wav_header(channels=0, data=4000) + bytes(4000),
        wav_header(channels=65535, data=4000) + bytes(4000),
        sound(0.01),
        b"fLaC" + os.urandom(4000),
        b"OggS" + os.urandom(4000),
        b"ID3" + os.urandom(4000),
        b"#EXTM3U\nhttp://127.0.0.1/\n",
    ],
    ids=[
        "empty", "words", "cut", "promises 4 GB", "promises 10^12 frames", "10^9 Hz", "1 Hz", "no channel",
        "65535 channels", "too short", "flac noise", "ogg noise", "mp3 noise", "playlist",
    ],
)  # fmt: skip
def test_what_lies_is_one_clear_line(content):
    with pytest.raises(BadInputError) as caught:
        read_sound(content, "the recording", rate=RATE)
    line = str(caught.value)
    assert line.startswith("the recording: ")
    assert "\n" not in line
    assert "upload" not in line
    assert "/" not in line.replace("WAV or FLAC", "")


def test_many_channels_are_averaged_in_little_memory():
    samples = read_sound(sound(5.0, 16_000, channels=255), "x", rate=RATE, limits=Limits(upload_mb=64, decode_mb=200))
    assert len(samples) == 5 * RATE


def test_too_large_is_said_before_anything_is_started():
    with pytest.raises(BadInputError, match=r"has 1\.9 MB, at most 1 MB are taken"):
        read_sound(bytes(2_000_000), "big.wav", rate=RATE, limits=Limits(upload_mb=1))


def test_too_much_memory_is_said():
    content = sound(60.0, 192_000)
    with pytest.raises(BadInputError, match="x: takes more memory than 20 MB to decode; convert it"):
        read_sound(content, "x", rate=RATE, limits=Limits(decode_mb=20))


def test_too_much_time_is_said(monkeypatch):
    """A second of processor time for what needs several, and a clock that runs out while the child still starts."""
    monkeypatch.setattr("core.sandbox.parent._START", -0.999)
    with pytest.raises(BadInputError, match="x: takes more than 1 s to decode"):
        read_sound(sound(), "x", rate=RATE, limits=Limits(decode_seconds=1))


def children() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            if "core.sandbox.child" in child.cmdline():
                found.append(child)
    return found


@pytest.mark.parametrize("end", [signal.SIGSEGV, signal.SIGABRT, signal.SIGXCPU])
def test_a_decoder_that_crashes_takes_only_its_own_process(end):
    """The child is really sent the signal that a crash in a library, or the system's limit on time, would send."""
    faults: list[str] = []

    def read() -> None:
        try:
            read_sound(sound(60.0, 192_000), "x", rate=RATE)
        except BadInputError as error:
            faults.append(str(error))

    thread = threading.Thread(target=read)
    thread.start()
    deadline = time.monotonic() + 20
    while not (found := children()) and time.monotonic() < deadline:
        time.sleep(0.005)
    found[0].send_signal(end)
    thread.join(20)
    word = "takes more than 10 s" if end == signal.SIGXCPU else "makes its decoder fail"
    assert len(faults) == 1
    assert word in faults[0]
    assert len(read_sound(sound(), "x", rate=RATE)) == RATE // 2
    assert children() == []


def test_at_most_so_many_at_once():
    seen: list[int] = []
    done = threading.Event()
    limits = Limits(decode_at_once=1)
    readers = [
        threading.Thread(target=read_sound, args=(sound(), "x"), kwargs={"rate": RATE, "limits": limits})
        for _ in range(4)
    ]

    def watch() -> None:
        while not done.is_set():
            seen.append(len(children()))
            time.sleep(0.01)

    watcher = threading.Thread(target=watch)
    watcher.start()
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(30)
    done.set()
    watcher.join()
    assert max(seen) == 1


def test_limits_are_set_in_the_child(tmp_path):
    """Asked of a process that limits itself as the child does."""
    import subprocess
    import sys

    script = (
        "import resource; from core.sandbox.child import limit; limit(7, 100 << 20)\n"
        "print([resource.getrlimit(getattr(resource, k))[0]"
        " for k in ('RLIMIT_FSIZE', 'RLIMIT_NOFILE', 'RLIMIT_CORE')])\n"
        "print(7 <= resource.getrlimit(resource.RLIMIT_CPU)[0] <= 20)\n"
        "try:\n    open('x', 'w').write('y' * 100000)\nexcept OSError as error:\n    print(error.errno)\n"
        "try:\n    bytes(200 << 20)\nexcept MemoryError:\n    print('memory')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.stdout.splitlines() == ["[0, 32, 0]", "True", "27", "memory"], done.stderr


def test_the_child_imports_neither_torch_nor_pandas():
    import subprocess
    import sys

    script = (
        "import sys, json, io; sys.stdin = io.TextIOWrapper(io.BytesIO(json.dumps(dict(task='sound', file='/x',"
        " seconds=5, memory=1<<28, arguments=dict(rate=16000, seconds=1))).encode()))\n"
        "from core.sandbox import child; child.main()\n"
        "print([m for m in ('torch', 'pandas', 'pyarrow', 'scipy') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.stderr.strip() == "[]"
    assert "missing" in done.stdout


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"a,b\n", "no rows"),
        (b"a,b\n1,\x002\n", "row 2: holds a null character"),
        (b"a,b\n1,2\n\xff\xfe,3\n", "row 3: is not UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
        (b"\x1f\x8b\x08\x00" + bytes(100), "null character"),
        (b"a,b\n1,'" + b"x" * 3_000_000 + b"\n", "field larger than field limit"),
        (b",".join(b"c%d" % n for n in range(1_000_000)) + b"\n1\n", "1,000,000 columns"),
        (b'a,b\n"1,2\n', "check the quotes"),
    ],
    ids=["empty", "header", "null", "mixed", "utf-16", "gzip", "one field", "columns", "quote"],
)
def test_tables_that_cannot_be(content, word):
    with pytest.raises(BadInputError) as caught:
        refuse_bad_table(content, "mine.csv")
    assert str(caught.value).startswith("mine.csv: ")
    assert word in str(caught.value)
    assert "upload" not in str(caught.value)


def test_a_table_of_endless_cells_takes_too_much():
    content = b"a,b\n" + (b"," * 1999 + b"\n") * 5000
    with pytest.raises(BadInputError, match="takes more memory than 40 MB"):
        refuse_bad_table(content, "mine.csv", limits=Limits(decode_mb=40))


def test_a_good_table_is_taken():
    refuse_bad_table("audio,emotion\na.wav,sad\nä.wav,happy\n".encode(), "mine.csv")
    with pytest.raises(BadInputError, match="at most 1 MB"):
        refuse_bad_table(bytes(1_100_000), "mine.csv", limits=Limits(table_mb=1))


def test_limits_come_from_the_environment(monkeypatch):
    assert read_limits() == Limits()
    monkeypatch.setenv("MIRAGE_UPLOAD_MB", "5")
    monkeypatch.setenv("MIRAGE_DECODE_SECONDS", "3")
    assert read_limits() == Limits(upload_mb=5, decode_seconds=3)
    for wrong in ("0", "-1", "5.5", "many", "9999999999", "٣"):
        monkeypatch.setenv("MIRAGE_UPLOAD_MB", wrong)
        with pytest.raises(BadInputError, match=r"MIRAGE_UPLOAD_MB=.*from 1 to 2048"):
            read_limits()
