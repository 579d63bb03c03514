"""``mirage dashboard`` and ``mirage demo`` before the server takes over."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.cli.dashboard import check_port
from core.errors import BadInputError


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_free_port_is_fine() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    check_port("127.0.0.1", port)


def test_port_in_use_is_named(taken: int) -> None:
    with pytest.raises(BadInputError, match=f"port {taken} is in use; say --port N"):
        check_port("127.0.0.1", taken)


@pytest.mark.parametrize("host", ["203.0.113.7", "no such host"])
def test_foreign_address_is_named(host: str) -> None:
    with pytest.raises(BadInputError, match="is not an address of this machine"):
        check_port(host, 8501)


def test_wrong_limit_ends_with_2_and_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "core", "dashboard", "--port", "8599", "--no-browser"],
        env={"MIRAGE_HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin", "MIRAGE_UPLOAD_MB": "much"},
        cwd=Path(__file__).resolve().parents[3],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.strip() == "mirage: MIRAGE_UPLOAD_MB=much: a whole number from 1 to 2048 is needed"


@pytest.mark.parametrize("command", ["dashboard", "demo"])
def test_port_in_use_ends_with_2_and_one_line(command: str, taken: int, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "core", command, "--port", str(taken), "--no-browser"],
        env={"MIRAGE_HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"},
        cwd=Path(__file__).resolve().parents[3],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.strip() == f"mirage: port {taken} is in use; say --port N"
    assert done.stdout == ""
    assert not (tmp_path / "home").exists()
