"""What is written is there whole or not at all, whatever the disk says."""

from __future__ import annotations

import json
import math
import os
import resource
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import BadInputError, FailureError, MirageError
from core.files import (
    _umask,
    atomic_directory,
    atomic_path,
    clear_disk_errors,
    read_json,
    write_bytes,
    write_json,
    write_text,
)

OnSmallDisk = Callable[..., subprocess.CompletedProcess[str]]


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.name.endswith((".tmp", ".old")))


def test_replaces_and_leaves_nothing_beside(tmp_path: Path) -> None:
    target = tmp_path / "new" / "folder" / "a.txt"
    write_text(target, "first")
    write_text(target, "zweites, länger")
    assert target.read_text(encoding="utf-8") == "zweites, länger"
    assert [path.name for path in target.parent.iterdir()] == ["a.txt"]


def test_is_as_readable_as_the_umask_allows(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_bytes(tmp_path / "a", b"x")
        with atomic_directory(tmp_path / "d") as temporary:
            (temporary / "f").write_bytes(b"x")
        assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640
        assert stat.S_IMODE((tmp_path / "d").stat().st_mode) == 0o750
    finally:
        os.umask(before)


def test_threads_leave_the_umask_alone() -> None:
    before, interval = os.umask(0o022), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        found: set[int] = set()
        threads = [threading.Thread(target=lambda: found.update(_umask() for _ in range(1500))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == {0o022}
        assert os.umask(0o022) == 0o022
    finally:
        sys.setswitchinterval(interval)
        os.umask(before)


def test_a_fault_inside_keeps_the_old(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "old")

    def broken_file() -> None:
        with atomic_path(tmp_path / "a") as temporary:
            temporary.write_text("half")
            raise ZeroDivisionError

    def broken_folder() -> None:
        with atomic_directory(folder) as temporary:
            (temporary / "f").write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken_file()
    folder = tmp_path / "d"
    with atomic_directory(folder) as temporary:
        (temporary / "f").write_text("old")
    with pytest.raises(ZeroDivisionError):
        broken_folder()
    assert (tmp_path / "a").read_text() == (folder / "f").read_text() == "old"
    assert not leftovers(tmp_path)


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    for name in ("one", "two"):
        with atomic_directory(tmp_path / "d") as temporary:
            (temporary / name).write_text(name)
    assert [path.name for path in (tmp_path / "d").iterdir()] == ["two"]
    assert not leftovers(tmp_path)


def test_nothing_can_be_put_where_a_folder_is_or_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    for target in (tmp_path / "folder", tmp_path / "file" / "a", tmp_path / "file" / "b" / "c", tmp_path / ("n" * 300)):
        with pytest.raises(BadInputError, match="cannot be written") as caught:
            write_text(target, "x")
        assert "\n" not in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


WRITE = """
import sys
from pathlib import Path
from core.errors import MirageError
from core.files import _umask, atomic_directory, write_bytes
target = Path(sys.argv[1])
write_bytes(target, b"old")
for size in (10, 400_000):
    try:
        write_bytes(target, b"x" * size)
    except MirageError as error:
        print(type(error).__name__, error)
try:
    with atomic_directory(target.parent / "folder") as temporary:
        (temporary / "a").write_bytes(b"x" * 400_000)
except MirageError as error:
    print(type(error).__name__, error)
print(target.read_bytes(), sorted(path.name for path in target.parent.iterdir()))
"""


def test_full_disk(on_small_disk: OnSmallDisk, tmp_path: Path) -> None:
    done = on_small_disk(tmp_path, 100, [sys.executable, "-c", WRITE, tmp_path / "a"])
    assert done.returncode == 0, done.stderr
    first, second, last = done.stdout.splitlines()
    assert first == f"FailureError {tmp_path / 'a'}: the disk is full; free some space and run the command again"
    assert second.startswith(f"FailureError {tmp_path / 'folder'}: the disk is full")
    assert last == f"{b'x' * 10} ['a']"


def test_file_size_limit(tmp_path: Path) -> None:
    # Where no small disk can be made: a process that may write no file above 50 kB.
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    done = subprocess.run(
        [sys.executable, "-c", WRITE, tmp_path / "a"], capture_output=True, text=True, preexec_fn=limit, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("the disk is full") == 2
    assert done.stdout.endswith(f"{b'x' * 10} ['a']\n")


def test_folder_that_must_not_be_written(on_small_disk: OnSmallDisk, tmp_path: Path) -> None:
    script = (
        "import os, sys\nfrom pathlib import Path\nfrom core.errors import FailureError\nfrom core.files import *\n"
        "for target in sys.argv[1:]:\n"
        "    try:\n        write_text(Path(target), 'x')\n"
        "    except FailureError as error:\n        print(error)\n"
    )
    targets = [tmp_path / "a", tmp_path / "new" / "a"]
    done = on_small_disk(tmp_path, 100, [sys.executable, "-c", script, *targets], read_only=True)
    assert done.returncode == 0, done.stderr
    for target, line in zip(targets, done.stdout.splitlines(), strict=True):
        assert line == f"{target}: cannot be written (Read-only file system); set MIRAGE_HOME to a folder of your own"


def test_killed_while_writing(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom pathlib import Path\nfrom core.files import write_json, atomic_directory\n"
        "root = Path(sys.argv[1])\nn = 0\n"
        "while True:\n"
        "    n += 1\n"
        "    write_json(root / 'a.json', {'n': n, 'padding': [n] * 20_000})\n"
        "    with atomic_directory(root / f'd{n}') as temporary:\n"
        "        for name in 'xyz':\n            (temporary / name).write_text(str(n) * 1000)\n"
    )
    for delay in (0.05, 0.09, 0.13):
        process = subprocess.Popen([sys.executable, "-c", script, tmp_path])
        deadline = time.monotonic() + 60
        while not (tmp_path / "a.json").exists() and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        content = read_json(tmp_path / "a.json")
        assert content["padding"] == [content["n"]] * 20_000
        for folder in tmp_path.glob("d*"):
            assert {path.name: len(path.read_text()) for path in folder.iterdir()} == dict.fromkeys(
                "xyz", 1000 * len(folder.name[1:])
            )


def test_json_has_no_nan(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"a": [1.5, math.nan, (math.inf, -math.inf)], "ä": None})
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"a": [1.5, None, [None, None]], "ä": None}
    assert "ä" in text


@pytest.mark.parametrize("content", [b"", b"{", b'{"a": 1', b"\xff\xfe", b"[" * 100_000], ids=lambda c: repr(c[:9]))
def test_damaged_json(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(BadInputError, match=r"a\.json: not readable as JSON .*damaged") as caught:
        read_json(tmp_path / "a.json")
    assert "\n" not in str(caught.value)


def test_no_json(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="missing"):
        read_json(tmp_path / "a.json")
    with pytest.raises(MirageError, match="cannot be read"):
        read_json(tmp_path)


def test_a_folder_that_went_away_while_it_was_worked_in_is_named(tmp_path: Path) -> None:
    gone = tmp_path / "workspace" / "runs"
    told = f"^{gone / 'a'}: its folder is not there any more; put it back"
    with pytest.raises(FailureError, match=told), clear_disk_errors(gone / "a"):
        (gone / "state.json").write_bytes(b"x")


def test_a_missing_file_of_a_folder_that_is_there_is_no_fault_of_the_disk(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), clear_disk_errors(tmp_path):
        (tmp_path / "a").read_bytes()
