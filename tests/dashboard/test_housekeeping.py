"""Sessions of browsers that went away leave the server's memory, the last ones too."""

from __future__ import annotations

import asyncio
import os
import platform
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.visitor import Visitor

# Sixteen threads that hold memory at once; then how many heaps glibc made for them.
HEAPS = """
import ctypes, re, threading
from dashboard import housekeeping

housekeeping.few_arenas()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.fopen.restype = ctypes.c_void_p
together = threading.Barrier(16)

def hold():
    together.wait()
    kept = [libc.malloc(5000) for _ in range(200)]
    together.wait()

threads = [threading.Thread(target=hold) for _ in range(16)]
for one in threads:
    one.start()
for one in threads:
    one.join()
file = ctypes.c_void_p(libc.fopen(b"heaps.xml", b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
print(len(re.findall("<heap nr", open("heaps.xml").read())))
"""
ROOT = Path(__file__).resolve().parents[2]
# The dashboard as it is, in a hurry: a closed session is kept for a second, and looked after twice in one.
SERVER = """
import gc, signal, sys
from pathlib import Path
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from dashboard import housekeeping, launch

MemorySessionStorage.__init__.__defaults__ = (128, 1)
housekeeping.EVERY = 0.5

def count(*_):
    found = sum(isinstance(one, AppSession) for one in gc.get_objects())
    Path(sys.argv[-1]).write_text(f"{found} sessions")

signal.signal(signal.SIGUSR1, count)
launch.main(["--no-browser", "--port", PORT])
"""


class Counted:
    """A dashboard that says how many sessions are in its memory."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        self._said = folder / "said"
        environment = {**os.environ, "MIRAGE_HOME": str(folder / "workspace"), "PYTHONPATH": str(ROOT)}
        script = SERVER.replace("PORT", repr(str(port))).replace("sys.argv[-1]", repr(str(self._said)))
        self.process = subprocess.Popen([sys.executable, "-c", script], env=environment, stdout=subprocess.DEVNULL)
        for _ in range(240):
            try:
                with urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=1):
                    return
            except OSError:
                time.sleep(0.25)
        raise AssertionError("the dashboard did not start")

    def sessions(self) -> int:
        """Counted among the objects that are alive."""
        self._said.unlink(missing_ok=True)
        self.process.send_signal(signal.SIGUSR1)
        for _ in range(100):
            if self._said.is_file() and self._said.read_text().endswith("sessions"):
                return int(self._said.read_text().split()[0])
            time.sleep(0.1)
        raise AssertionError("the server does not say how many sessions it has")


@pytest.fixture
def counted(tmp_path: Path) -> Iterator[Counted]:
    server = Counted(tmp_path)
    yield server
    server.process.send_signal(signal.SIGINT)
    server.process.wait(30)


def test_sessions_that_have_gone_are_let_go(counted: Counted) -> None:
    async def visit() -> int:
        visitors = [Visitor(counted.address) for _ in range(4)]
        for one in visitors:
            assert not (await one.open("", limit=60)).exceptions
        meanwhile = await asyncio.to_thread(counted.sessions)
        for one in visitors:
            await one.close()
        return meanwhile

    assert asyncio.run(visit()) == 4
    end = time.monotonic() + 30
    while counted.sessions() and time.monotonic() < end:
        time.sleep(0.5)
    assert counted.sessions() == 0


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="heaps of glibc")
def test_threads_share_few_heaps(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    heaps = [
        int(subprocess.check_output([sys.executable, "-c", script], cwd=tmp_path, env=environment))
        for script in (HEAPS, HEAPS.replace("housekeeping.few_arenas()", ""))
    ]
    assert heaps[0] <= 2 < heaps[1]
